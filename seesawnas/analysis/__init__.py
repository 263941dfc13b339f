"""Analysis of finished studies: importance of decisions, and fidelity of proxies."""
