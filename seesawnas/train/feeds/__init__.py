"""Batches of images, and what a teacher says of them."""
