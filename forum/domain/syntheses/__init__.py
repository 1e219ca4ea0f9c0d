"""Syntheses: the document, from freezing to publication."""
