"""A search from Python: a study of proxy-trained networks under a budget, and its results.

    python search.py

Run it twice: the second run finds all trials done and only shows them. With more TRIALS it resumes.
"""

from __future__ import annotations

import seesawnas as sn
from seesawnas.search import opened, plan_of
from seesawnas.study import Failed, Finished

# What `seesawnas search` takes as options, and a study file as keys. These are tiny, to see it work
# in a minute; a search that tells networks apart has the defaults of `epochs`, `resolution` and
# `share`, and a hundred trials or more.
PLAN = {
    "study": "example_search",  # its folder: runs/example_search
    "space": "seesaw",  # or a YAML file of your own
    "budget": "40M..60M",  # of MAdds; no network outside is ever built
    "data": None,  # a folder of faces, one sub-folder an identity; None: the default faces
    "points": "none",  # no paper points first
    "trials": 3,
    "epochs": 1,
    "resolution": 32,
    "share": 0.25,  # of the identities to train on
    "engine": "local",  # processes of this machine; "ray" for a cluster
    "workers": 1,
    "seed": 0,
}


def main() -> None:
    """Search, then read the study."""
    plan = plan_of(None, PLAN)  # checks every key, and says all that is wrong at once
    with opened(plan) as session:  # holds the study: another process cannot drive it meanwhile
        for event in session.run():
            match event:
                case Finished():
                    print(f"trial {event.number}: accuracy {event.measurement.scores.accuracy:.4f}")
                case Failed():
                    print(f"trial {event.number} failed: {event.reason}")

    study = sn.Study(plan.folder)  # only reads, also while a search runs
    print(study)
    print(study.frame()[["state", "rank", "accuracy", "madds", "stages.1.width"]])
    print("Pareto front: trials", study.pareto().index.tolist())
    best = study.best()
    print(f"best: {best.digest()}, {sn.cost(best).madds:,} MAdds")
    study.figure("pareto").write_html(plan.folder / "pareto.html")


if __name__ == "__main__":  # worker processes import this file
    main()
