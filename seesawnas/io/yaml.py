"""The YAML door: text -> plain values, by the safe loader alone and YAML 1.2's scalars.

PyYAML reads ``off`` as false and ``1:3`` as the number 63 (YAML 1.1); here both stay text, as their
writers mean them. A key given twice is a fault, where PyYAML would silently keep the last.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import Resolver
from yaml.scanner import Scanner

if yaml.__with_libyaml__:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

from seesawnas.errors import DocumentError
from seesawnas.text import plain, short

MAX_CHARACTERS = 256_000
"""What is read within a second.

The longest file that ships has 1,400, a resolved study file some 5,000.
"""
_MOST_DIGITS = 1000
_PLAIN = (":null", ":bool", ":int", ":float", ":str", ":seq", ":map")


class _PythonParser(Reader, Scanner, Parser):
    """What stands in for libyaml's if PyYAML was installed without it."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


_PARSER: Any = CParser if yaml.__with_libyaml__ else _PythonParser
"""libyaml's is five times as fast."""


class _Loader(Composer, _PARSER, SafeConstructor, Resolver):  # type: ignore[misc]
    """Safe, YAML 1.2 scalars, no duplicate keys, no values but those that JSON has.

    Nodes are composed in Python also above libyaml's parser: its own composer crashes the
    interpreter on deep nesting.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own protocol)
    yaml_constructors = {  # noqa: RUF012 (PyYAML's own protocol)
        tag: make
        for tag, make in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.endswith(_PLAIN)
    }

    def __init__(self, text: str) -> None:
        _PARSER.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, (str, int, float, bool, type(None))):
                raise yaml.MarkedYAMLError(
                    problem="keys must be strings", problem_mark=key_node.start_mark
                )
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key {short(repr(key))} is given twice",
                    problem_mark=key_node.start_mark,
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    digits = loader.construct_scalar(node)
    if len(digits) > _MOST_DIGITS:  # Python refuses beyond 4,300, and says that about itself
        problem = f"numbers must have at most {_MOST_DIGITS} digits, got {short(digits)}"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
    return int(digits)  # decimal always: PyYAML reads 010 as eight


def _str(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    text: str = loader.construct_scalar(node)
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        problem = f"text must not contain NUL or unpaired surrogates, got {short(text)!a}"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
    return text


_Loader.add_constructor("tag:yaml.org,2002:int", _int)
_Loader.add_constructor("tag:yaml.org,2002:str", _str)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)


def read_text(path: Path) -> str:
    """The text of ``path`` for :func:`read_yaml`, which refuses what is longer.

    Raises:
        UnicodeDecodeError: If the file is not UTF-8.
        OSError: If the file cannot be read.
    """
    with path.open(encoding="utf-8") as file:
        return file.read(MAX_CHARACTERS + 1)


def read_yaml(text: str, source: str) -> Any:
    """The plain values of ``text``.

    Raises:
        DocumentError: If ``text`` is not YAML or holds more than a document may, with ``source``
            and the line.
    """
    if len(text) > MAX_CHARACTERS:
        raise DocumentError(source, [f"must be at most {MAX_CHARACTERS} characters, got more"])
    try:
        values = yaml.load(text, Loader=_Loader)
        spelled_out = _spelled_out(values, {})
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise DocumentError(
            source, [f"{where}must be YAML: {short(error.problem or error.context, 300)}"]
        ) from None
    except RecursionError:
        raise DocumentError(
            source, ["nesting of lists and mappings must be less deep, got hundreds of levels"]
        ) from None
    except (yaml.YAMLError, ValueError, LookupError) as error:
        raise DocumentError(source, [f"must be YAML: {str(error).splitlines()[0]}"]) from None
    if spelled_out > MAX_CHARACTERS:
        rule = f"must be at most {MAX_CHARACTERS} characters with aliases expanded, got more"
        raise DocumentError(source, [rule])
    return values


def write_yaml(values: Any) -> str:
    """YAML text of plain values, keys in the order given, short lists on one line."""
    text = yaml.dump(values, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    # Text that steers a terminal is in double quotes (see _Dumper), which spell it the same way.
    return plain(text)


class _Dumper(yaml.SafeDumper):
    """Writes a list of scalars, or a mapping of scalars and such lists, on one line.

    The rest is in blocks.
    """

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """In double quotes if characters must be escaped that yaml takes for ordinary ones."""
        return self.represent_scalar(
            "tag:yaml.org,2002:str", text, '"' if plain(text) != text else None
        )

    def represent_sequence(
        self, tag: str, sequence: Any, flow_style: bool | None = None
    ) -> yaml.SequenceNode:
        return super().represent_sequence(tag, sequence, flow_style=_is_flat(sequence))

    def represent_mapping(
        self, tag: str, mapping: Any, flow_style: bool | None = None
    ) -> yaml.MappingNode:
        values = mapping.values()
        short = all(
            _is_flat(value) if isinstance(value, list) else _is_flat([value]) for value in values
        )
        return super().represent_mapping(tag, mapping, flow_style=short)


_Dumper.add_representer(str, _Dumper.represent_text)

# What this door would read as a number, other readers of YAML 1.1 as well, is quoted where it is
# text.
for _first, _pairs in _Loader.yaml_implicit_resolvers.items():
    for _tag, _pattern in _pairs:
        _Dumper.add_implicit_resolver(_tag, _pattern, [_first])


def _spelled_out(value: Any, sizes: dict[int, int]) -> int:
    """The number of characters of ``value``, at least, with aliases written out.

    A few lines of them can stand for gigabytes.
    """
    if not isinstance(value, (list, dict)):
        return len(value) if isinstance(value, str) else 1
    if id(value) not in sizes:
        sizes[id(value)] = MAX_CHARACTERS + 1  # what holds itself never ends
        sizes[id(value)] = 1 + sum(_spelled_out(part, sizes) for part in _parts(value))
    return sizes[id(value)]


def _parts(value: list[Any] | dict[Any, Any]) -> list[Any]:
    return [*value, *value.values()] if isinstance(value, dict) else value


def _is_flat(values: Any) -> bool:
    return not any(isinstance(value, (list, dict)) for value in values)
