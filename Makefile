# Running, testing and checking the site. `make` alone lists the commands.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000

VENV := .venv
BIN := $(VENV)/bin
BENCH := var/bench/venv
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help demo run test test-long audit coverage lint format types hooks compare-pages bench bench-listing bench-search \
	simulate-desk messages lock runtime tools

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do \
		printf 'make %-13s %s\n' "$$name" "$$what"; done

demo: runtime ## Serve the site with its demo accounts (HOST=, PORT=, DEMO_PASSWORD=)
	@DEMO=1 HOST='$(HOST)' PORT='$(PORT)' exec $(BIN)/python manage.py demo

run: export DEMO = 1
run: export DEBUG = 1
run: runtime ## Serve the demo with Django's development server, which restarts when code changes (HOST=, PORT=)
	@HOST='$(HOST)' PORT='$(PORT)' $(BIN)/python manage.py demo --prepare
	@exec $(BIN)/python manage.py runserver '$(HOST):$(PORT)'

test: tools ## Run the tests on SQLite and on PostgreSQL (CHROMIUM=, REQUIRE_BROWSER=1), or some on SQLite (T=tests/site)
	@$(BIN)/python $(if $(T),-m pytest -m 'not long' $(T),tools/run_tests.py)

test-long: tools audit ## Run what takes too long for `make test`, and `make audit`
	@$(BIN)/python tools/run_tests.py --long

audit: tools ## Look for vulnerabilities and licences of what the site installs, and say what could not be looked at
	@$(BIN)/python tools/audit.py

coverage: tools ## Measure which lines and branches of catalog and editorial the quick tests on SQLite run
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m 'not long' --cov

lint: export DJANGO_SETTINGS_MODULE = tests.settings
lint: tools ## Check style, imports, types, templates, migrations, translations, requirements and production settings
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m mypy
	$(BIN)/python -m djlint --lint --quiet templates
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python tools/translations.py check
	$(BIN)/python tools/check_requirements.py
	@echo "Checking production settings"
	@DJANGO_SETTINGS_MODULE=aigc_site.settings DEMO=false DEBUG=false ALLOWED_HOSTS=example.org \
		SITE_URL=https://example.org CSRF_TRUSTED_ORIGINS=https://example.org \
		SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
		DATABASE_URL=postgres://user:password@localhost/aigc \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

format: tools ## Sort imports and format the code
	$(BIN)/python -m ruff check --select I --fix .
	$(BIN)/python -m ruff format .

types: tools ## Check types
	$(BIN)/python -m mypy

hooks: tools ## Check each commit before it is made
	$(BIN)/python -m pre_commit install

# Loading the landscape takes minutes: `tools/compare_pages.py` does each step by itself.
compare-pages: tools ## Compare what all pages answer with what they did at another commit (BASE=)
	@folder="$$(mktemp -d)" && trap 'git worktree remove --force "$$folder/base"; rm -rf "$$folder"' EXIT && \
		git worktree add --quiet --detach "$$folder/base" '$(BASE)' && \
		$(BIN)/python tools/compare_pages.py load "$$folder/site.sqlite3" --checkout "$$folder/base" && \
		$(BIN)/python tools/compare_pages.py record "$$folder/site.sqlite3" "$$folder/before" --checkout "$$folder/base" && \
		$(BIN)/python tools/compare_pages.py record "$$folder/site.sqlite3" "$$folder/after" && \
		$(BIN)/python tools/compare_pages.py compare "$$folder/before" "$$folder/after"

bench: runtime ## Measure queries, time and bytes of the main pages
	@DEMO=1 $(BIN)/python tools/bench.py

bench-listing: tools ## Measure listings beside Datasette's, on SQLite and PostgreSQL (SIZES='2000 50000')
	@cmp -s requirements/bench.txt $(BENCH)/requirements.txt || { echo "Installing Datasette, to be measured against"; \
		$(BIN)/python -m venv --clear $(BENCH) && $(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r requirements/bench.txt && cp requirements/bench.txt $(BENCH)/requirements.txt; }
	@$(BIN)/python tools/bench_listing.py $(if $(SIZES),--sizes $(SIZES))

bench-search: tools ## Measure how well search finds what readers mean
	@DEMO=1 $(BIN)/python tools/measure_search.py

simulate-desk: runtime ## Say how many checks a workday keep 200 entries current
	@DEMO=1 $(BIN)/python manage.py simulate_desk

messages: tools ## Collect the strings to translate, and compile the translations
	@$(BIN)/python tools/translations.py update

lock: tools ## Lock the requirements again (UPGRADE=1 takes newer versions)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	@for pair in base:requirements.txt test:requirements/test.txt bench:requirements/bench.txt; do \
		$(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate \
			--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade) \
			"requirements/$${pair%%:*}.in" --output-file "$${pair#*:}" || exit 1; done
	@$(BIN)/python tools/check_requirements.py --write

# A copy of the lock in the virtual environment says what was installed last.
runtime: $(BIN)/pip
	@cmp -s requirements.txt $(VENV)/requirements.txt || { echo "Installing requirements"; \
		$(PIP) -r requirements.txt && cp requirements.txt $(VENV)/requirements.txt; }

tools: $(BIN)/pip
	@cmp -s requirements/test.txt $(VENV)/requirements-test.txt || { echo "Installing requirements for tests"; \
		$(PIP) -r requirements/test.txt && cp requirements/test.txt $(VENV)/requirements-test.txt; }

# pip comes last into a new virtual environment, so an unfinished one is made again.
$(BIN)/pip:
	@command -v $(PYTHON) > /dev/null || { \
		echo "Python 3.11 or newer is needed: sudo apt install python3 python3-venv (or name one: PYTHON=)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and this is $$($(PYTHON) -V 2>&1): sudo apt install python3.11 python3.11-venv" \
			"(then PYTHON=python3.11)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
		echo "Python's venv is missing: sudo apt install python3-venv"; exit 1; }
	@echo "Making the virtual environment"
	@$(PYTHON) -m venv $(VENV)
