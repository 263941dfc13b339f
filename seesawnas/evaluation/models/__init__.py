"""Trained networks to evaluate, whatever runs them."""
