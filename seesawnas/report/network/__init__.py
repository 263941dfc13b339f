"""A network: summary, comparison, diagram, published figures."""
