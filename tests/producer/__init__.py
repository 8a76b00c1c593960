"""Tests of reading and checking manifests, and of the command line."""
