"""What every page needs and belongs to no noun."""
