"""Files, YAML and terminals: what touches the world outside."""
