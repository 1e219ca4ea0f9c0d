"""What a supervisor asks."""
