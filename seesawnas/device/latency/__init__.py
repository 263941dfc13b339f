"""How long networks take where they run, measured and not believed."""
