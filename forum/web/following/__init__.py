"""The doors of what members follow."""
