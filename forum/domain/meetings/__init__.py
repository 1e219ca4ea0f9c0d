"""Meetings: what groups said when they met."""
