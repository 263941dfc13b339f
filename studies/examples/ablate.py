"""An ablation from Python.

One design choice of a network changed, all trained from several seeds, what each is worth.

    python ablate.py

Run it again with more SEEDS: it adds their trainings to the study.
"""

from __future__ import annotations

from seesawnas.ablation import opened, plan_of, verdict_words
from seesawnas.study import Failed, Finished

# What `seesawnas ablate` takes as options, and a study file as keys. These are tiny, to see it work
# in a minute: with two seeds nothing but a catastrophe can be told from noise.
PLAN = {
    "study": "example_ablation",  # its folder: runs/example_ablation
    "base": "paper/seesaw_share",  # any network, also a trial of a study: search_150m:best
    "scale": 0.25,  # of its widths, so that it trains in seconds
    "factors": "se",  # what is changed: se, split, kind, activation ...
    "levels": {"se": [4, 0]},  # the base has 4
    "match": "none",  # "madds": rescale every arm to the base's cost
    "seeds": 2,
    "data": None,  # a folder of faces, one sub-folder an identity; None: the default faces
    "epochs": 1,
    "resolution": 32,
    "share": 0.25,  # of the identities to train on
    "engine": "local",  # processes of this machine; "ray" for a cluster
    "workers": 1,
}


def main() -> None:
    """Train all arms, then say what was found."""
    plan = plan_of(None, PLAN)  # checks every key, and says all that is wrong at once
    with opened(plan) as session:
        for event in session.run():
            match event:
                case Finished():
                    print(f"training {event.number}: AUC {event.measurement.scores.auc:.4f}")
                case Failed():
                    print(f"training {event.number} failed: {event.reason}")
        result = session.result()

    for arm in result.arms:
        values = ", ".join(f"{value:.4f}" for _, value in arm.values)
        print(f"{arm.name}: {arm.madds:,} MAdds, AUC of each seed {values}")
    for sentence in verdict_words(result):
        print(sentence)


if __name__ == "__main__":  # worker processes import this file
    main()
