"""Would smoothed scores have put the leaders of a real search in the order of longer trainings?

    python benchmarks/smoothing_leaders.py --trials FILE.csv --leaders FILE.csv

Both are tables of ``seesawnas report --format csv``: of a search, and of its leaders' study, whose
labels are ``STUDY:NUMBER``. Reported are, by the AUC of the leaders' study, Kendall's tau of the
raw scores and of those of ``benchmarks/smoothing_models.py``, which know all complete trials of
the search, and the place of the leader that each ranks first. The leaders were chosen by their raw
scores, which leaves these little to tell them apart by.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.drawn import Floats, tau
from benchmarks.smoothing_models import forest, ridge
from seesawnas.analysis.smoothing import Options


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=Path, required=True)
    parser.add_argument("--leaders", type=Path, required=True)
    arguments = parser.parse_args()
    trials, leaders = _table(arguments.trials), _table(arguments.leaders)
    trials = trials.set_index(trials["trial"].astype(int))
    leaders = leaders[leaders["label"].str.contains(r":\d+$")]
    places = [int(label.rpartition(":")[2]) for label in leaders["label"]]
    if not places or not set(places) <= set(trials.index):
        raise SystemExit(f"--leaders must be trials of --trials, got {places}")
    decisions = [
        name for name in map(str, trials) if name.startswith(("stages.", "defaults.", "stem."))
    ]
    options: Options = [
        dict(zip(decisions, row, strict=True)) for row in trials[decisions].to_numpy()
    ]
    reference = leaders["auc"].to_numpy(np.float64)
    print(f"{'score':10} {'ranked by':18} {'tau':>6} {'its first is':>13}")
    for score in ("accuracy", "auc"):
        raw = trials[score].to_numpy(np.float64)
        smoothed = ridge(options, raw)
        found: dict[str, Floats] = {
            "raw": raw,
            f"ridge (R2 {smoothed.r2:.2f})": smoothed.values,
            "ridge, a quarter": ridge(options, raw, own=0.25).values,
            "forest": forest(options, raw),
        }
        for name, values in found.items():
            own = np.array([values[trials.index.get_loc(place)] for place in places])
            place = 1 + int((reference > reference[int(np.argmax(own))]).sum())
            print(f"{score:10} {name:18} {tau(own, reference):6.2f} {place:7} of {len(own)}")


def _table(path: Path) -> pd.DataFrame:
    """The complete trials; ``none`` and an empty cell stay words."""
    found = pd.read_csv(path, keep_default_na=False)
    return found[found["state"] == "complete"]


if __name__ == "__main__":
    main()
