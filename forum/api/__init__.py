"""The JSON door: the same domain calls as the HTML door, answered in JSON; refusals are those of `forum/web/refusals.py`."""
