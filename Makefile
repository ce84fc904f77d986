# Octane: `make run` to see it work, `make test` to prove it, `make help` for the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
AUDIT := $(VENV)/audit
AUDIT_STAMP := $(AUDIT)/.set-up
LOCKS := layers/deps/requirements.txt layers/reconciliation/requirements.txt layers/reports/requirements.txt
DECISIONS := .local/routing-decisions.json
PATHS := layers/octane/python:functions:infra
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-annotate --no-header

export AWS_DEFAULT_REGION := us-east-1
export SAM_CLI_TELEMETRY := 0

.PHONY: audit help setup run demo route-replay reconcile-demo reconcile-bench evidence-demo octane-verify up test lint types imports template
.PHONY: rotate-keys-demo erase-demo unit e2e bench sale capacity sim sim-mutants openapi sam lock clean

help:
	@echo "make run      set up, start everything here, play the main job, stay up"
	@echo "make demo     the same, then stop; fails unless every story ended as told and all books match"
	@echo "make route-replay  decide every routing decision of the last demo again; RULES=… tries a draft on them"
	@echo "make reconcile-demo   play the main job, close its day, break bills and files, find all; DAYS=500 generated days"
	@echo "make reconcile-bench  match ROWS=1000000 rows of each side; ratio to DuckDB's bare join"
	@echo "make rotate-keys-demo  seal USERS=1000 people anew under another key, killed half way; none is left behind"
	@echo "make evidence-demo    chain, timestamp and lock what happened; check a package offline, alter it in 26 ways"
	@echo "make erase-demo       erase people and search every table and file for what was planted"
	@echo "make octane-verify    make .local/octane-verify.pyz, which checks a day's exports and evidence offline"
	@echo "make up       only start everything here and stay up"
	@echo "make test     set up and run every check: lint, types, imports, template, tests, end to end"
	@echo "make audit    checkov on every stack, and known vulnerabilities of what is deployed; STRICT=1 where the service must answer"
	@echo "make bench    cost of each operation: CPU, AWS calls, read and write units"
	@echo "make sale     a flash sale with 64 claimers, 20 times: claims per second beside bare boto3's, none too many, none left"
	@echo "make capacity what 10,000 who pay at once and a sale of 50,000 claims need of AWS; writes infra/docs/capacity.md"
	@echo "make sim      prove the money rules: every fault at every outside call; SEED=… shows one schedule"
	@echo "make sim-mutants   plant known bugs and show that the simulation finds each"
	@echo "make openapi  write infra/openapi/openapi.json from the handlers"
	@echo "make sam      sam validate --lint and sam build, as for a deployment to AWS"
	@echo "make lock     write the locked requirements again"
	@echo "make clean    remove what the above made"

setup: $(STAMP)

$(STAMP): requirements-setup.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Octane needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1 || echo missing)."; \
		echo "Name another one: make PYTHON=python3.13"; exit 1; }
	@echo "setting up $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

$(AUDIT_STAMP): requirements-audit.txt $(STAMP)
	@echo "setting up $(AUDIT)"
	@$(PYTHON) -m venv --clear $(AUDIT)
	@$(BIN)/uv pip install --quiet --python $(AUDIT)/bin/python --compile-bytecode --require-hashes --no-deps -r requirements-audit.txt
	@touch $@

run: setup
	@PYTHONPATH=$(PATHS) $(BIN)/python -m demo --stay

demo: setup
	@PYTHONPATH=$(PATHS) $(BIN)/python -m demo

$(DECISIONS):
	@$(MAKE) --no-print-directory demo

route-replay: setup $(DECISIONS)
	@PYTHONPATH=$(PATHS) $(BIN)/python -m demo.route_replay $(DECISIONS) $(if $(RULES),--rules '$(RULES)')

reconcile-demo: setup
	@PYTHONPATH=$(PATHS) $(BIN)/python -m reconcile $(if $(DAYS),--days $(DAYS)) $(if $(SEED),--seed '$(SEED)')

reconcile-bench: setup
	@PYTHONPATH=$(PATHS) $(BIN)/python -m reconcile_bench --rows $(or $(ROWS),1000000)

rotate-keys-demo: setup
	@PYTHONPATH=$(PATHS) $(BIN)/python -m privacy_demo.rotate --users $(or $(USERS),1000)

evidence-demo: setup
	@PYTHONPATH=$(PATHS) $(BIN)/python -m evidence_demo

erase-demo: setup
	@PYTHONPATH=$(PATHS) $(BIN)/python -m privacy_demo.erase

octane-verify: setup
	@mkdir -p .local
	@PYTHONPATH=infra $(BIN)/python -m octane_verify.bundle .local/octane-verify.pyz
	@echo ".local/octane-verify.pyz: python3 octane-verify.pyz FOLDER-OR-ZIP --key KEY.pem --tsa ROOTS.pem (needs cryptography and duckdb)"

up: setup
	@PYTHONPATH=infra $(BIN)/python -m local up

test: setup lint types imports template unit e2e audit
	@echo "== all green"

lint: setup
	@echo "== lint"
	@$(BIN)/ruff check --quiet .

types: setup
	@echo "== types"
	@$(BIN)/mypy --no-error-summary

imports: setup
	@echo "== import contract"
	@PYTHONPATH=$(PATHS) $(BIN)/lint-imports

template: setup
	@echo "== template and nested stacks, as written and as SAM expands them"
	@$(BIN)/cfn-lint template.yaml infra/stacks/*.yaml
	@PYTHONPATH=infra $(BIN)/python -m local.expand .local/expanded
	@$(BIN)/cfn-lint --ignore-checks W3002 -- .local/expanded/*.json

# Last, so that what it could not find out is the last thing said.
audit: template $(AUDIT_STAMP)
	@echo "== audit: the stacks as CloudFormation gets them, and what is deployed with them"
	@LOG_LEVEL=ERROR $(AUDIT)/bin/checkov --config-file .checkov.yaml --directory .local/expanded
	@PYTHONPATH=infra $(BIN)/python -m audit_packages $(if $(STRICT),--strict) $(AUDIT)/bin/pip-audit $(LOCKS)

unit: setup
	@echo "== unit, flow, simulation and contract tests"
	@$(BIN)/pytest -q -n 2 --ignore tests/e2e

e2e: setup
	@echo "== end to end, on the embedded AWS"
	@$(BIN)/pytest -q tests/e2e

bench: setup
	@PYTHONPATH=$(PATHS):tests $(BIN)/python -m bench
	@PYTHONPATH=$(PATHS):tests $(BIN)/python -m bench.limits
	@PYTHONPATH=$(PATHS):tests $(BIN)/python -m bench.stations

sale: setup
	@PYTHONPATH=$(PATHS):tests $(BIN)/python -m bench.sale

capacity: setup
	@mkdir -p .local
	@PYTHONPATH=$(PATHS):tests $(BIN)/python -m bench.local_run .local/capacity-measured.json
	@PYTHONPATH=$(PATHS) $(BIN)/python -m capacity --measured .local/capacity-measured.json

sim: setup
	@PYTHONPATH=$(PATHS):tests $(BIN)/python -m simulation $(if $(SEED),--seed '$(SEED)')

sim-mutants: setup
	@PYTHONPATH=$(PATHS):tests $(BIN)/python -m simulation --mutants

openapi: setup
	@PYTHONPATH=$(PATHS) $(BIN)/python -m openapi

sam: setup
	@for stack in template.yaml infra/stacks/*.yaml; do \
		PATH="$(abspath $(BIN)):$$PATH" sam validate --lint --template-file $$stack || exit 1; done
	@PATH="$(abspath $(BIN)):$$PATH" sam build

lock: setup
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	$(LOCK) requirements-audit.in -o requirements-audit.txt
	for layer in deps reconciliation reports; do \
		$(LOCK) layers/$$layer/requirements.in -c requirements-dev.txt -o layers/$$layer/requirements.txt || exit 1; done

clean:
	rm -rf $(VENV) .local .aws-sam .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
