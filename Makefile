# The commands of this project; `make` alone lists them. All of them need only Python and make.

PORT ?= 8000
BIN := .venv/bin
# The first Python here that is new enough.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
# More arguments: for pytest in make test ARGS="-k card", a number for make fuzz, a name for make bench
ARGS ?=
# What is measured on PostgreSQL uses the server that is named, or else one on this machine.
WITH_POSTGRES = TEST_POSTGRES_URL="$${TEST_POSTGRES_URL:-$$($(PYTHON) scripts/local_postgres.py)}"

.PHONY: help demo test fuzz mutate lint bench load growth coverage fmt lock sbom clean demo-reset prepare-base prepare-dev
.NOTPARALLEL:

help:
	@echo "make demo        serve the portal with invented people on port $(PORT)"
	@echo "make test        every check and test, the browser's included (ARGS='-k card' for some)"
	@echo "make fuzz        100,000 requests of any kind to every address (ARGS=5000 for so many)"
	@echo "make mutate      break the rules on purpose, and list what no test notices"
	@echo "make bench       the benchmarks, in one table (ARGS=pages for one of them)"
	@echo "make load        an outage hour on this machine: two gunicorn masters, PostgreSQL, mails, an audit"
	@echo "make growth      what pages and jobs ask of PostgreSQL with few clients and with many (ARGS=1000000)"
	@echo "make lint        the checks of make test that run no test"
	@echo "make coverage    which lines the tests do not reach"
	@echo "make fmt         format Python"
	@echo "make lock        bring requirements/*.lock up to date"
	@echo "make sbom        the parts of the portal with their versions, as CycloneDX JSON"
	@echo "make demo-reset  forget the demo's people, keys and mails"
	@echo "make clean       remove the environment and the caches"

demo: prepare-base
	@exec $(BIN)/python scripts/demo.py $(PORT)

test: lint
	$(BIN)/pytest -n 2 --dist worksteal -rsR $(ARGS)

fuzz: prepare-dev
	FUZZ_REQUESTS=$(or $(ARGS),100000) $(BIN)/pytest -n 2 --hypothesis-show-statistics tests/security/test_fuzz.py

mutate: prepare-dev
	$(BIN)/mutmut run $(ARGS)
	$(BIN)/mutmut results

lint: prepare-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run --settings tests.settings
	$(BIN)/python manage.py compile_card --settings tests.settings
	@echo "The deployment check, with settings as in service:"
	@env $$($(BIN)/python scripts/new_keys.py) ALLOWED_HOSTS=portal.example TASKS_BACKEND=database \
		DATABASE_URL=postgres://portal@localhost/portal SITE_URL=https://portal.example \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

bench: prepare-dev
	@$(WITH_POSTGRES) $(BIN)/python -m tests.benchmarks $(ARGS)

load: prepare-dev
	@$(WITH_POSTGRES) $(BIN)/python -m tests.load $(ARGS)

growth: prepare-dev
	@$(WITH_POSTGRES) $(BIN)/python -m tests.growth $(ARGS)

coverage: prepare-dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

fmt: prepare-dev
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

# Universal, so one file serves each Python and system; no header and no notes, because they
# would name the index that this machine uses. Add ARGS=--upgrade for new versions.
lock: prepare-dev
	for lock in base production dev; do \
		$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
			--no-annotate --quiet $(ARGS) requirements/$$lock.in -o requirements/$$lock.lock || exit 1; \
	done

sbom:
	@$(PYTHON) scripts/sbom.py

prepare-base prepare-dev: prepare-%:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed. Install it, or set PYTHON."; exit 1; }
	@$(PYTHON) scripts/prepare.py $*

demo-reset:
	rm -rf var/demo*

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage mutants var/static var/card
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
