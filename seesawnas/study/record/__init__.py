"""The study's record: an Optuna study that holds all state."""
