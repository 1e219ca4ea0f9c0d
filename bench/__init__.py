"""How fast is the application, compared with the fastest possible? `python -m bench`: ratios that anyone can rerun, not
tests."""
