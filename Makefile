# run · quick · test · check · audit · sbom · faults · bench: each does its own set-up in .venv and needs only Python
# 3.11 or later.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r

# Where `make test` looks for PostgreSQL and Redis; it says loudly when they do not answer, and fails in CI.
export FORUM_TEST_POSTGRES ?= postgres://postgres@127.0.0.1:5432/postgres
export FORUM_TEST_REDIS ?= redis://127.0.0.1:6379/15

.PHONY: run quick test on-sqlite on-postgres reached check audit sbom faults bench lock catalogue rights schema

run: .venv/run.stamp
	@$(BIN)/python -m forum serve --example

# Test processes wait for disks and browsers, so there are more of them than cores, each with databases and sites of its
# own: three for two cores, and two for each of the two passes of `make test`, which run at the same time.
# T is what to test: `make test T=tests/votes`.
PROCESSES := $(shell echo $$(($$(nproc) * 3 / 2)))
PASS_PROCESSES := $(shell nproc)
PYTEST := pytest --dist loadfile --no-loadscope-reorder --numprocesses
ON_SQLITE := env -u FORUM_DATABASE__URL -u FORUM_REDIS__URL
ON_POSTGRES = FORUM_DATABASE__URL=$(FORUM_TEST_POSTGRES) FORUM_REDIS__URL=$(FORUM_TEST_REDIS)
# The hundreds of processes that tests start read each module from its compiled form.
unexport PYTHONDONTWRITEBYTECODE
BEGUN := $(shell date +%s)
TOOK = @seconds=$$(($$(date +%s) - $(BEGUN))); printf 'It took %d min %02d s.\n' $$((seconds / 60)) $$((seconds % 60))

# While one writes: SQLite alone, without a browser and without what is slow by its nature.
quick: .venv/test.stamp
	@$(ON_SQLITE) $(BIN)/$(PYTEST) $(PROCESSES) -m "not browser and not slow and not faults" $(T)
	$(TOOK)

# Twice, because one process uses one kind of database: SQLite with the embedded worker, and PostgreSQL with Redis. Both
# at the same time, since each leaves a third of the machine idle; what the second says is shown when both have ended.
PASS := $(BIN)/$(PYTEST) $(PASS_PROCESSES) --durations 15 $(T)
SAID_ON_POSTGRES := test-results/on-postgres.txt
FAILED := test-results/failed.txt
test: .venv/test.stamp
	@$(BIN)/python -m tests.services
	@rm -rf test-results/reached $(SAID_ON_POSTGRES) $(FAILED); mkdir -p test-results
	@passes=on-sqlite; $(BIN)/python -m tests.services --quiet postgres redis && passes+=" on-postgres"; \
	$(MAKE) --silent --keep-going --jobs=2 $$passes; failed=$$?; \
	[ ! -e $(SAID_ON_POSTGRES) ] || { printf '\nOn PostgreSQL and Redis:\n'; cat $(SAID_ON_POSTGRES); }; \
	[ ! -e $(FAILED) ] || cat $(FAILED); \
	exit $$failed
	@$(if $(T),,$(MAKE) --silent reached)
	$(TOOK)

# All of the program is measured on SQLite; what only PostgreSQL runs of the protected files, on PostgreSQL.
on-sqlite:
	@echo "On SQLite:"
	@$(ON_SQLITE) $(if $(T),,PYTEST_PLUGINS=tests.reached) $(PASS) || { echo "The tests on SQLite failed." >>$(FAILED); exit 1; }

# Of a part alone it may be that no second database can change anything: pytest then answers 5.
on-postgres:
	@$(ON_POSTGRES) $(if $(T),,PYTEST_PLUGINS=tests.reached REACHED_FILES="$(wildcard $(WHOLE))") $(PASS) >$(SAID_ON_POSTGRES) 2>&1 || { [ $$? = 5 ] && [ -n "$(T)" ]; } || \
	  { echo "The tests on PostgreSQL failed." >>$(FAILED); exit 1; }

# What is too long for every day: twenty restarts, dozens of kills, thousands of votes at once, services frozen for half a
# minute. One at a time, since they measure; each says its figures at the end.
faults: .venv/test.stamp
	@$(BIN)/python -m tests.services postgres redis
	$(ON_SQLITE) $(BIN)/pytest -m faults $(T) || { [ $$? = 5 ] && [ -n "$(T)" ]; }
	@if $(BIN)/python -m tests.services --quiet postgres redis; then \
	  echo "Again, on PostgreSQL and Redis:"; \
	  $(ON_POSTGRES) $(BIN)/pytest -m faults $(T) || { [ $$? = 5 ] && [ -n "$(T)" ]; }; \
	fi
	$(TOOK)

# Where people are protected, tests reach every line and every branch. Elsewhere the figure is only said.
WHOLE := forum/rights.py forum/permissions.py forum/domain/votes/*.py forum/text/sanitise.py forum/text/links.py \
  forum/text/markdown.py forum/jobs.py forum/domain/jobs.py workers/running.py forum/domain/privacy/erasure.py
reached:
	@$(BIN)/python -m tests.reached $$(ls $(WHOLE))

check: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy forum workers tests bench
	$(BIN)/djlint templates --lint --quiet
	@! grep -nE '://|^--' requirements.txt requirements-dev.txt tests/oidc/package-lock.json || (echo "a lock file names an address"; exit 1)
	$(BIN)/pytest tests/test_catalogue.py
	@$(MAKE) --silent audit

# Known weaknesses of the libraries; without a service to ask it says loudly that nothing was audited.
audit: .venv/test.stamp
	@$(BIN)/python -m tests.audit

# What the site runs on, with versions and hashes, as CycloneDX: the lock file gives the same bytes again.
sbom: .venv/test.stamp
	@mkdir -p dist
	@$(BIN)/python -W ignore::UserWarning -m cyclonedx_py requirements requirements.txt --pyproject pyproject.toml \
	  --output-reproducible --output-file dist/cahier.cdx.json
	@echo "dist/cahier.cdx.json: $$(grep -c '"purl"' dist/cahier.cdx.json) libraries"

bench: .venv/test.stamp
	$(BIN)/python -m bench

# The lock files hold names, versions and hashes, never an address.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate \
	  --python-version 3.11 -o requirements.txt pyproject.toml
	uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate \
	  --python-version 3.11 --group dev -o requirements-dev.txt pyproject.toml

# New sentences into the English catalogue, to be translated there.
catalogue: .venv/test.stamp
	$(BIN)/python -m tests.catalogue

# The table of rights as a document.
rights: .venv/test.stamp
	$(BIN)/python -m tests.rights

# The files that an empty database is filled from, made by running the migrations; needs PostgreSQL.
schema: .venv/test.stamp
	$(BIN)/python -m tests.schema

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt | .venv/pyvenv.cfg
	$(INSTALL) requirements.txt
	@touch $@

.venv/test.stamp: requirements-dev.txt | .venv/pyvenv.cfg
	$(INSTALL) requirements-dev.txt
	@touch $@
