"""What keeps a site alive, done at the command line: its backup, its return, its move, its readiness."""
