"""The harvest: what is kept of what was said."""
