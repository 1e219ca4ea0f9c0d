"""What members follow, and what they are written to about."""
