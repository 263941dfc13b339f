"""The study: its record, an Optuna study that is the only truth, and the engines that run its trials."""

from optuna.trial import FrozenTrial as Trial
from optuna.trial import TrialState

from seesawnas.io.disk import on_disk
from seesawnas.study.asha import Halving, Judge
from seesawnas.study.dashboard.api import Attached, Showcase, StudyView
from seesawnas.study.dashboard.app import dashboard_app
from seesawnas.study.driver import OUT_OF_TIME, Began, DriverEvent, Ended, Plan, Propose, Stopped, drive
from seesawnas.study.engines.base import (
    Engine,
    EngineEvent,
    Failed,
    Finished,
    InlineEngine,
    Lost,
    Progressed,
    events_of,
)
from seesawnas.study.engines.local import LocalEngine
from seesawnas.study.engines.ray.cluster import check_cluster
from seesawnas.study.engines.ray.engine import RayEngine
from seesawnas.study.engines.registry import ENGINES, EngineSettings, check_engine, started
from seesawnas.study.library import StudyFile, shipped_studies
from seesawnas.study.objectives import ACCURACY, COSTS, QUALITIES, Objectives, unbeaten
from seesawnas.study.record.proposal import Proposal, measurement_of, options_of, trial_proxy, trial_spec
from seesawnas.study.record.provenance import Run, kept_run, provenance
from seesawnas.study.record.record import FINISHED, StudyRecord
from seesawnas.study.record.starts import Start, read_starts
from seesawnas.study.record.validation import LeftOut
from seesawnas.study.reference import find_network, trial_point
from seesawnas.study.repeats import Repeats, best_trial, ranked_trials, read_repeats, repeats_name
from seesawnas.study.stopping import StopRules
from seesawnas.study.storage.checkpoints import Checkpoints
from seesawnas.study.storage.identity import keep_name, stored_name
from seesawnas.study.storage.open import check_storage, held, latest_study, open_storage, storage_url, study_folder
from seesawnas.study.storage.urls import shown_url
from seesawnas.study.trial import Measurement, Proxy, Scores, TrialEpoch, TrialJob, run_trial
from seesawnas.study.view import StoredStudy, find_study, study_number, study_view

__all__ = [
    "ACCURACY",
    "COSTS",
    "ENGINES",
    "FINISHED",
    "OUT_OF_TIME",
    "QUALITIES",
    "Attached",
    "Began",
    "Checkpoints",
    "DriverEvent",
    "Ended",
    "Engine",
    "EngineEvent",
    "EngineSettings",
    "Failed",
    "Finished",
    "Halving",
    "InlineEngine",
    "Judge",
    "LeftOut",
    "LocalEngine",
    "Lost",
    "Measurement",
    "Objectives",
    "Plan",
    "Progressed",
    "Proposal",
    "Propose",
    "Proxy",
    "RayEngine",
    "Repeats",
    "Run",
    "Scores",
    "Showcase",
    "Start",
    "StopRules",
    "Stopped",
    "StoredStudy",
    "StudyFile",
    "StudyRecord",
    "StudyView",
    "Trial",
    "TrialEpoch",
    "TrialJob",
    "TrialState",
    "best_trial",
    "check_cluster",
    "check_engine",
    "check_storage",
    "dashboard_app",
    "drive",
    "events_of",
    "find_network",
    "find_study",
    "held",
    "keep_name",
    "kept_run",
    "latest_study",
    "measurement_of",
    "on_disk",
    "open_storage",
    "options_of",
    "provenance",
    "ranked_trials",
    "read_repeats",
    "read_starts",
    "repeats_name",
    "run_trial",
    "shipped_studies",
    "shown_url",
    "started",
    "storage_url",
    "stored_name",
    "study_folder",
    "study_number",
    "study_view",
    "trial_point",
    "trial_proxy",
    "trial_spec",
    "unbeaten",
]
