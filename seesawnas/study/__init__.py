"""The study: its record, an Optuna study that is the only truth, and the engines that run its trials."""

from optuna.trial import FrozenTrial as Trial
from optuna.trial import TrialState

from seesawnas.study.driver import Began, DriverEvent, Propose, drive
from seesawnas.study.engine import Engine, EngineEvent, Failed, Finished, Lost, Progressed
from seesawnas.study.local import LocalEngine
from seesawnas.study.record import Proposal, StudyRecord, trial_spec
from seesawnas.study.reference import trial_point
from seesawnas.study.store import check_storage, held, open_storage, storage_url, study_folder
from seesawnas.study.trial import Measurement, Proxy, TrialJob, run_trial

__all__ = [
    "Began",
    "DriverEvent",
    "Engine",
    "EngineEvent",
    "Failed",
    "Finished",
    "LocalEngine",
    "Lost",
    "Measurement",
    "Progressed",
    "Proposal",
    "Propose",
    "Proxy",
    "StudyRecord",
    "Trial",
    "TrialJob",
    "TrialState",
    "check_storage",
    "drive",
    "held",
    "open_storage",
    "run_trial",
    "storage_url",
    "study_folder",
    "trial_point",
    "trial_spec",
]
