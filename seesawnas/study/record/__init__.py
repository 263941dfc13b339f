"""The study's record: an Optuna study that is the only truth."""
