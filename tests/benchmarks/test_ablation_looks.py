"""What today's looks make of the stored ablation of the paper's choices."""

from __future__ import annotations

import json
import re
from pathlib import Path

from benchmarks.ablation_looks import FIRST, effects_at
from seesawnas.analysis.spending import declared_looks, derived_looks

STUDY = Path(__file__).parents[2] / "studies" / "paper_ablation"
ROWS = {
    "no SE instead of SE 4": ("se", "0"),
    "PReLU instead of swish": ("activation", "prelu"),
    "ReLU instead of swish": ("activation", "relu"),
    "embedding 128 instead of 512": ("embedding", "128"),
}


def test_its_page_shows_the_p_of_both_plans() -> None:
    stored = json.loads((STUDY / "ablation_paper.json").read_text())
    declared, derived = (
        {(one.factor, one.level): one for one in effects_at(stored, looks)}
        for looks in (declared_looks((5, 8)), derived_looks(FIRST))
    )
    page = (STUDY / "README.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^\| (.+) \| (0\.\d+ \| 0\.\d+) \|$", page, re.MULTILINE))
    assert set(shown) == set(ROWS)
    for words, effect in ROWS.items():
        assert shown[words] == f"{declared[effect].p_holm:.3f} | {derived[effect].p_holm:.3f}"
    assert {one.n for one in declared.values()} == {8}
    assert {one.n for one in derived.values()} == {FIRST}


def test_of_the_effects_on_its_page_two_hold_with_either_correction() -> None:
    stored = json.loads((STUDY / "ablation_paper.json").read_text())
    found = effects_at(stored, declared_looks((5, 8)))
    fixed = {(one["factor"], one["level"]): one["p_holm"] for one in stored["effects"]}
    resolved = {(one.factor, one.level) for one in found if one.verdict in ("better", "worse")}
    both = {effect for effect in resolved if 2 * fixed[effect] < 0.05}
    assert both == {("activation", "relu"), ("embedding", "128")}
