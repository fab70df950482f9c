# Each target does all its own set-up: a virtual environment in .venv, from the lock file, without root.
PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin
NEWEST ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python3.13) $(shell python3.13 -c 'import sys; print(sys.executable)' 2>/dev/null))
# On the newest Python: unit and contract tests, everything around Chaos Toolkit, and one drill.
NEWEST_TESTS := "tests/e2e/test_drills.py::test_the_drill_passes_and_recovers_by_the_automation[login-outage]" \
	tests/faults tests/test_keeper.py tests/core tests/formats tests/contracts tests/conduct tests/settings
STAMP  := $(VENV)/.installed

.PHONY: demo test test-newest check fix lock bench clean
.DEFAULT_GOAL := help

help:
	@echo "make demo   run a real drill on the embedded shop"
	@echo "make test   everything CI runs"
	@echo "make check  format, lint, types, contracts, dead code, dependencies"
	@echo "make bench  the README's figures, measured here"
	@echo "make lock   renew requirements.lock"

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps -e .
	touch $@

demo: $(STAMP)
	$(BIN)/gameday run scenarios/api-latency-spike.yaml --responder scenarios/responders/api-latency-spike.yaml

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/deptry .

# Files run side by side: most tests wait for real processes rather than compute. In the order given: the long
# ones first, or the last of them run alone.
SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder

test: check
	$(BIN)/pytest $(SIDE_BY_SIDE) tests/docs tests/e2e tests/pipelines tests
	$(MAKE) test-newest

# The newest Python brings the other generation of Chaos Toolkit: unit, contract and one drill.
test-newest:
ifeq ($(NEWEST),)
	@echo "no Python 3.13 here: its tests are skipped"; test -z "$$CI"
else
	$(MAKE) PYTHON=$(NEWEST) VENV=.venv-newest .venv-newest/.installed
	.venv-newest/bin/pytest $(SIDE_BY_SIDE) $(NEWEST_TESTS)
endif

# Each bench ends with 1 when a figure misses its bound; all run, and one that missed fails the target.
BENCHES := $(shell grep -l "^if __name__" bench/*.py)

bench: $(STAMP)
	@missed=""; for bench in $(BENCHES); do \
		echo; echo "$$bench"; $(BIN)/python $$bench || missed="$$missed $$bench"; \
	done; test -z "$$missed" || { echo "missed:$$missed"; exit 1; }

fix: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(STAMP)
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --extra postgresql --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .gameday .mypy_cache .ruff_cache .pytest_cache .hypothesis
