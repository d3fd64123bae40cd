# `make run` and `make test` are all that a fresh clone needs; `make help` lists the rest.

PYTHON ?= python3
PORT   ?= 8501

VENV := .venv
BIN  := $(VENV)/bin
# Building the editable install warns about folders named like packages; ours are the packages.
PIP  := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check
NODE := $(shell command -v node 2>/dev/null)
NPM  := $(shell command -v npm 2>/dev/null)
JS_TESTS = $(wildcard tests/js/*.test.js)

.DEFAULT_GOAL := help
.PHONY: help run test check lint types-js fast-tests js-tests chromium checkpoints bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.packages ## start the app (PORT=8501)
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(VENV)/.dev-packages chromium $(if $(NPM),node_modules/.stamp) js-tests ## every test, browser tests included
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

check: lint fast-tests js-tests ## ruff, mypy, tsc and the fast tests: before each commit

lint: $(VENV)/.dev-packages types-js
	$(BIN)/ruff check .
	$(BIN)/mypy

fast-tests: $(VENV)/.dev-packages
	$(BIN)/python -m pytest -m "not browser and not slow"

js-tests:
ifeq ($(NODE),)
	@echo "node is not installed: the JavaScript unit tests are skipped"
else
	$(if $(JS_TESTS),node --test --test-reporter=dot $(JS_TESTS))
endif

types-js: $(if $(NPM),node_modules/.stamp)
ifeq ($(NPM),)
	@echo "npm is not installed: the JavaScript type check is skipped"
else
	node_modules/.bin/tsc -p .
endif

chromium: $(VENV)/.dev-packages ## a browser for the tests, if none is there
	@$(BIN)/python tests/chromium.py

checkpoints: $(VENV)/.packages ## train models like those that ship
	$(BIN)/python -m vae_core train digits --out checkpoints
	$(BIN)/python -m vae_core train mnist --out checkpoints
	$(BIN)/python -m vae_core train fashion-mnist --out checkpoints
	$(BIN)/python -m vae_core reference digits --out checkpoints

bench: $(VENV)/.dev-packages chromium ## run every benchmark and write its result to benchmarks/results/
	@set -e; for script in $(filter-out %/common.py,$(wildcard benchmarks/*.py)); do echo "$$script"; $(BIN)/python "$$script" --write; done

clean: ## remove caches and builds (the virtual environment stays: rm -r .venv)
	rm -rf build dist *.egg-info node_modules .mypy_cache .pytest_cache .ruff_cache test-results
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# The stamps stand for "these packages are installed"; they are made again when a list of packages changes.
$(VENV)/.packages: requirements.txt pyproject.toml | $(BIN)/python
	@echo "installing packages into $(VENV) (a few minutes the first time)"
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev-packages: requirements-dev.txt $(VENV)/.packages
	$(PIP) -r requirements-dev.txt
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

node_modules/.stamp: package.json
	npm install --silent --no-audit --no-fund --no-package-lock
	@touch $@
