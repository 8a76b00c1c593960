"""Decisions as pure functions: no clock, no dice, no I/O."""
