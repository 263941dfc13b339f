"""What an ONNX file says of itself, read without running it: its first nodes and its other files.

ONNX is protobuf; only its wire format is read, with no package for it: lengths and tags, what is
not needed skipped. Every length is checked against what is there, and the number of fields and the
depth are bounded, so that damaged or hostile bytes take no more than about a second.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MOST_FIELDS = 300_000
FIRST_NODES = 64
DEEPEST = 8
"""Graphs within the nodes of graphs."""

# Operators that a graph normalises its input by, and those that leave the pixels what they are.
NORMALISING = {
    "Sub",
    "Add",
    "Mul",
    "Div",
    "BatchNormalization",
    "InstanceNormalization",
    "LayerNormalization",
} | {
    "MeanVarianceNormalization",
    "ImageScaler",
    "Scaler",
    "Normalizer",
}
_PASSING = {
    "Cast",
    "CastLike",
    "Identity",
    "Transpose",
    "Pad",
    "Gather",
    "Slice",
    "Split",
    "Concat",
    "Resize",
    "Upsample",
} | {"Reshape", "Squeeze", "Unsqueeze", "Clip", "Dropout", "QuantizeLinear", "DequantizeLinear"}


@dataclass(frozen=True, slots=True)
class _Node:
    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(slots=True)
class GraphStart:
    """What was found in a file.

    It has the first nodes, the inputs, and the places of the external data as they are written.
    """

    nodes: list[_Node] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    constants: set[str] = field(default_factory=set)
    external: dict[str, None] = field(default_factory=dict)

    @property
    def normalises(self) -> str | None:
        """The operator that its input is normalised by, if the graph begins with one; else None."""
        reached = {name for name in self.inputs if name not in self.constants}
        for node in self.nodes:
            if reached.isdisjoint(node.inputs):
                continue
            if node.operator in NORMALISING:
                return node.operator
            if node.operator in _PASSING:
                reached.update(node.outputs)
        return self._by_names()

    def _by_names(self) -> str | None:
        """The operator, found as by InsightFace's own reader: by the names that MXNet gives it."""
        first = [node.name for node in self.nodes[:8]]
        if "bn_data" in first[:3]:
            return "BatchNormalization"
        has_sub = any(name.startswith(("Sub", "_minus")) for name in first)
        return (
            "Sub" if has_sub and any(name.startswith(("Mul", "_mul")) for name in first) else None
        )


def read_start(path: Path) -> GraphStart:
    """What the ONNX file at ``path`` says of itself, as far as it can be read.

    Damage is reported by whatever runs it.
    """
    found = GraphStart()
    with path.open("rb") as file:
        try:
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except ValueError:  # an empty file
            return found
    read_bytes(content, found)
    return found


def read_bytes(content: memoryview, found: GraphStart) -> None:
    """Put what the ONNX model in ``content`` says of itself into ``found``."""
    reader = _Reader(found)
    try:
        for number, value in reader.fields(content):
            if number == 7:
                reader.graph(value, 0)
            elif number == 25:  # a function of the model's own
                reader.nodes_of(value, 7, 0)
    except ValueError:
        return


class _Reader:
    """Reads messages by the field numbers of onnx.proto.

    Raises:
        ValueError: If the bytes are damaged, or it has read too much.
    """

    def __init__(self, found: GraphStart) -> None:
        self._found, self._left = found, MOST_FIELDS

    def fields(self, content: memoryview) -> Iterator[tuple[int, memoryview]]:
        """(number, content) of each field that has a length; other fields are skipped."""
        at, end = 0, len(content)
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise ValueError("too many fields")
            tag, at = _varint(content, at)
            wire = tag & 7
            if wire == 0:
                _, at = _varint(content, at)
            elif wire == 2:
                length, at = _varint(content, at)
                if length > end - at:
                    raise ValueError("a length beyond the end")
                yield tag >> 3, content[at : at + length]
                at += length
            elif wire in (1, 5):
                at += 8 if wire == 1 else 4
            else:
                raise ValueError("an unknown wire type")

    def graph(self, content: memoryview, depth: int) -> None:
        if depth > DEEPEST:
            raise ValueError("too deep")
        for number, value in self.fields(content):
            if number == 1:
                self.node(value, depth)
            elif number == 5:
                self.tensor(value, depth)
            elif number == 15:
                self.sparse(value, depth)
            elif number == 11 and depth == 0:
                self._found.inputs += [_text(name) for key, name in self.fields(value) if key == 1]

    def nodes_of(self, content: memoryview, node: int, depth: int) -> None:
        for number, value in self.fields(content):
            if number == node:
                self.node(value, depth + 1)

    def node(self, content: memoryview, depth: int) -> None:
        texts: dict[int, list[str]] = {1: [], 2: [], 3: [], 4: []}
        for number, value in self.fields(content):
            if number in texts:
                texts[number].append(_text(value))
            elif number == 5:
                self.attribute(value, depth)
        if depth == 0 and len(self._found.nodes) < FIRST_NODES:
            name, operator = ("".join(texts[key][-1:]) for key in (3, 4))
            self._found.nodes.append(_Node(name, operator, tuple(texts[1]), tuple(texts[2])))

    def attribute(self, content: memoryview, depth: int) -> None:
        for number, value in self.fields(content):
            if number in (5, 10):
                self.tensor(value, depth + 1)
            elif number in (6, 11):
                self.graph(value, depth + 1)
            elif number in (22, 23):
                self.sparse(value, depth + 1)

    def sparse(self, content: memoryview, depth: int) -> None:
        for number, value in self.fields(content):
            if number in (1, 2):
                self.tensor(value, depth)

    def tensor(self, content: memoryview, depth: int) -> None:
        for number, value in self.fields(content):
            if number == 8 and depth == 0:
                self._found.constants.add(_text(value))
            elif number == 13:
                pair = {key: _text(text) for key, text in self.fields(value) if key in (1, 2)}
                if pair.get(1) == "location":
                    self._found.external[pair.get(2, "")] = None


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """(value, where it ends) of the integer with seven bits per byte that begins ``at``."""
    value = shift = 0
    while at < len(content) and shift < 70:
        byte = content[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("a number without an end")


def _text(content: memoryview) -> str:
    return bytes(content[:4096]).decode("utf-8", "replace")
