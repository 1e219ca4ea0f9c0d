"""Upkeep: what must be done as time passes."""
