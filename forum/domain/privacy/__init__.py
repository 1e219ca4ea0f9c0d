"""Privacy: what is known of one person, and its erasure."""
