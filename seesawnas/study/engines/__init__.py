"""What runs trials."""
