"""Upkeep: what time asks for."""
