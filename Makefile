# Everything a person needs is a target of this file; `make help` lists them.
# A fresh machine needs Python 3.11-3.13 (with venv) and make, nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.siar-ready
# Words for `siar`/pytest: make test PYTEST_ARGS="-k ledger"
PYTEST_ARGS ?=
WORKERS ?= auto
ROOMS := flows tasks connectors sop ledger archive monev deployments
# Fast ones first, so that a plain mistake is shown first (tests/conftest.py orders the long ones).
TESTS := $(wildcard tests/unit tests/contract tests/e2e tests/flow)

.PHONY: help demo start test fast lint docs bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## Carry the example release through all nine steps, in rehearsal, and stop
	@$(BIN)/siar demo

start: $(READY) ## Start server, worker and (where no channel is set) rehearsal channels; Ctrl-C stops
	@$(BIN)/siar start

test: lint ## Check style, types, imports and docs, then run every test
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=10 $(TESTS) $(PYTEST_ARGS)

fast: $(READY) ## Run the unit tests only
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --durations=5 tests/unit $(PYTEST_ARGS)

lint: $(READY) ## Check style, types, the one way of imports, and that the docs are up to date
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m deployments.reference --check

docs: $(READY) ## Write docs/cli.md and docs/pengaturan.md anew from the code
	@$(BIN)/python -m deployments.reference

bench: $(READY) ## Measure; prints JSON lines
	@if ls benchmarks/*.py >/dev/null 2>&1; then \
	  for part in benchmarks/[a-z]*.py; do $(BIN)/python "$$part" || exit 1; done; \
	else echo "No benchmarks yet." >&2; fi

clean: ## Remove the environment (data under var/ stays)
	rm -rf $(VENV)

# The environment is made from the lock, and again whenever the lock or the
# project changes. pip refuses every file whose hash is not in the lock. The lock
# is complete, so nothing is resolved: older pips stumble over extras
# (sqlalchemy[asyncio]) when they resolve and check hashes at once.
$(READY): requirements.lock pyproject.toml .ci/find-python
	@python=$$(sh .ci/find-python) || exit 1; \
	if [ -x $(BIN)/python ] && $(BIN)/python -c 'import pip' 2>/dev/null; then :; else \
	  echo "Making $(VENV) with $$python"; rm -rf $(VENV); "$$python" -m venv $(VENV) || exit 1; fi
	@echo "Installing what requirements.lock names (once; some minutes on a slow line)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "Compiling it, so that every start is quick"
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib $(ROOMS) >/dev/null 2>&1 || true
	@touch $(READY)
