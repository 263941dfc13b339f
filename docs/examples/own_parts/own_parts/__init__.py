"""Your own sampler, margin and data source, found by their names once this package is installed."""
