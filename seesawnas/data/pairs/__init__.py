"""Pairs to verify, and the files they come in."""
