"""Providers of identities to sign in with: a real one, run by node, and one that lies."""
