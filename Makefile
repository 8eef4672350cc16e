# Two commands for a newcomer: `make demo` and `make test`. Everything they need comes from the lock files.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVERS := .servers

.DEFAULT_GOAL := help
.PHONY: help demo test lint types floors drill mutants fuzz bench soak servers packages browser sbom lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort

$(VENV)/ready: locks/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r locks/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(SERVERS)/%/ready: locks/%.txt
	$(PYTHON) -m venv $(SERVERS)/$*
	$(SERVERS)/$*/bin/pip install --quiet --disable-pip-version-check --require-hashes -r locks/$*.txt
	@touch $@

$(SERVERS)/suite/ready: locks/suite.txt $(VENV)/ready
	@mkdir -p $(SERVERS)/suite
	$(BIN)/pip download --quiet --disable-pip-version-check --no-deps --no-binary jsonschema --require-hashes \
	  -r locks/suite.txt -d $(SERVERS)/suite
	tar -xzf $(SERVERS)/suite/jsonschema-*.tar.gz -C $(SERVERS)/suite --strip-components=1 --wildcards 'jsonschema-*/json'
	@touch $@

demo: $(VENV)/ready ## Protect the bundled clinic and print what to try
	$(BIN)/ringwall up

test: $(VENV)/ready servers ## Run the whole suite
	$(BIN)/python -m pytest

lint: $(VENV)/ready ## ruff
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench

types: $(VENV)/ready ## mypy --strict
	$(BIN)/mypy

floors: $(VENV)/ready ## Imports go down only
	$(BIN)/python -m pytest -q tests/test_floors.py

drill: $(VENV)/ready ## The whole drill on the clinic; writes THREATS.md anew
	-$(BIN)/ringwall drill --threats THREATS.md

mutants: $(VENV)/ready ## Takes one line of the clinic's contract, or one guard, away at a time: is it noticed?
	PYTHONPATH=tests $(BIN)/python tests/drill/mutants.py

fuzz: $(VENV)/ready ## Each parser on changed inputs from its kept corpus, a minute each
	PYTHONPATH=tests $(BIN)/python -m fuzz

bench: $(VENV)/ready ## What each layer costs here, as ratios in one run
	$(BIN)/ringwall bench

soak: $(VENV)/ready ## 100,000 honest requests, which raise no alert
	$(BIN)/python tests/monitoring/honest.py 100000

servers: $(SERVERS)/prefect/ready $(SERVERS)/chroma/ready $(SERVERS)/suite/ready $(SERVERS)/sslyze/ready ## What the tests need of others

packages: ## What the tests need of the distribution: a browser, testssl, SoftHSM, Pebble, PostgreSQL, promtool (as root it installs them)
	scripts/packages.sh

browser: ## A Chromium for the browser tests (as root it installs one)
	scripts/browser.sh

sbom: $(VENV)/ready ## What ringwall is made of, as CycloneDX, from the lock file
	$(BIN)/python scripts/sbom.py sbom.json

lock: $(VENV)/ready ## Resolve the lock files anew
	$(BIN)/pip install --quiet uv
	for name in prefect chroma sslyze; do \
	  $(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header locks/$$name.in -o locks/$$name.txt; done
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header pyproject.toml locks/dev.in -o locks/dev.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate -c locks/dev.txt pyproject.toml -o locks/runtime.txt

clean: ## Remove what the targets made
	rm -rf $(VENV) $(SERVERS) build dist ringwall-data
