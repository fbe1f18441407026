# Everything a newcomer and the CI run. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE # the tests start many processes: each would compile the product anew
.PHONY: help install run serve test test-slow nightly faults test-quick lint types imports format schema bench bench-scale bench-peers screenshots lock clean chromium

VENV := .venv
BIN := $(VENV)/bin
NODE_FOLDERS := web/ide web/console tests/audit tests/console
PEERS := benchmarks/peers
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/installed $(VENV)/node-installed ## Make the virtual environment with everything in it

run: install ## Start with demo data: database, server and logins
	@exec $(BIN)/dossier demo

serve: install ## Start for production (settings: DOSSIER_* variables)
	@exec $(BIN)/dossier serve

# Three processes, because one of two cores would often wait, in the groups of tests/conftest.py; the same examples each time: test-quick draws new ones.
PYTEST := $(BIN)/python -m pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder --hypothesis-profile=ci -rs

test: lint types imports chromium ## Run every check, and the tests that take about six minutes
	@$(PYTEST) -m "not slow"

test-slow: install chromium $(PEERS)/node_modules/installed ## Run the tests that make test leaves out
	@$(PYTEST) -m slow

nightly: install ## Run the whole leak matrices (every field, every role and pair of roles) and 500 kills (hours)
	@DOSSIER_FULL_LEAK_MATRIX=1 DOSSIER_KILLS=500 $(PYTEST) tests/leaks/test_leaks.py tests/leaks/test_record_leaks.py tests/faults

faults: install ## Kill a process at every step of every kind of operation (KINDS="createCustomer …"; hours)
	@$(BIN)/python -m tests.faults.every_step $(KINDS)

test-quick: install chromium ## Run all tests alone, those that failed last first, up to the first failure
	@$(BIN)/python -m pytest --exitfirst --failed-first

lint: install ## Check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Some files are not formatted: run make format." >&2; exit 1; }

types: install ## Check the types
	@$(BIN)/mypy

imports: install ## Check that imports go only down
	@$(BIN)/lint-imports --no-logo

format: install ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

schema: install ## Write the GraphQL schema to schema/schema.graphql
	@$(BIN)/dossier schema > schema/schema.graphql.new && mv schema/schema.graphql.new schema/schema.graphql

bench: install ## Measure speed and memory beside a bare endpoint
	@$(BIN)/python -m benchmarks

bench-scale: install ## Measure what grows: rules, customers, workers, memory (OPTIONS=--quick)
	@$(BIN)/python -m benchmarks.scale $(OPTIONS)

bench-peers: install $(PEERS)/node_modules/installed ## Measure beside other GraphQL servers (OPTIONS=--quick)
	@$(BIN)/python -m benchmarks.peers $(OPTIONS)

lock: install ## Pin the newest versions that pyproject.toml allows, by hash
	@$(call compile,requirements.lock,)
	@$(call compile,requirements-dev.lock,--extra dev --constraint requirements.lock)

screenshots: install chromium ## Take the pictures of the console in docs/screenshots anew
	@$(BIN)/python -m tests.console.screenshots

clean: ## Remove everything that can be made again (not var/, the data)
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		$(addsuffix /node_modules,$(NODE_FOLDERS) $(PEERS))
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# setuptools is locked too: it builds the editable install, and is then not fetched unpinned. The lock names no index:
# whoever installs uses the one that pip is configured for.
define compile
echo 'setuptools>=77' | $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header $(2) --output-file $(1) pyproject.toml - && \
	{ echo '# Made by make lock from pyproject.toml.'; cat $(1); } > $(1).new && mv $(1).new $(1)
endef

$(VENV)/bin/python:
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3 python; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
		echo "Python 3.11 or newer was not found: install it, or run make PYTHON=/path/to/python3.11." >&2; exit 1; \
	fi; \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$$found cannot make a virtual environment: install its venv module (Debian: python3-venv)." >&2; exit 1; }

$(VENV)/installed: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV) ..."
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@PYTHONWARNINGS=ignore $(PIP) install --no-deps --no-build-isolation --editable . 2>&1 | grep -v -e Warning -e '^ *!!' -e '\*\*\*\*' -e 'Please be careful' -e 'name as your package' -e 'with strategy' -e '^ *$$' >&2 || test "$${PIPESTATUS[0]}" -eq 0
	@touch $@

$(PEERS)/node_modules/installed: $(PEERS)/package.json $(PEERS)/package-lock.json
	@command -v npm >/dev/null || { echo "npm was not found: install Node.js 20 or newer for the peers." >&2; exit 1; }
	@echo "Installing the peers into $(PEERS)/node_modules ..."
	@cd $(PEERS) && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# GraphiQL, the protocol audit and the accessibility checks come from npm; the server itself runs without them.
$(VENV)/node-installed: $(foreach folder,$(NODE_FOLDERS),$(folder)/package.json $(folder)/package-lock.json) | $(VENV)/bin/python
	@if ! command -v npm >/dev/null; then \
		echo "npm was not found: /console and the IDE at /graphql show no pages, and make test cannot run the GraphQL-over-HTTP audit and the accessibility checks." >&2; exit 0; \
	fi; \
	for folder in $(NODE_FOLDERS); do \
		(cd $$folder && npm ci --ignore-scripts --no-audit --no-fund --silent) || { \
			echo "npm could not install $$folder: the server runs without it; try make install again." >&2; exit 0; }; \
	done; \
	touch $@

# The console's tests drive a browser. Without one they fail, and say what to install.
chromium: install
	@$(BIN)/python -m tests.console.chromium 2>/dev/null && exit 0; \
	as_root=; [ "$$(id -u)" -eq 0 ] || as_root="sudo -n"; \
	if command -v apt-get >/dev/null && $$as_root true 2>/dev/null; then \
		echo "Installing Debian's package chromium ..."; \
		{ $$as_root apt-get update -qq && \
			$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 || true; \
	fi; \
	$(BIN)/python -m tests.console.chromium || true
