"""The trials of a study as runs of MLflow: python to_mlflow.py runs/NAME."""

import sys

import mlflow

import seesawnas as sn

COLUMNS = ["accuracy", "auc", "madds", "params"]

study = sn.Study(sys.argv[1])
mlflow.set_experiment(study.name)
for number, trial in study.frame().query("state == 'complete'").iterrows():
    with mlflow.start_run(run_name=f"{study.name}:{number}"):
        mlflow.log_params({"digest": trial["digest"]})
        mlflow.log_metrics(trial[COLUMNS].astype(float).to_dict())
