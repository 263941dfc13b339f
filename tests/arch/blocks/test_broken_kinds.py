"""A kind that breaks the rules is refused in one line wherever it is met, never counted, dropped in
silence or a traceback.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from seesawnas.arch import find_kind
from seesawnas.arch.blocks.parts import body_of
from seesawnas.arch.blocks.separable import Separable
from seesawnas.arch.layers import Conv, Linear, Pool, Shuffle
from seesawnas.errors import BlockError, DocumentError, InvalidInput, SpecError
from seesawnas.nn import build
from seesawnas.space import FeasibleSet, to_point
from tests.arch.blocks import broken_kinds
from tests.cli.running import SMALL_SPACE
from tests.space.documents import choice, document, space_of

MODULE = "tests.arch.blocks.broken_kinds"
FAULTS = {
    "NoDataclass": "must itself be a dataclass",
    "NotCompared": "eq=True",
    "Nameless": "name of letters",
    "Neck": "role must be one of stem, block, head",
    "ReadsNothing": "reads must be a positive whole number",
    "NoBody": "must implement every method of Block, missing: body",
    "BadDefault": "attribute odd: its default 3",
    "BadLevel": "attribute odd: its level 9",
    "NOTHING": "must be a class that derives from",
    "GivesNone": "of: TypeError: must return a GivesNone, got NoneType",
    "TakesNoOptions": "of: TypeError",
    "Raises": "body: RuntimeError: first line second line",
    "NoTuple": "body: TypeError: must be a tuple of nodes, got NoneType",
    "Words": "body: TypeError: must contain only nodes, got str",
    "ReadsItself": "body: conv: must read earlier nodes only",
    "ReadsTwo": "body: ValueError: conv: must have 1 inputs, got 2",
    "HalfScale": "body: ValueError: scale: must have 2 inputs, got 1",
    "TakenName": "training: a node name must not be",
    "NoStride": "body: must have the declared outputs and stride, 8x4x4, got 8x8x8",
    "OtherWidth": "body: must have the declared outputs and stride, 8x4x4, got 12x4x4",
    "EachTimeAnother": "body: TypeError: must return the same result",
    "TakesNumber": "takes: TypeError: must return a tuple of channels, got 8",
    "CanonicalNone": "canonical: TypeError: must return a block, got NoneType",
    "Negative": "outputs of a conv must be a positive whole number, got -8",
    "Tanh": "activation must be one of",
}


def stage(name: str, **keys: object) -> dict[str, object]:
    return {"kind": f"{MODULE}:{name}", "width": 8, "stride": 2, **keys}


def test_every_broken_kind_is_tried() -> None:
    classes = {
        name for name, one in vars(broken_kinds).items() if getattr(one, "__module__", "") == MODULE
    }
    assert classes - {"Whole", "BrokenStem", "BrokenHead", "ModulesOwn"} <= set(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_refused_as_a_point_in_one_line(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        to_point(document(stage(name)), "FILE")
    assert FAULTS[name] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_not_dropped_in_silence_from_a_space_that_offers_others(name: str) -> None:
    kinds = choice(f"{MODULE}:{name}", "share")
    with pytest.raises(InvalidInput) as caught:
        FeasibleSet(space_of({"kind": kinds, "width": 8, "stride": 2, "expansion": 2}))
    assert FAULTS[name] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("role", "name", "other"),
    [("stem", "BrokenStem", "conv"), ("head", "BrokenHead", "global_depthwise")],
)
def test_a_broken_stem_or_head_is_not_dropped_in_silence(role: str, name: str, other: str) -> None:
    part = {"kind": choice(f"{MODULE}:{name}", other), "width": 8}
    with pytest.raises(
        DocumentError,
        match=rf"{MODULE}:{name} must be valid in some stage, got {role}: outputs of a conv",
    ):
        FeasibleSet(space_of(**{role: part}))


def test_a_node_that_modules_have_a_part_of_that_name_for_is_one_line() -> None:
    with pytest.raises(
        BlockError, match=r"^to: a node name must not be an attribute of torch.nn.Module$"
    ):
        build(to_point(document(stage("ModulesOwn")), "FILE").spec)


def test_a_fault_in_a_kind_that_ships_is_a_bug_and_stays_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(self: Separable) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Separable, "body", fail)
    with pytest.raises(ZeroDivisionError):
        body_of(Separable(inputs=3, outputs=7919))


def test_the_one_without_fault_is_taken() -> None:
    space = space_of(
        {"kind": choice(f"{MODULE}:Whole", "share"), "width": 8, "stride": 2, "expansion": 2}
    )
    assert FeasibleSet(space).size == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [("import sys; sys.exit(5)", "SystemExit: 5"), ("raise OSError('a\\nb')", "OSError: a b")],
)
def test_a_module_that_ends_at_its_import_is_one_line(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"ends_{len(text)}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BlockError, match=f"ends_{len(text)}:Kind: cannot be imported: {words}$"):
        find_kind(f"ends_{len(text)}:Kind")


def test_what_a_module_prints_goes_to_standard_error(tmp_path: Path) -> None:
    (tmp_path / "talks.py").write_text(
        "print('hello')\nfrom tests.arch.blocks.broken_kinds import Whole as Kind\n"
    )
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, '.']; from seesawnas.arch import "
        "find_kind; find_kind('talks:Kind')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert (done.stdout, done.stderr) == ("", "hello\n")


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ("whole = tests.arch.blocks.broken_kinds:Whole", "None"),
        (
            "other = tests.arch.blocks.broken_kinds:Whole",
            "of pack: must have the same name as its kind, got whole",
        ),
        ("no_body = tests.arch.blocks.broken_kinds:NoBody", "missing: body"),
        ("gone = no_such_module:Kind", "cannot be imported: ModuleNotFoundError"),
        ("share = tests.arch.blocks.broken_kinds:Whole", "None"),
    ],
)
def test_an_entry_point_that_cannot_be_used_is_named_when_it_is_asked_for(
    point: str, words: str, tmp_path: Path
) -> None:
    package = tmp_path / "pack-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: pack\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[seesawnas.blocks]\n{point}\n")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, '.']\n"
        "from seesawnas.arch import find_kind\n"
        "from seesawnas.errors import BlockError, InvalidInput\n"
        "from seesawnas.space import load_space\nload_space('seesaw')\nfault = None\n"
        f"try: assert find_kind({point.split()[0]!r})\nexcept BlockError as error: fault = "
        "error\nprint(fault)\nif fault is not None:\n"
        f"    try: load_space({str(tmp_path / 'own.yaml')!r})\n"
        "    except InvalidInput as error: print(error)\n"
    )
    (tmp_path / "own.yaml").write_text(
        SMALL_SPACE.replace("kind: share", f"kind: {point.split()[0]}")
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    fault, *document = done.stdout.splitlines()
    assert words in fault
    if words != "None":
        (line, *_) = document
        assert line.endswith(f"kind: must be a kind that can be used: {fault}")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv(0),
        lambda: Conv(12.0),  # type: ignore[arg-type]
        lambda: Conv(8, (0, 3)),
        lambda: Conv(8, 3),  # type: ignore[arg-type]
        lambda: Conv(8, stride=0),
        lambda: Conv(8, groups=0),
        lambda: Conv(8, groups=()),
        lambda: Conv(8, groups=(1, -1)),
        lambda: Conv(8, (3, 3), padding=-1),
        lambda: Linear(0),
        lambda: Pool("median"),  # type: ignore[arg-type]
        lambda: Pool("max", 0),
        lambda: Pool("max", 3, padding=2),
        lambda: Shuffle(0),
    ],
)
def test_a_layer_of_numbers_that_are_none_is_refused(make: object) -> None:
    with pytest.raises(SpecError):
        make()  # type: ignore[operator]


def test_two_ways_to_say_one_layer_are_one() -> None:
    assert Conv(8, (3, 3), padding=1) == Conv(8, (3, 3))
    assert Conv(8, (3, 3), padding=0) != Conv(8, (3, 3))
    assert Conv(8, None, padding=3) == Conv(8, None)
    assert Pool("average", None, 2, 1) == Pool("average")
    assert Pool("max", 3, 2, 1, pads=True) == Pool("max", 3, 2, 1)
    assert Pool("average", 3, 2, 1, pads=True) != Pool("average", 3, 2, 1)
