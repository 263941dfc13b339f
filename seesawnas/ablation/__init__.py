"""Ablation: designed experiments over a network's choices, and what they say with how much certainty."""
