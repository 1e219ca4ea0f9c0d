"""Pages of voting and of results."""
