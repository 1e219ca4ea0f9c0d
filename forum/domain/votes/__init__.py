"""Votes: what each thinks, what came out."""
