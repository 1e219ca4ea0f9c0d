"""Pages of meetings, their minutes and their tags."""
