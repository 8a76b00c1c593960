"""The commands of the command line: each parses, calls, prints, and chooses an exit code."""
