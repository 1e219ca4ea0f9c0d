"""Pages of proposals, and of what became of them."""
