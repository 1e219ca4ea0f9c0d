"""Themes: what is asked, until when, under which rules."""
