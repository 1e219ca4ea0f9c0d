"""The pure mathematics of tallies and orders; it knows no database and no words."""
