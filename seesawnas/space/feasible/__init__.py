"""The feasible set: exact counting and uniform draws."""
