"""What people do without imagemill: the same order in other programs, for comparison."""
