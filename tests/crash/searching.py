"""A real search in a folder of its own, as a process that faults can be done to, and the count of
what came of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from seesawnas.errors import CheckpointError
from seesawnas.space import to_mapping, write_yaml
from seesawnas.study import FINISHED, StudyRecord, TrialState, open_storage
from seesawnas.testing.engines import SMALL_SPACE
from seesawnas.train.checkpoint import unpack
from tests.crash.ledger import JournalLedger, Ledger
from tests.crash.processes import ENGINES, descendants, heed_ctrl_c, nobody_left, workers
from tests.faces import write_folder
from tests.study.fakes import small_set
from tests.study.proposals import proposal

ROOT = Path(__file__).parents[2]
_PATIENCE = 400.0


@dataclass
class Figures:
    """What a study was asked for and what it holds; ``continued`` is how often a trial went on
    from its checkpoint, ``anew`` how many epochs behind it were trained again.
    """

    kills: Counter[str] = field(default_factory=Counter)
    wanted: int = 0
    found: int = 0
    doubled: int = 0
    lost: int = 0
    failed: int = 0
    running: int = 0
    fixed: int = 0
    studies: int = 1
    epochs: int = 0
    continued: int = 0
    anew: int = 0

    def add(self, other: Figures) -> None:
        self.kills += other.kills
        for name in (
            "wanted",
            "found",
            "doubled",
            "lost",
            "failed",
            "running",
            "fixed",
            "studies",
            "epochs",
            "continued",
            "anew",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def faultless(self) -> bool:
        """Whether nothing was lost, doubled, left running or trained again without need."""
        whole = self.found == self.wanted and self.fixed == self.studies
        return whole and not (self.doubled or self.lost or self.failed or self.running or self.anew)

    def __str__(self) -> str:
        kills = ", ".join(f"{number} {name}" for name, number in sorted(self.kills.items()))
        return (
            f"faults {sum(self.kills.values())} ({kills}); trials wanted {self.wanted}, found "
            f"{self.found}, "
            f"doubled {self.doubled}, lost {self.lost}, failed {self.failed}, left running "
            f"{self.running}, "
            f"fixed points {self.fixed} of {self.studies}; "
            f"epochs {self.epochs}, trials gone on from a checkpoint {self.continued}, epochs "
            f"behind it trained anew {self.anew}"
        )


class Searching:
    """A study of ``trials`` trials of ``epochs`` epochs each."""

    def __init__(
        self,
        folder: Path,
        *,
        engine: str = "local",
        trials: int = 6,
        epochs: int = 4,
        ledger: Ledger | None = None,
    ) -> None:
        self.folder, self.engine, self.trials, self.epochs = folder, engine, trials, epochs
        self.study = folder / "runs" / "crash"
        self.journal = self.study / "journal.log"
        self.ledger = ledger or JournalLedger(self.journal)
        self.process: subprocess.Popen[bytes] | None = None
        self.figures = Figures(wanted=trials)
        self._kept: list[tuple[int, dict[int, int]]] = []
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "small.yaml").write_text(write_yaml(SMALL_SPACE))
        (folder / "fixed.yaml").write_text(write_yaml(to_mapping(proposal(50).spec)))
        write_folder(folder / "faces", people=40, each=8)

    def start(self) -> None:
        """Give the command that starts the study or goes on with it."""
        words = [
            "--budget",
            "1M",
            "--space",
            "small.yaml",
            "--data",
            "faces",
            "--study",
            "crash",
            "--stall-timeout",
            "5m",
        ]
        words += ["--trials", str(self.trials), "--epochs", str(self.epochs), "--resolution", "32"]
        words += ["--points", "fixed.yaml", *ENGINES[self.engine][0]]
        words += ["--storage", self.ledger.url] if self.ledger.url else []
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "seesawnas", "search", *words],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=out,
                stderr=err,
                start_new_session=True,  # a group of its own, as a terminal makes one
                preexec_fn=heed_ctrl_c,
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    @property
    def errors(self) -> str:
        return (self.folder / "err").read_text()

    def workers(self) -> list[int]:
        return workers(self.pid, self.engine)

    def wait_until(self, what: Callable[[], bool]) -> bool:
        """Wait for ``what``; returns False where the search ends before."""
        for _ in range(int(_PATIENCE / 0.1)):
            if what():
                return True
            if self.ended:
                return False
            time.sleep(0.1)
        raise AssertionError(self.errors)

    def wait_for_epochs(self, more: int) -> bool:
        """Wait until ``more`` epochs were told; returns False where the search ends before."""
        goal = len(self.ledger.epochs()) + more
        return self.wait_until(lambda: len(self.ledger.epochs()) >= goal)

    def kill_driver(self) -> None:
        """As the kernel's out-of-memory killer would: the driver alone, at once.

        Its workers must follow by themselves.
        """
        assert self.process is not None
        below = descendants(self.pid)
        self.process.kill()
        self.process.wait()
        assert nobody_left(below), "workers outlived their driver"
        self.keep()

    def interrupt(self, signals: list[tuple[signal.Signals, float]]) -> int:
        """Send ``signals`` to the whole group, as a terminal does, each after a pause.

        Returns the exit code.
        """
        assert self.process is not None
        below = descendants(self.pid)
        for what, pause in signals:
            time.sleep(pause)
            try:
                os.killpg(self.pid, what)
            except ProcessLookupError:
                break
        code = self.process.wait(timeout=_PATIENCE)
        assert nobody_left(below), "workers outlived their driver"
        self.keep()
        return code

    def keep(self) -> None:
        """Remember which checkpoints lie there.

        The epochs behind them need not, and must not, be trained again.
        """
        kept = {}
        for path in (self.study / "checkpoints").glob("*.safetensors"):
            try:
                kept[int(path.stem)] = len(unpack(path.read_bytes())[1]["curve"])
            except CheckpointError:
                continue  # a test has corrupted it
        self._kept.append((len(self.ledger.epochs()), kept))

    def finish(self) -> str:
        """Run to the end, undisturbed; returns what was printed for people to see."""
        if self.ended:
            self.start()
        assert self.process is not None
        code = self.process.wait(timeout=_PATIENCE)
        assert code == 0, self.errors
        return self.errors

    def record(self) -> StudyRecord:
        storage = open_storage(self.ledger.url, self.study, writing=False)
        return StudyRecord(storage, "crash", small_set().decisions)

    def count(self) -> Figures:
        """The figures of the study as it stands."""
        figures, record = self.figures, self.record()
        trials = record.trials()
        keys = Counter(str(trial.user_attrs["key"]) for trial in trials)
        figures.found = len(record.trials(*FINISHED))
        figures.running = len(record.trials(TrialState.RUNNING))
        figures.failed = len(record.trials(TrialState.FAIL))
        figures.fixed = sum(bool(trial.user_attrs.get("fixed")) for trial in trials)
        figures.doubled = sum(number - 1 for number in keys.values())
        figures.lost = len(trials) - figures.found
        told = self.ledger.epochs()
        figures.epochs = len({*told})
        ends = [place for place, _ in self._kept[1:]] + [len(told)]
        for (place, kept), end in zip(self._kept, ends, strict=True):
            later = told[place:end]
            figures.continued += len(
                {number for number, epoch in later if 0 < kept.get(number, 0) < epoch}
            )
            figures.anew += sum(epoch <= kept.get(number, 0) for number, epoch in later)
        return figures

    def left_over(self) -> list[str]:
        """Files that a finished study has no use for."""
        return sorted(path.name for path in (self.study / "checkpoints").glob("*")) + sorted(
            path.name for path in self.study.glob("*.tmp")
        )
