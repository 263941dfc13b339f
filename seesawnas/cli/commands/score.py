"""``seesawnas score``: training-free scores of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.completion import complete_network
from seesawnas.cli.options import MAX_SEED, Json, StudyStorage
from seesawnas.study import find_network

if TYPE_CHECKING:
    from seesawnas.data import FaceData
    from seesawnas.space import SearchPoint


def score(
    refs: Annotated[
        list[str],
        typer.Argument(
            metavar="REF",
            help="Networks: paper/NAME, a YAML file, a trial of a study (STUDY:NUMBER or "
            "STUDY:best), or a trained network's folder, whose weights are not used.",
            autocompletion=complete_network,
            show_default=False,
        ),
    ],
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="PATH",
            help="Folder with one sub-folder per identity, folder with train.rec, or .rec file.",
            show_default="the small default faces",
        ),
    ] = None,
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", min=4, max=1024, help="Faces, drawn at random.")
    ] = 64,
    resolution: Annotated[
        int,
        typer.Option(
            "--resolution",
            metavar="R",
            min=16,
            max=512,
            help="Input size: the longer side, in pixels.",
        ),
    ] = 56,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="S",
            min=0,
            max=MAX_SEED,
            help="Seed of the weights and of the draw of the faces.",
        ),
    ] = 0,
    storage: StudyStorage = None,
    json: Json = False,
) -> None:
    """Compute training-free scores of networks with random weights: synflow, NASWOT and ZiCo.

    They are shown beside params and MAdds (of the network's own input size, whatever
    --resolution), the higher the better by their papers. Not used by search: see
    studies/lfw_training_free.
    """
    from seesawnas.cli.views.device import steps_shown

    points = [find_network(ref, storage) for ref in refs]
    with steps_shown() as say:
        values = _values(refs, points, data, batch, resolution, seed, say)
    if json:
        from seesawnas.cli.views.output import print_json

        print_json(values)
    else:
        _show(values)


def _values(
    refs: list[str],
    points: list[SearchPoint],
    data: str | None,
    batch: int,
    resolution: int,
    seed: int,
    say: Any,
) -> dict[str, Any]:
    from seesawnas.cost import cost
    from seesawnas.data import load_faces
    from seesawnas.evaluation.training_free import draw_batch, training_free_scores

    loaded: dict[tuple[int, int], FaceData] = {}
    rows = []
    for ref, point in zip(refs, points, strict=True):
        say(f"scoring {ref}")
        spec = point.spec.at_side(resolution)
        image = spec.input
        size = (image.height, image.width)
        if size not in loaded:
            loaded[size] = load_faces(data, resolution=size)
        faces = draw_batch(loaded[size].training, batch, mean=image.mean, std=image.std, seed=seed)
        total = cost(point.spec)
        rows.append(
            {
                "network": ref,
                "digest": point.spec.digest(),
                "madds": total.madds,
                "params": total.params,
                "input": list(size),
                "scores": training_free_scores(spec, faces, seed=seed),
            }
        )
    title = next(iter(loaded.values())).title
    return {"data": title, "batch": batch, "seed": seed, "networks": rows}


def _show(values: dict[str, Any]) -> None:
    from seesawnas.cli.views.output import console, count, table
    from seesawnas.cost import COSTS
    from seesawnas.evaluation.training_free import TRAINING_FREE

    costs = ("madds", "params")
    rows = [
        (
            one["network"],
            *(count(one[name]) for name in costs),
            *(_figure(one["scores"][name]) for name in TRAINING_FREE),
        )
        for one in values["networks"]
    ]
    heads = ("network", *(f">{COSTS[name].title}" for name in costs))
    out = console()
    out.print(table((*heads, *(f">{one.title}" for one in TRAINING_FREE.values())), rows))
    out.print(
        f"{values['batch']} faces of {values['data']}; random weights of seed {values['seed']}",
        markup=False,
        soft_wrap=True,
    )


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
