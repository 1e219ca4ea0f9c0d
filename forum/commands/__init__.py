"""The command line by subject; `forum/__main__.py` gathers it."""
