"""The Optuna dashboard, and what we add."""
