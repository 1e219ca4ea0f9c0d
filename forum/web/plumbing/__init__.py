"""What every page needs and no noun owns: nouns are handed in to it."""
