"""The verbs: every query, every transaction, every check."""
