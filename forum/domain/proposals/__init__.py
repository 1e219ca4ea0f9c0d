"""Proposals: what is asked for, and what becomes of it."""
