"""``seesawnas latency``: the commands that measure latency and fit models of it."""
