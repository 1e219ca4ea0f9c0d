"""Markdown in; safe HTML, plain words, mentions, quotes and meeting tags out. No database, no web.

`reading.py` is the one pipeline; every other file is one small step of it, testable with one line.
"""
