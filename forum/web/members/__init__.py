"""Pages of joining, of one’s account, and of people."""
