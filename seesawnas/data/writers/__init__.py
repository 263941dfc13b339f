"""Commands on faces that write others."""
