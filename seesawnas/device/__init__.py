"""Networks on the device that they are for: measured there, and predicted."""
