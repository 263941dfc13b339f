"""The faces that ship: how they were made."""
