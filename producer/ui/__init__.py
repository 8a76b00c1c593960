"""The status pages: what goes on, to be looked at in a browser."""
