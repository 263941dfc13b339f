"""What finished studies say: importance of decisions, and fidelity of proxies."""
