"""Pages of what is known of one person."""
