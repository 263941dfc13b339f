"""Plans: what a command is asked to do, each option declared once, and documents read into them."""
