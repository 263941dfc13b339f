"""Cards beside exported files, without an export."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from seesawnas.evaluation.models.card import card_path


def write_card(
    *files: Path, shape: Any = (1, 3, 32, 32), inputs: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """The card of ``files``, the model's first, written beside it.

    Args:
        files: Of the model.
        shape: Of its input.
        inputs: Further keys of its input, in place of those that take pixels.
        more: Further keys of the card.
    """
    card = {
        "seesawnas": "0.1.0",
        "files": [
            {"name": one.name, "sha256": hashlib.sha256(one.read_bytes()).hexdigest()}
            for one in files
        ],
        "input": {
            "shape": shape,
            "normalise": "outside",
            "mean": [0.0] * 3,
            "std": [1.0] * 3,
            **(inputs or {}),
        },
        **more,
    }
    card_path(files[0]).write_text(json.dumps(card))
    return card
