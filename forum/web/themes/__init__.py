"""Pages of themes and of their windows."""
