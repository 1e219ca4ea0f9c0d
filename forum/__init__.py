"""Cahier: a consultation forum, from professionals' words to the synthesis document a ministry publishes."""

__version__ = "0.4.0"
