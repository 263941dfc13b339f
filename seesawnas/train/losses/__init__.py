"""Margins and the head that carries them."""
