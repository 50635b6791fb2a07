.DEFAULT_GOAL := help
.PHONY: help run test faults fuzz bench check format messages requirements clean venv

# The first that runs and is new enough; a name that pyenv keeps for later doesn't run.
ifndef PYTHON
PYTHON := $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && exit; done; echo python3)
endif
IN_VENV := .venv/bin/python
SERVICES := $(IN_VENV) -m petition.supervise services --

help:  ## what can be made
	@sed -n 's/^\([a-z]*\):.*  ## /make \1\t/p' Makefile | expand -t 20

run: venv  ## start everything, with a demo campaign, at http://127.0.0.1:8000/ (PORT=8001 make run)
	@exec $(IN_VENV) -m petition.supervise run

test: venv  ## run the tests (make test TESTS="tests/test_mail.py -k bounce")
	@exec $(IN_VENV) -m petition.supervise test $(TESTS)

faults: venv  ## break things under load, 20 rounds each (make faults ROUNDS=5 ONLY="redis-killed disk-full")
	@exec env FAULT_ROUNDS="$(or $(ROUNDS),20)" FAULTS="$(ONLY)" \
		$(IN_VENV) -m petition.supervise test tests/faults/test_faults.py -n 0 -p no:randomly

fuzz: venv  ## send 100,000 inputs to every place that takes one (make fuzz N=1000 ONLY="sign name,token" SEED=7 JOBS=4)
	@exec env FUZZ_N="$(or $(N),100000)" FUZZ_ONLY="$(ONLY)" FUZZ_SEED="$(or $(SEED),$(shell date +%s))" FUZZ_SECONDS="$(SECONDS)" \
		$(IN_VENV) -m petition.supervise test tests/fuzz -n "$(or $(JOBS),logical)" -p no:randomly

bench: venv  ## measure against floors (make bench SIGNERS=10000000; make bench ONLY="sign confirm"); needs wrk
	@exec env SIGNERS="$(SIGNERS)" ONLY="$(ONLY)" $(IN_VENV) -m benchmarks

check: venv  ## lint, format, types, imports, migrations, deployment settings, templates, translations
	$(IN_VENV) -m ruff check
	$(IN_VENV) -m ruff format --check
	.venv/bin/lint-imports
	$(IN_VENV) -m djlint --quiet --check --lint templates
	$(IN_VENV) -m petition.translations
	$(SERVICES) $(MAKE) --no-print-directory check-django

# As in production, with a PostgreSQL and a Redis; `make check` runs it.
.PHONY: check-django
check-django: export BASE_URL = https://petition.example
check-django: export EMAIL_URL = smtp://localhost
check-django:
	$(IN_VENV) -m mypy .
	$(IN_VENV) manage.py makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=petition.settings $(IN_VENV) -m petition.deployable
	$(IN_VENV) manage.py check --deploy --fail-level WARNING

format: venv  ## rewrite code and templates as `make check` wants them
	$(IN_VENV) -m ruff check --fix
	$(IN_VENV) -m ruff format
	$(IN_VENV) -m djlint --quiet --reformat templates

messages: venv  ## gather texts into the catalogues and compile them (needs GNU gettext)
	$(SERVICES) $(IN_VENV) manage.py makemessages --all --no-wrap --no-obsolete --add-location file \
		--ignore .venv --ignore .run --ignore tests --ignore benchmarks --ignore staticfiles
	$(SERVICES) $(IN_VENV) manage.py compilemessages --ignore .venv

COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
requirements: venv  ## write the hashed requirements files after a change of pyproject.toml
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	echo uv | $(COMPILE) - -c requirements-dev.txt --no-annotate -o requirements-uv.txt

clean:  ## remove .venv, the data of `make run`, and caches
	@test ! -L .run/postgres || rm -rf "$$(readlink .run/postgres)"
	rm -rf .venv .run .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis staticfiles

# pyenv lets python3.13 run only when told so.
venv:
	@$(PYTHON) -c '' 2>/dev/null || export PYENV_VERSION=$(PYTHON:python%=%); \
	$(PYTHON) -c '' 2>/dev/null \
	|| { echo "petition: Python 3.11 or newer is needed, and $(PYTHON) doesn't run" >&2; exit 1; }; \
	$(PYTHON) petition/bootstrap.py
