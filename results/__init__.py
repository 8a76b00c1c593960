"""The tables and pages made of sealed results."""
