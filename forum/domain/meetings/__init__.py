"""Meetings: what groups said at their meetings."""
