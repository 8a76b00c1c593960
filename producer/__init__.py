"""Reads manifests, makes batches, and is the command line."""
