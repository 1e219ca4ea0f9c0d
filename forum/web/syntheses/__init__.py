"""Pages of synthesis documents."""
