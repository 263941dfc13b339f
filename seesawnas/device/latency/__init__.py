"""Latency: how it is measured, and a model of it."""
