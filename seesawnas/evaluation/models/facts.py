"""What a model costs, as far as its folder, or the card beside its file, says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seesawnas.cost import cost
from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.card import read_card
from seesawnas.evaluation.models.digest import model_files
from seesawnas.io.files import expanded
from seesawnas.space import load_point


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Size and cost of a model.

    Attributes:
        params: Of its network; None for a file of other programs, which does not say it.
        madds: Likewise, of one image.
        size: Of its files, in bytes: weights with their graph, without cards and other documents.
    """

    params: int | None
    madds: int | None
    size: int


def model_facts(path: str | Path) -> ModelFacts:
    """What is known of the model that :func:`~seesawnas.evaluation.open_model` opened at ``path``.

    Raises:
        InvalidInput: If a file cannot be read.
    """
    found = expanded(path)
    try:
        size = sum(file.stat().st_size for file in model_files(found))
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror or error}") from None
    if found.is_dir():
        costs = cost(load_point(found).spec)
        return ModelFacts(costs.params, costs.madds, size)
    network = (read_card(found) or {}).get("network")
    known = network if isinstance(network, dict) else {}
    return ModelFacts(_count(known.get("params")), _count(known.get("madds")), size)


def _count(value: object) -> int | None:
    """``value`` if it is a count: a card may have been edited by hand."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
