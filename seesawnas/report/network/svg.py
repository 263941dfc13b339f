"""SVG by few words: an element tree, so that what is written is always well-formed."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

Point = tuple[float, float]

FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
INK, FADED, RULE, PAPER = "#1b1f24", "#57606a", "#8c959f", "#ffffff"


class Canvas:
    """A drawing of ``width`` x ``height`` pixels on a white ground."""

    def __init__(self, width: float, height: float, title: str) -> None:
        size = {
            "width": _number(width),
            "height": _number(height),
            "viewBox": f"0 0 {_number(width)} {_number(height)}",
        }
        self._root = ElementTree.Element(
            "svg", {"xmlns": "http://www.w3.org/2000/svg", **size, "font-family": FONT}
        )
        ElementTree.SubElement(self._root, "title").text = clean(title)
        self.rect((0, 0), width, height, PAPER)

    def rect(self, at: Point, width: float, height: float, fill: str, **style: str | float) -> None:
        """A rectangle whose top left corner is ``at``."""
        self._add("rect", x=at[0], y=at[1], width=width, height=height, fill=fill, **style)

    def shape(self, points: Iterable[Point], fill: str, **style: str | float) -> None:
        """A filled polygon."""
        self._add(
            "polygon",
            points=" ".join(f"{_number(x)},{_number(y)}" for x, y in points),
            fill=fill,
            **style,
        )

    def path(self, steps: str, color: str, **style: str | float) -> None:
        """A line along SVG path steps."""
        self._add("path", d=steps, fill="none", stroke=color, **style)

    def circle(self, at: Point, radius: float, fill: str, **style: str | float) -> None:
        """A disc."""
        self._add("circle", cx=at[0], cy=at[1], r=radius, fill=fill, **style)

    def text(
        self, at: Point, text: str, size: float = 12, color: str = INK, **style: str | float
    ) -> None:
        """One line of text whose baseline starts at ``at``.

        With ``text_anchor`` it ends there or is centred there.
        """
        self._add("text", x=at[0], y=at[1], font_size=size, fill=color, **style).text = clean(text)

    def pill(self, at: Point, text: str, fill: str, color: str = PAPER) -> None:
        """A label in a rounded box that ends at ``at``'s x and is centred on its y."""
        width = 11 + 6.1 * len(text)
        self.rect((at[0] - width, at[1] - 8.5), width, 17, fill, rx=8.5)
        self.text(
            (at[0] - width / 2, at[1] + 4),
            text,
            11,
            color,
            text_anchor="middle",
            font_weight="bold",
        )

    def markup(self) -> str:
        """The drawing as a file's text."""
        ElementTree.indent(self._root, " ")
        return ElementTree.tostring(self._root, encoding="unicode", xml_declaration=False) + "\n"

    def _add(self, tag: str, **attributes: str | float) -> ElementTree.Element:
        named = {name.replace("_", "-"): _value(value) for name, value in attributes.items()}
        return ElementTree.SubElement(self._root, tag, named)


def clean(text: str) -> str:
    """``text`` without the characters that XML cannot hold."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
