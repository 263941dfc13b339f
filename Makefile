# Two commands do all the set-up on a fresh machine: `make search` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: search test fuzz format

search: .venv/installed
	$(BIN)/seesawnas search --budget 150M

test: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile

# The property tests on examples drawn anew, which `make test` never does: its examples are the same each time.
fuzz: .venv/installed-dev
	HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest -n 2 --dist loadfile -m "not slow"

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.venv/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) --editable ".[check,dashboard,onnx]"
	touch $@

.venv/installed-dev: .venv/installed
	$(PIP) --editable ".[dev]"
	touch $@
