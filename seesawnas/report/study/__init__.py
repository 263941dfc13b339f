"""A study: rows, ranking, summary, notes."""
