# Everything one does with a checkout of Cluedrop; `make help` lists it.
# Needs make, Python 3.11 or newer with venv, and PyPI. The environment lies in .venv and nowhere else.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
# A Python that the administrator did not install is never downloaded; another active environment is left alone.
UV := env -u VIRTUAL_ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy $(BIN)/uv
PYTEST := $(BIN)/python -m pytest -n auto

# ── the environment: made again only when what it is made of has changed ──────────────────────────────────────────

TOOL := .venv/.made-with-uv-$(UV_VERSION)
RUNNING := .venv/.installed
TESTING := .venv/.installed-dev
MEASURING := .venv/.installed-bench

$(TOOL):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Cluedrop needs Python 3.11 or newer, but \"$(PYTHON)\" is $$($(PYTHON) --version 2>/dev/null || echo missing)." >&2; \
	  echo "On Debian 12: apt-get install python3 python3-venv. Another Python: make PYTHON=/path/to/python3.11 ..." >&2; \
	  exit 1; }
	@$(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Making the environment in .venv (a minute or two, once) ..."; \
	  $(PYTHON) -m venv --clear .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(RUNNING): pyproject.toml uv.lock $(TOOL)
	@$(UV) sync --quiet --frozen --inexact --no-dev
	@touch $@

$(TESTING): pyproject.toml uv.lock $(TOOL)
	@$(UV) sync --quiet --frozen --inexact --group dev
	@touch $@ $(RUNNING)

$(MEASURING): pyproject.toml uv.lock $(TOOL)
	@$(UV) sync --quiet --frozen --inexact --group dev --group bench
	@touch $@ $(RUNNING) $(TESTING)

# ── trying it ─────────────────────────────────────────────────────────────────────────────────────────────────────

define TRY
The daemon watches inbox/ of this checkout; Ctrl+C ends it. Try it from a second terminal:

  cp tests/golden/demo/clue/[12]_*.json inbox/clue/            customers and invoices of CLUE ...
  ls outbox/*                                                  ... become FIBU files, and answers for CLUE
  cp tests/golden/demo/bmd/OP-Liste_fehlerhaft.csv inbox/bmd/  an open-item list with two wrong cells ...
  cat inbox/bmd/rejected/*.hinweis.txt                         ... comes back with a note
  .venv/bin/python daemon.py status                            what has happened

endef
export TRY

.PHONY: help demo run
help: ## list what can be made
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNNING) ## a temporary site: every sample is dropped and what came out is shown
	@$(BIN)/python daemon.py demo

run: $(RUNNING) ## the daemon in the foreground, on the folders of this checkout; Ctrl+C ends it
	@echo "$$TRY"
	@exec $(BIN)/python daemon.py run

# ── proving it ────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: test check lint types packages golden reference bench
test: $(TESTING) packages lint types ## everything that is needed, then lint, types and all tests
	@$(PYTEST)

check: $(TESTING) lint types ## lint, types and the fast tests, in less than a minute
	@$(PYTEST) -m "not slow"

lint: $(TESTING) ## style, formatting, import rule, unused packages
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "not formatted; run $(BIN)/ruff format" >&2; exit 1; }
	@$(BIN)/lint-imports --no-cache > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@$(BIN)/deptry --no-ansi . 2> .venv/deptry.log || { cat .venv/deptry.log; exit 1; }

types: $(TESTING) ## mypy, strict
	@$(BIN)/mypy

packages: ## Debian packages that the tests need (installed when root)
	@wanted=$$(sed -e 's/#.*//' tests/system-packages.txt | xargs); missing=""; \
	command -v dpkg-query > /dev/null || { echo "No Debian: the tests need the likes of: $$wanted"; exit 0; }; \
	for name in $$wanted; do \
	  dpkg-query -W -f '$${Status}' "$$name" 2>/dev/null | grep -q '^install ok installed' || missing="$$missing $$name"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	[ "$$(id -u)" = 0 ] || { echo "Tests that need them will fail; as root: apt-get install$$missing" >&2; exit 0; }; \
	echo "Installing$$missing ..."; \
	apt-get update -qq; \
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing > /dev/null

golden: $(TESTING) ## write the golden files anew; read the difference before you commit it
	@[ -z "$${CI:-}" ] || { echo "Golden files are never written in CI." >&2; exit 1; }
	@CLUEDROP_UPDATE_GOLDEN=1 $(PYTEST) -m "not slow" tests || true
	@git status --short -- tests/golden docs/exchange

reference: $(TESTING) ## write config/reference.toml anew from the models
	@$(BIN)/python -m tests.config.shipped

BENCH ?= $(patsubst bench/%.py,%,$(shell grep -l __main__ bench/*.py))
bench: $(MEASURING) ## measure speed and memory, each beside its limit (one alone: make bench BENCH=op_list)
	@for name in $(BENCH); do echo "== $$name"; $(BIN)/python -m bench.$$name; done

# ── proving that nothing is lost: hours, not minutes ─────────────────────────────────────────────────────────────

.PHONY: torture soak powercut failing-disk fuzz
ROUNDS ?= 1000
torture: $(TESTING) ## random crashes of daemon, workers, all of them; every file and result counted (ROUNDS=1000)
	@$(BIN)/python -m tests.torture --rounds "$(ROUNDS)"

HOURS ?= 2
soak: $(TESTING) ## hours of ordinary life with bursts, restarts and kills; every file and result counted (HOURS=2)
	@$(BIN)/python -m tests.soak --minutes "$$(awk 'BEGIN { print $(HOURS) * 60 }')"

powercut: $(TESTING) packages ## cut the power at every sync (a tenth: EVERY=10; a real ext4: DISK=ext4); as root
	@$(BIN)/python -m tests.daemon.power_cuts --every $(or $(EVERY),1) --disk "$(DISK)"

failing-disk: $(TESTING) packages ## let every call to the disk fail in turn (a tenth: make failing-disk EVERY=10); as root
	@$(BIN)/python -m tests.daemon.failing_disk --every $(or $(EVERY),1)

MINUTES ?= 60
fuzz: $(TESTING) ## fuzz every reader with coverage (make fuzz MINUTES=60); findings lie below .fuzz/findings
	@$(UV) sync --quiet --frozen --inexact --group dev --group fuzz
	@nice $(BIN)/python -m tests.fuzzing.run --minutes $(MINUTES)

# ── tidying, installing ───────────────────────────────────────────────────────────────────────────────────────────

.PHONY: clean
clean: ## remove the environment and all caches; data folders stay
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# install and uninstall, for the administrator of a server
-include systemd/install.mk
