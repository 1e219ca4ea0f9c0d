"""The harvest: the extracts that are kept of what was said."""
