"""Members: who exists, who joins, who may what."""
