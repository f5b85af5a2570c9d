# Targets of HPA; `make help` lists them.
SHELL := /bin/bash
.DELETE_ON_ERROR:
BIN := .venv/bin
PACKAGES := shared services/auth services/exams services/results services/messaging services/worklogs gateway deploy/local
CODE := $(PACKAGES) tests scripts
PYTEST := $(BIN)/pytest -q
WORKERS ?= 2
# The newest Python on the path that is new enough and can make an environment.
PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3; do \
	$$each -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& command -v $$each && break; done)

.PHONY: help
help:  ## List the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# The stamp holds the install until the lock or a package changes.
.venv/.installed: requirements.lock $(addsuffix /pyproject.toml,$(PACKAGES))
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer with ensurepip was found" >&2; exit 1; }
	@echo "installing into .venv (the first time takes about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(addprefix -e ,$(PACKAGES))
	@touch $@

.PHONY: setup
setup: .venv/.installed  ## Install everything into .venv

.PHONY: run
run: setup  ## Start the whole suite in the foreground
	@exec $(BIN)/hpa up --leash

.PHONY: test
test: lint types test-unit test-e2e  ## Lint, types, unit, service and end-to-end tests

.PHONY: ci
ci:  ## What CI runs: `make test` in a clean environment
	@.ci/run

.PHONY: lint
lint: setup  ## Style, format and the direction of imports
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	@$(BIN)/lint-imports --no-logo

.PHONY: types
types: setup  ## mypy --strict over all packages and tests, in one cached run
	@$(BIN)/mypy $(wildcard $(addsuffix /src,$(PACKAGES)) $(addsuffix /tests,$(PACKAGES)) tests scripts)

.PHONY: test-unit
test-unit: setup  ## Tests of the packages and the rules of the house
	$(PYTEST) -m "not e2e and not chaos" -n $$((2 * $(WORKERS))) --dist worksteal  # half of it is waiting

.PHONY: test-e2e
test-e2e: setup  ## Stories and faults against a running suite: on SQLite, on PostgreSQL, in containers
	$(PYTEST) tests/e2e tests/faults deploy/local/tests/test_up.py -m "not chaos" -n $(WORKERS)

.PHONY: test-chaos chaos
test-chaos: setup  ## The long fault runs; SEED=n repeats one
	HPA_CHAOS_SEED=$(SEED) $(PYTEST) tests/faults services -m chaos -s
chaos: test-chaos

.PHONY: breakages
breakages: setup  ## Replay the deliberate breakages, ONLY=words of a name: each test must go red
	@$(BIN)/python -m scripts.breakages $(ONLY)

SECONDS ?= 120
.PHONY: fuzz
fuzz: setup  ## Attack every operation as each role: SECONDS=120 a role and database; SEED=n repeats
	HPA_FUZZ_SECONDS=$(SECONDS) HPA_FUZZ_SEED=$(SEED) $(PYTEST) tests/e2e/test_fuzz.py -s

.PHONY: timing
timing: setup  ## Measure whether the time of a refusal tells what is there
	$(PYTEST) tests/e2e/test_timing.py -m chaos

.PHONY: fix
fix: setup  ## Mend what ruff can mend
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

.PHONY: migrate
migrate: setup  ## Bring DATABASE_URL of SERVICE=name to the newest schema
	$(BIN)/python -m $(or $(SERVICE),$(error SERVICE=name is missing)) migrate

.PHONY: revision
revision: setup  ## Write the next migration: SERVICE=name MESSAGE=verb_object
	$(BIN)/python scripts/new_migration.py $(or $(SERVICE),$(error SERVICE=name is missing)) $(or $(MESSAGE),$(error MESSAGE=verb_object is missing))

.PHONY: events openapi
events: setup  ## Freeze the schemas of events; write docs/events.md and the AsyncAPI document
	$(BIN)/python -m tests.house.freeze
	$(BIN)/python scripts/build_documents.py
openapi: setup  ## Write the merged OpenAPI document, and the gateway's static file with traces
	$(BIN)/python scripts/build_documents.py
	$(BIN)/python scripts/build_traefik.py

.PHONY: clients
clients: setup  ## Generate clients in Python and TypeScript into build/clients
	$(BIN)/python -m scripts.clients.make

.PHONY: bench
bench: setup  ## Measure start, rest, what each request costs and which process it costs
	$(BIN)/python -m scripts.bench

.PHONY: overload
overload: setup  ## Measure ten times the load that this machine carries, open loop
	$(BIN)/python -m scripts.overload

.PHONY: bench-messaging
bench-messaging: setup  ## Measure a message to 1000 students, and the pace of the bot
	$(BIN)/python -m services.messaging.tests.bench_messaging

.PHONY: lock
lock: setup  ## Pin all requirements by hash
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.lock
	$(BIN)/python scripts/lock.py

# Both tools come from the package index when they are called; audit asks it for known holes as well.
.PHONY: audit sbom
audit: setup  ## Look every pinned version up among the known vulnerabilities (needs the network)
	$(BIN)/uv tool run pip-audit==2.10.1 --strict --require-hashes --disable-pip -r requirements.lock
sbom: setup  ## Write sbom.json, the CycloneDX list of all that is installed (needs the network)
	$(BIN)/uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.lock --of JSON -o sbom.json

.PHONY: new-service
new-service: setup  ## Lay out a further service: NAME=rooms
	$(BIN)/python scripts/new_service.py $(or $(NAME),$(error NAME=name is missing))
