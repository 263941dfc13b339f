"""The study: its record (an Optuna study with all state) and the engines that run trials."""

from typing import TYPE_CHECKING

from seesawnas.io.lazy import lazy_exports

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial as Trial
    from optuna.trial import TrialState

    from seesawnas.io.disk import on_disk
    from seesawnas.study.dashboard.api import Artifact, DashboardContent
    from seesawnas.study.dashboard.app import dashboard_app
    from seesawnas.study.driver import (
        TIME_LIMIT_REACHED,
        DriverEvent,
        Ended,
        Propose,
        Stopped,
        TrialSetup,
        TrialStarted,
        drive,
    )
    from seesawnas.study.engines.base import (
        Engine,
        EngineEvent,
        EpochFinished,
        Failed,
        Finished,
        InlineEngine,
        Lost,
        run_job_events,
    )
    from seesawnas.study.engines.local import LocalEngine
    from seesawnas.study.engines.ray.cluster import check_cluster
    from seesawnas.study.engines.ray.engine import RayEngine
    from seesawnas.study.engines.registry import (
        ENGINES,
        EngineFactory,
        EngineSettings,
        check_engine,
        engine_factory,
    )
    from seesawnas.study.library.changes import copy_study, delete_study, rename_study
    from seesawnas.study.library.export import exported_trials
    from seesawnas.study.library.files import StudyFile, shipped_studies
    from seesawnas.study.library.places import StudyPlace
    from seesawnas.study.library.reference import find_network
    from seesawnas.study.library.summary import StudySummary, list_studies
    from seesawnas.study.library.trials import trial_point
    from seesawnas.study.library.view import (
        StoredStudy,
        StudyView,
        find_study,
        load_view,
        study_number,
    )
    from seesawnas.study.objectives import (
        ACCURACY,
        MAIN_COSTS,
        MAIN_METRICS,
        Objectives,
        non_dominated,
    )
    from seesawnas.study.ranking import (
        Repeating,
        Repeats,
        ResultRow,
        best_trial,
        network_rows,
        pareto_front,
        rank,
        rank_trials,
        read_repeats,
    )
    from seesawnas.study.record.finalists import (
        measure_finalists,
        measured_latencies,
        missed_limit,
    )
    from seesawnas.study.record.proposal import (
        Proposal,
        measurement_of,
        options_of,
        trial_proxy,
        trial_spec,
    )
    from seesawnas.study.record.provenance import Run, provenance
    from seesawnas.study.record.record import FINISHED, StudyRecord
    from seesawnas.study.record.starts import Start, read_starts
    from seesawnas.study.record.validation import SkippedTrial
    from seesawnas.study.session import (
        REPEATS,
        Noted,
        SessionEvent,
        Source,
        StudyPart,
        StudySession,
        Work,
        open_session,
        preflight,
    )
    from seesawnas.study.stopping import Asha, AshaPruner, StopRules
    from seesawnas.study.storage.identity import repeats_name, store_study_name, stored_name
    from seesawnas.study.storage.open import (
        check_storage,
        latest_study,
        lock_study,
        open_storage,
        storage_url,
        study_folder,
    )
    from seesawnas.study.storage.urls import shown_url
    from seesawnas.study.trial import Measurement, Proxy, Scores, TrialEpoch, TrialJob, run_trial
    from seesawnas.train.checkpoint import Checkpoints
else:
    __getattr__ = lazy_exports(__name__)

__all__ = [
    "ACCURACY",
    "ENGINES",
    "FINISHED",
    "MAIN_COSTS",
    "MAIN_METRICS",
    "REPEATS",
    "TIME_LIMIT_REACHED",
    "Artifact",
    "Asha",
    "AshaPruner",
    "Checkpoints",
    "DashboardContent",
    "DriverEvent",
    "Ended",
    "Engine",
    "EngineEvent",
    "EngineFactory",
    "EngineSettings",
    "EpochFinished",
    "Failed",
    "Finished",
    "InlineEngine",
    "LocalEngine",
    "Lost",
    "Measurement",
    "Noted",
    "Objectives",
    "Proposal",
    "Propose",
    "Proxy",
    "RayEngine",
    "Repeating",
    "Repeats",
    "ResultRow",
    "Run",
    "Scores",
    "SessionEvent",
    "SkippedTrial",
    "Source",
    "Start",
    "StopRules",
    "Stopped",
    "StoredStudy",
    "StudyFile",
    "StudyPart",
    "StudyPlace",
    "StudyRecord",
    "StudySession",
    "StudySummary",
    "StudyView",
    "Trial",
    "TrialEpoch",
    "TrialJob",
    "TrialSetup",
    "TrialStarted",
    "TrialState",
    "Work",
    "best_trial",
    "check_cluster",
    "check_engine",
    "check_storage",
    "copy_study",
    "dashboard_app",
    "delete_study",
    "drive",
    "engine_factory",
    "exported_trials",
    "find_network",
    "find_study",
    "latest_study",
    "list_studies",
    "load_view",
    "lock_study",
    "measure_finalists",
    "measured_latencies",
    "measurement_of",
    "missed_limit",
    "network_rows",
    "non_dominated",
    "on_disk",
    "open_session",
    "open_storage",
    "options_of",
    "pareto_front",
    "preflight",
    "provenance",
    "rank",
    "rank_trials",
    "read_repeats",
    "read_starts",
    "rename_study",
    "repeats_name",
    "run_job_events",
    "run_trial",
    "shipped_studies",
    "shown_url",
    "storage_url",
    "store_study_name",
    "stored_name",
    "study_folder",
    "study_number",
    "trial_point",
    "trial_proxy",
    "trial_spec",
]
