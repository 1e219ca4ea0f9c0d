"""Votes: what each person thinks, and the result."""
