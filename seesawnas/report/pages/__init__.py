"""Pages of HTML and text."""
