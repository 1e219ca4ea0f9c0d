"""Receptions: what is brought from elsewhere."""
