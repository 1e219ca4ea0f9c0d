"""How fast, beside what could be fastest? `python -m bench`: ratios that anyone can rerun, not tests."""
