"""Judges a candidate against its rivals by trainings of `seesawnas train`.

    python benchmarks/claim.py --candidate CANDIDATE --rivals A,B
        --kept studies/lfw_claim/results.json [--trained FOLDER,FOLDER] [--picture FILE.html]

``--trained`` adds finished trainings to the file: their network's name, digest, seed, epochs, size,
and scores on the verification set (each has one). A network's name is the folder's name without
``-SEED``. Prints means with their standard errors, and by how many standard errors of the
difference the candidate's AUC is above each rival's: the claim asks for more than two.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.cost import cost
from seesawnas.io.files import write_atomically
from seesawnas.space import load
from seesawnas.study.ranking import Repeats

COUNTED_AT = 112
"""Pixels of the images for which MAdds are counted, those of the budgets; training may use less."""
ENOUGH = 2.0
"""Standard errors of the difference by which a candidate must be better."""


@dataclass(frozen=True)
class Trained:
    """The end of one training."""

    network: str
    digest: str
    madds: int
    params: int
    seed: int
    epochs: int
    resolution: int
    accuracy: float
    auc: float
    eer: float
    minutes: float


@dataclass(frozen=True)
class Difference:
    """A candidate's mean AUC minus a rival's."""

    rival: str
    mean: float
    error: float

    @property
    def errors(self) -> float:
        """The difference in its standard errors."""
        return self.mean / self.error

    @property
    def is_resolved(self) -> bool:
        """Whether the candidate is better by enough."""
        return self.errors > ENOUGH


def read(folder: Path) -> Trained:
    """What a folder of `seesawnas train` says of its training's end."""
    about: dict[str, Any] = json.loads((folder / "model.json").read_text())
    (scores,) = about["scores"].values()
    found = cost(load(folder / "spec.yaml").at_resolution(COUNTED_AT))
    return Trained(
        network=folder.name.removesuffix(f"-{about['seed']}"),
        digest=about["digest"],
        madds=found.madds,
        params=found.params,
        seed=about["seed"],
        epochs=about["epochs"][-1]["epochs"],
        resolution=max(about["input"]["height"], about["input"]["width"]),
        accuracy=scores["accuracy"],
        auc=scores["auc"],
        eer=scores["eer"],
        minutes=round(about["seconds"] / 60, 2),
    )


def of_network(trained: list[Trained], network: str) -> Repeats:
    """The AUC of a network from each of its seeds.

    Raises:
        SystemExit: If fewer than two are there, which have no standard error.
    """
    found = Repeats(tuple(one.auc for one in trained if one.network == network))
    if found.n < 2:
        raise SystemExit(f"{network}: two trainings or more are needed, got {found.n}")
    return found


def compare(candidate: Repeats, rival: Repeats, name: str) -> Difference:
    """How much better a candidate is; the seeds of both are taken as independent."""
    error = math.hypot(candidate.standard_error or 0.0, rival.standard_error or 0.0)
    return Difference(name, candidate.mean - rival.mean, error)


def main() -> None:
    """Add trainings, and judge."""
    arguments = _arguments()
    kept = (
        [Trained(**line) for line in json.loads(arguments.kept.read_text())["trainings"]]
        if arguments.kept.is_file()
        else []
    )
    added = [read(Path(folder)) for folder in arguments.trained.split(",") if folder]
    new = {(one.network, one.seed, one.resolution, one.epochs): one for one in [*kept, *added]}
    trained = sorted(new.values(), key=lambda one: (one.network, one.seed))
    candidate = of_network(trained, arguments.candidate)
    differences = [
        compare(candidate, of_network(trained, rival), rival)
        for rival in arguments.rivals.split(",")
    ]
    lines = ",\n".join(json.dumps(asdict(one)) for one in trained)
    write_atomically(arguments.kept, f'{{"trainings": [\n{lines}\n]}}\n')
    _print(trained, differences)
    if arguments.picture:
        write_atomically(arguments.picture, _picture(trained))


def _print(trained: list[Trained], differences: list[Difference]) -> None:
    print("| network | MAdds | params | seeds | AUC | accuracy |\n|---|---|---|---|---|---|")
    for network in dict.fromkeys(one.network for one in trained):
        rows = [one for one in trained if one.network == network]
        both = (
            Repeats(tuple(one.auc for one in rows)),
            Repeats(tuple(one.accuracy for one in rows)),
        )
        cells = [
            f"{one.mean:.4f}" + (f" ± {one.standard_error:.4f}" if one.standard_error else "")
            for one in both
        ]
        costs = f"{rows[0].madds / 1e6:.1f} M | {rows[0].params / 1e6:.2f} M"
        print(f"| {network} | {costs} | {len(rows)} | {cells[0]} | {cells[1]} |")
    for one in differences:
        verdict = "better" if one.is_resolved else "not resolved" if one.errors > -2 else "worse"
        print(
            f"against {one.rival}: {one.mean:+.4f} ± {one.error:.4f}, {one.errors:+.1f} standard "
            f"errors: {verdict}"
        )


def _picture(trained: list[Trained]) -> str:
    figure = go.Figure()
    for network in dict.fromkeys(one.network for one in trained):
        rows = [one for one in trained if one.network == network]
        found = Repeats(tuple(one.auc for one in rows))
        figure.add_trace(
            go.Scatter(
                x=[rows[0].madds / 1e6],
                y=[found.mean],
                error_y={"type": "data", "array": [found.standard_error or 0.0]},
                mode="markers+text",
                text=[network],
                textposition="top center",
                marker={"size": 10},
                showlegend=False,
            )
        )
    figure.update_layout(
        xaxis_title="M MAdds",
        xaxis_range=[
            min(one.madds for one in trained) / 1e6 - 30,
            max(one.madds for one in trained) / 1e6 + 30,
        ],
        yaxis_title="AUC, mean and standard error",
        template="plotly_white",
    )
    html: str = figure.to_html(
        include_plotlyjs=True, full_html=True, config={"displayModeBar": False}
    )
    return html


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--candidate", required=True)
    parser.add_argument("--rivals", required=True)
    parser.add_argument("--kept", required=True, type=Path)
    parser.add_argument("--trained", default="")
    parser.add_argument("--picture", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
