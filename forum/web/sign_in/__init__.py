"""Pages of signing in, and of credentials."""
