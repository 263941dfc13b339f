"""Files of pairs as people write them, with what they mean.

Any header, separator, order of columns and words.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from random import Random

FILES = ("Ann/Ann_0001.png", "Ann/Ann_0002.png", "Bo/Bo_0001.png")
SIDES = [
    ("left", "right"),
    ("path1", "path2"),
    ("Image1", "image2"),
    ("file_a", "file_b"),
    ("img-left", "img-right"),
]
SIDES += [
    ("first", "second"),
    ("1st photo", "2nd photo"),
    ("one", "other"),
    ("img_1_path", "img_2_path"),
]
SIDES += [("source", "target")]
LABELS = ("label", "Is_Same", "SAME", "match", "target", "y", "issame", "ground truth")
NO_LABELS = ("different", "glasses", "distance", "mismatch", "class")
WORDS = (
    ("1", "0"),
    ("1", "-1"),
    ("True", "False"),
    ("same", "different"),
    ("yes", "no"),
    ("1.0", "0.0"),
    ("match", "mismatch"),
)
DECOYS = (
    ("glasses", "01"),
    ("fold_id", "01234"),
    ("id", "0123456789"),
    ("score", ("0.25", "0.5", "1")),
    ("name", ("Ann", "Bo")),
)


@dataclass(frozen=True)
class Table:
    """The bytes, and the pairs that they name, in order.

    Folds are none, so that the order stays.
    """

    content: bytes
    pairs: list[tuple[str, str, bool]]


def made_table(rng: Random) -> Table:
    """A table, most often one that can be read."""
    pairs = [
        (rng.choice(FILES), rng.choice(FILES), rng.random() < 0.5) for _ in range(rng.randint(1, 6))
    ]
    yes, no = rng.choice(WORDS)
    rows = [{"first": a, "second": b, "label": yes if same else no} for a, b, same in pairs]
    one, two = rng.choice(SIDES)
    names = {
        "first": one,
        "second": two,
        "label": rng.choice(LABELS if rng.random() < 0.9 else NO_LABELS),
    }
    for name, values in rng.sample(DECOYS, rng.choice((0, 0, 0, 1, 2))):
        if name != "fold_id":
            names[name] = name
            for row in rows:
                row[name] = rng.choice(values)
    order = rng.sample(list(names), len(names))
    # Left comes before right, in the file as in the set.
    if order.index("first") > order.index("second"):
        a, b = order.index("second"), order.index("first")
        order[a], order[b] = order[b], order[a]
    lines = [[row[name] for name in order] for row in rows]
    if rng.random() < 0.6:
        lines.insert(0, [names[name] for name in order])
    return Table(_text(lines, rng).encode("utf-8-sig" if rng.random() < 0.2 else "utf-8"), pairs)


def _text(lines: list[list[str]], rng: Random) -> str:
    separator = rng.choice(",\t; ")
    file = io.StringIO()
    end = rng.choice(("\n", "\r\n", "\n\n"))
    if rng.random() < 0.2:
        csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator=end).writerows(
            lines
        )
    else:
        csv.writer(file, delimiter=separator, lineterminator=end).writerows(lines)
    return ("# made by hand\n" if rng.random() < 0.1 else "") + file.getvalue()
