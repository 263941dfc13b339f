"""``NetworkDashboardContent``: what the dashboard shows of studies of networks and their trials."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from seesawnas.cost import ALL_COSTS
from seesawnas.evaluation.metrics import METRICS
from seesawnas.report.network.diagram import diagram
from seesawnas.report.study import notes
from seesawnas.study import Artifact, StudyView, Trial, trial_spec
from seesawnas.text import plain

# What the dashboard's tables show of a trial, with units; the division makes it short enough for a
# column.
_OTHERS = {
    "seconds": "seconds",
    "stopped_after": "stopped after epoch",
    "variant": "variant",
    "teacher": "teacher",
    "reason": "reason",
    "interrupted": "interrupted by",
}
_HIDDEN = {
    "digest",
    "digest_of",
    "digest_before",
    "key",
    "label",
    "spec",
    "proxy",
    "measurement",
    "losses",
    "fixed",
}
_HEXADECIMAL = re.compile("[0-9a-f]{1,64}")
_LONGEST = 80  # characters of a value that a table shows


@dataclass(frozen=True, slots=True)
class NetworkDashboardContent:
    """Notes, figures and files of studies of networks.

    ``refs`` says how commands name a study that is not under runs/.
    """

    refs: Mapping[str, str]

    def study_note(self, study: StudyView) -> str:
        """The best networks, the settings, how to read the names."""
        return notes.study_note(study, self._ref(study))

    def study_attributes(self, study: StudyView) -> dict[str, str]:
        """The settings, one per row."""
        return {
            name: value
            for name, value in notes.settings(study.attributes)
            if len(value) <= _LONGEST
        }

    def figures(self, study: StudyView) -> dict[str, str]:
        """Accuracy against MAdds, and learning curves."""
        from seesawnas.report.plots.study import study_figures

        return study_figures(study)

    def trial_note(self, study: StudyView, trial: Trial) -> str:
        """The diagram, the costs, what was measured, the spec."""
        files = {
            file.name: f"/artifacts/{study.number}/{trial._trial_id}/{file.id}"
            for file in self.attached(trial)
        }
        return notes.trial_note(trial, f"{self._ref(study)}:{trial.number}", tuple(files.values()))

    def trial_attributes(self, trial: Trial) -> dict[str, float | str]:
        """Short facts, with units in their names."""
        attrs = trial.user_attrs
        if "spec" not in attrs:
            return {name: _short(value) for name, value in attrs.items()}
        found: dict[str, float | str] = {"network": str(attrs.get("label") or attrs["digest"])}
        found |= {
            kind.column: round(attrs[name] / kind.SCALE, 3)
            for name, kind in ALL_COSTS.items()
            if name in attrs
        }
        for name, title in _titles().items():
            if attrs.get(name) not in (None, ""):
                found[title] = _short(attrs[name])
        hidden = {*_HIDDEN, *ALL_COSTS, *_titles()}
        return found | {
            name: _short(value)
            for name, value in attrs.items()
            if name not in hidden and _is_plain(value)
        }

    def attached(self, trial: Trial) -> tuple[Artifact, ...]:
        """The diagram and the spec.

        Their names hold the digest: what a browser keeps of them is never out of date.
        """
        if "spec" not in trial.user_attrs:
            return ()
        digest = _address(str(trial.user_attrs["digest"]))
        name = f"trial_{trial.number}"
        return (
            Artifact(f"{digest}d", f"{name}.svg", "image/svg+xml"),
            Artifact(f"{digest}5", f"{name}.yaml", "text/plain; charset=utf-8"),
        )

    def content(self, trial: Trial, attached: Artifact) -> bytes:
        """The file; a diagram is drawn when it is looked at."""
        if attached.name.endswith(".yaml"):
            return plain(str(trial.user_attrs["spec"])).encode()
        spec = trial_spec(trial)
        return diagram(
            spec.renamed(trial.user_attrs.get("label") or f"trial {trial.number}")
        ).encode()

    def _ref(self, study: StudyView) -> str:
        return self.refs.get(study.name, study.name)


def _titles() -> dict[str, str]:
    """What the tables show of a trial's figures, by the names that are stored."""
    found: dict[str, str] = {}
    for name, metric in METRICS.items():
        found[name] = metric.label
        found |= {"accuracy_std": "accuracy ± over folds"} if name == "accuracy" else {}
    return found | _OTHERS


def _address(digest: str) -> str:
    """A digest that may stand in an address.

    It is hexadecimal, whatever another program called a digest.
    """
    return (
        digest
        if _HEXADECIMAL.fullmatch(digest)
        else sha256(digest.encode("utf-8", "replace")).hexdigest()[:16]
    )


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and len(str(value)) <= _LONGEST


def _short(value: Any) -> float | str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value, 4)
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
