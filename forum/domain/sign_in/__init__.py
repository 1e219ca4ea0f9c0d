"""Signing in: who is this browser."""
