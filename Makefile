# Two commands do all the set-up on a fresh machine: `make search` and `make test`; `make demo` is a search of a minute, and
# `make docs` builds the documentation.
PYTHON ?= python3
BIN := .venv/bin
# Two workers, each with torch's threads, on two cores: a thread that waits leaves its core to others.
PYTEST := OMP_WAIT_POLICY=passive $(BIN)/pytest -n 2 --dist loadfile
# `make test SLOW=1`, which CI runs, adds the tests that are marked slow.
QUICK := $(if $(SLOW),,-m "not slow")
# `make test COVERAGE=1` reports which lines the tests ran; it takes about a third longer.
PYTEST += $(if $(COVERAGE),--cov=seesawnas --cov-report=term:skip-covered)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: search demo test fuzz format docs docs-outputs docs-pictures

search: .venv/installed
	$(BIN)/seesawnas search --budget 150M

# A search of a minute, and its report.
demo: .venv/installed
	$(BIN)/seesawnas search demo
	$(BIN)/seesawnas report demo

test: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) $(QUICK)

# The property tests on examples drawn anew, which `make test` never does: its examples are the same each time.
fuzz: .venv/installed-dev
	HYPOTHESIS_PROFILE=fuzz $(PYTEST) -m "not slow"

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The documentation, into build/docs; a warning is an error.
docs: .venv/installed-docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -c docs -b html . build/docs

# The outputs and the pictures that pages show.
docs-outputs: .venv/installed-dev
	$(BIN)/python -m docs.tools.outputs

docs-pictures: .venv/installed-dev
	$(BIN)/python -m docs.tools.pictures

.venv/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) --editable ".[check,dashboard,onnx]"
	touch $@

.venv/installed-dev: .venv/installed
	$(PIP) --editable ".[dev]"
	touch $@

.venv/installed-docs: .venv/installed
	$(PIP) --editable ".[docs]"
	touch $@
