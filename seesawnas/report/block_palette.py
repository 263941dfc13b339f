"""What drawings of blocks have in common: colours and the height of a bar."""

from __future__ import annotations

# Okabe and Ito's colours: told apart by every kind of colour vision.
COLORS = ("#E69F00", "#0072B2", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442")
LIGHT = ("#E69F00", "#CC79A7", "#56B4E9", "#F0E442")  # those that dark text reads on
PALETTE = {"full": "#7a8794", "conv": "#d0d7de", "se": "#8250df", "skip": "#24292f"}
BAR = 15.0
