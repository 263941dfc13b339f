"""Tables and progress of commands."""
