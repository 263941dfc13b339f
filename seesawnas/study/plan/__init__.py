"""Plans: their options, each declared once, and the files that hold them."""
