"""Pages for a supervisor."""
