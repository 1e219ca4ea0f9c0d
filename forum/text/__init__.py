"""Markdown in; safe HTML, plain words, mentions, quotes and meeting tags out. No database, no web.

`reading.py` is the one pipeline; most other files are one small step of it, testable with one line. Beside it are the
files that compare texts (`similarity.py`, `anchors.py`, `differences.py`) and those that read or write files
(`minutes_files.py`, `calendars.py`).
"""
