"""The discussion: what is said."""
