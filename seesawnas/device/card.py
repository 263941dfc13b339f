"""The card beside an exported model: what it is, how good, how large, and how to feed it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seesawnas.device.latency.protocol import MOST_DISAGREEMENT
from seesawnas.device.snippets import BATCH, SNIPPETS

PAGE = ".md"
VERSION = 1


def file_entry(path: Path) -> dict[str, Any]:
    """Name, size and SHA-256 of a file, as a card lists it."""
    content = path.read_bytes()
    return {
        "name": path.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def card_text(card: Mapping[str, Any]) -> str:
    """The card as JSON."""
    return json.dumps(card, indent=2) + "\n"


def card_page(card: Mapping[str, Any]) -> str:
    """The card for people, in Markdown, with a few lines of code that run the model."""
    network, inputs, output = card["network"], card["input"], card["output"]
    name = card["files"][0]["name"]
    parity = card["parity"]
    lines = [
        f"# {name}",
        "",
        f"{network['name']}, exported for {card['runtime']} by seesawnas {card['seesawnas']}.",
        "",
        "| | |",
        "|---|---|",
        f"| network digest | `{network['digest']}` |",
        f"| MAdds, params | {network['madds']:,}, {network['params']:,} |",
        f"| weights | {card['precision']}, {'trained' if network['trained'] else 'RANDOM'} |",
        *_initial(card["training"] or {}),
        *_teachers((card["training"] or {}).get("distillation")),
        *(f"| {one['name']} | {one['bytes']:,} bytes |" for one in card["files"]),
        f"| input | {_shape(inputs['shape'])}, RGB, {_pixels(inputs)} |",
        f"| output | {_shape(output['shape'])}"
        f"{', of unit length' if output['unit_length'] else ''} |",
        f"| cosine to the network in torch | mean {parity['cosine_mean']:.6f}, "
        f"minimum {parity['cosine_min']:.6f}, over {parity['images']} images of "
        f"{parity['faces']} |",
        *_latency(card.get("latency")),
        "",
        *_scores(card["scores"]),
        "## How to feed it",
        "",
        "Faces are aligned and cropped as in training. Compare two embeddings by their cosine: "
        "accept if it is above the threshold.",
        "",
        "```python",
        snippet(card),
        "```",
        "",
    ]
    return "\n".join(lines)


def snippet(card: Mapping[str, Any]) -> str:
    """A few lines of Python that embed ``face.png`` in the card's runtime."""
    inputs = card["input"]
    count, _, height, width = inputs["shape"]
    name = card["files"][0]["name"]
    prepare = "pixels"
    if inputs["normalise"] == "outside":
        prepare = f"(pixels - {_number(inputs['mean'])}) / {_number(inputs['std'])}"
    return SNIPPETS[card["format"]].format(
        file=_quoted(name),
        weights=_quoted(f"{name.removesuffix('.param')}.bin"),
        width=width,
        height=height,
        batch="" if count in (1, "N") else BATCH.format(count=count),
        prepare=prepare,
    )


def _quoted(name: str) -> str:
    """A file's name, which may have quotes, as a Python string."""
    return json.dumps(name, ensure_ascii=False)


def _shape(shape: Sequence[Any]) -> str:
    return " x ".join(map(str, shape))


def _number(values: Sequence[float]) -> str:
    if len(set(values)) == 1:
        return f"{values[0]:.6g}"
    return f"np.reshape({[round(value, 6) for value in values]}, (3, 1, 1))"


def _pixels(inputs: Mapping[str, Any]) -> str:
    if inputs["normalise"] == "inside":
        return "pixels from 0 to 255 (normalised inside)"
    return f"(pixel - {_number(inputs['mean'])}) / {_number(inputs['std'])}"


def _initial(training: Mapping[str, Any]) -> list[str]:
    initial = training.get("init")
    if initial is None:
        return []
    frozen = f", {', '.join(parts)} frozen" if (parts := training.get("freeze")) else ""
    return [f"| fine-tuned from | {initial['name']} (`{initial['digest']}`){frozen} |"]


def _teachers(distillation: Mapping[str, Any] | None) -> list[str]:
    if distillation is None:
        return []
    names = ", ".join(f"{one['name']} (`{one['digest']}`)" for one in distillation["teachers"])
    return [f"| distilled from | {names}, {distillation['loss']} |"]


def _latency(latency: Mapping[str, Any] | None) -> list[str]:
    if latency is None:
        return []
    return [
        f"| latency | {latency['ms']:.2f} ms (minimum of {latency['rounds']} runs, one thread, "
        f"batch {latency['batch']}, {latency['machine']['processor']}"
        f"{_disagreement(latency['halves_disagree'])}) |"
    ]


def _disagreement(share: float) -> str:
    if share <= MOST_DISAGREEMENT:
        return ""
    return f"; the machine was busy: halves of the runs disagree by {100 * share:.0f} %"


def _scores(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    if not scores:
        return []
    lines = [
        "## Scores",
        "",
        "Cosine of single images, without the flipped one. The first line of a set is the network "
        "in torch, the second this file.",
        "",
        "| set | | pairs | accuracy | AUC | threshold at FAR 1e-2 | threshold at FAR 1e-3 |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in scores:
        for which, values in (("torch", one["before"]), ("file", one["after"])):
            ends = [values["thresholds"].get(rate) for rate in ("1e-2", "1e-3")]
            lines.append(
                f"| {one['set']} | {which} | {one['pairs']} | {values['accuracy']:.4f} | "
                f"{values['auc']:.4f} | "
                + " | ".join("not resolvable" if end is None else f"{end:.4f}" for end in ends)
                + " |"
            )
    return [*lines, ""]
