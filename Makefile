# Targets of HPA; `make help` lists them.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.13 || command -v python3.12 || command -v python3.11 || echo python3)
BIN := .venv/bin
PACKAGES := shared services/auth services/exams services/results services/messaging services/worklogs gateway deploy/local

.PHONY: help
help:  ## List the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# The stamp holds the install until the lock or a package changes.
.venv/.installed: requirements.lock $(addsuffix /pyproject.toml,$(PACKAGES))
	@echo "installing into .venv (the first time takes about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(addprefix -e ,$(PACKAGES))
	@touch $@

.PHONY: setup
setup: .venv/.installed  ## Install everything into .venv

.PHONY: run
run: setup  ## Start the whole suite in the foreground
	@exec $(BIN)/hpa up
