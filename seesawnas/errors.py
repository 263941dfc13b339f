"""Every error that seesawnas raises on purpose.

SeesawnasError
|-- InvalidInput            the user's fault: one line, exit code 2, no traceback
|   |-- DocumentError       a YAML file breaks rules; carries every fault of the file
|   |-- SpecError           a network that cannot be built as written
|   |-- BlockError          a kind of block that breaks the rules of kinds: its author's fault
|   |-- BudgetError         a budget that does not parse, or that nothing can meet
|   |-- UnknownReference    a REF that names nothing
|   |-- DataError           faces that cannot be read, or too few of them
|   |-- StudyError          a study that is held, missing, made with other settings or asked for the
|   |                       impossible
|   `-- RunError            a training whose folder is held or another training's, or that is asked
|                           for the impossible
|-- TrialError              a training failed (NaN, divergence, dead worker); a search goes on
`-- CheckpointError         a checkpoint is damaged or another's; the training goes on from an older
                            one, or starts again
"""

from __future__ import annotations

from seesawnas.text import bounded


class SeesawnasError(Exception):
    """Root of the tree; catch it to catch everything that seesawnas raises on purpose."""


class InvalidInput(SeesawnasError):
    """The user's fault: ``str(error)`` is what the command line prints before it exits with 2.

    It quotes what users and files say, and so it is cut to lines, and a number of lines, that a
    person reads.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(bounded(message))


class DocumentError(InvalidInput):
    """A YAML document breaks rules.

    ``faults`` holds one line per fault, each ``place: rule, got value``; ``str(error)`` joins the
    first of them, each after the file.
    """

    def __init__(self, source: str, faults: list[str]) -> None:
        self.source = source
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{source}: {fault}" for fault in faults))


class SpecError(InvalidInput):
    """A network whose numbers do not fit together.

    Such as a split that does not divide its channels.
    """


class BlockError(InvalidInput):
    """A kind of block that breaks the rules of kinds, whatever network it is part of.

    It is the fault of the kind's author.
    """


class BudgetError(InvalidInput):
    """A budget that does not parse, or that no network of a space can meet."""


class UnknownReference(InvalidInput):
    """A REF that is neither a file, nor a shipped name, nor a trial of a study."""


class DataError(InvalidInput):
    """Faces that cannot be read, or too few of them to train and verify on."""


class StudyError(InvalidInput):
    """A study that is held, missing, made with other settings or asked for the impossible.

    Another driver holds it, it does not exist, or its plan cannot be carried out.
    """


class RunError(InvalidInput):
    """A training whose folder is held or another training's, or that is asked for the impossible.

    Another process holds the folder, another training fills it, or the plan cannot be carried out.
    """


class TrialError(SeesawnasError):
    """A training failed, with its reason; in a search it is recorded and never ends the search."""


class CheckpointError(SeesawnasError):
    """A checkpoint that is damaged, or another training's.

    The training that finds it goes on from an older one, or starts again.
    """
