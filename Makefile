# Every target makes its own environment from requirements.lock; nothing but git, make and Python >= 3.11 is needed.
VENV := .venv
BIN  := $(VENV)/bin
T    ?= tests
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/openinspector-tools/bin
QUICK := $(addprefix tests/,architecture docs engine feeds model scripts test_plugins.py versions wire)

.PHONY: demo demo-stop test quick test-times scenarios soak check english format docs golden scores bench chaos serve packages tools console screenshots lock clean

$(VENV)/.ready: requirements.lock pyproject.toml scripts/environment
	@scripts/environment $(VENV)
	@touch $@

demo: $(VENV)/.ready           ## assess this very host and print what matters
	@$(BIN)/openinspector demo

demo-stop: $(VENV)/.ready      ## stop what `make demo` left running
	@$(BIN)/openinspector demo --stop

test: $(VENV)/.ready           ## all tests, or T=path
	@$(BIN)/pytest $(T) -n auto --dist worksteal

quick: $(VENV)/.ready          ## before a commit, in a minute: format, lint, types, imports, tests of the core and the house rules
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/lint-imports --no-cache > /dev/null || $(BIN)/lint-imports --no-cache
	@$(BIN)/mypy
	@$(BIN)/pytest $(QUICK) -n auto --dist worksteal

test-times: $(VENV)/.ready     ## all tests, or T=path, and the slowest twenty
	@$(BIN)/pytest $(T) -n auto --dist worksteal --durations=20 --durations-min=0.1

scenarios: $(VENV)/.ready      ## the scenarios under coverage; fails on a module that none of them executes
	@$(BIN)/python -m scripts.scenario_coverage

soak: $(VENV)/.ready           ## kill the agent a thousand times
	@OPENINSPECTOR_TEST_ROUNDS=20 $(BIN)/pytest tests/properties/test_agent_kills.py -n auto --timeout=900

check: $(VENV)/.ready          ## format, lint, types, imports, docstrings, generated pages, English
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/interrogate -q src
	@$(BIN)/python -m scripts.reference --check
	@$(BIN)/python -m scripts.english --check
	@$(BIN)/python -m scripts.console --check

english: $(VENV)/.ready        ## findings of the English lint per folder
	@$(BIN)/python -m scripts.english --count

format: $(VENV)/.ready
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(VENV)/.ready           ## write docs/reference and schemas from the code
	@$(BIN)/python -m scripts.reference

golden: $(VENV)/.ready         ## rewrite golden files; review reads the diff
	@OPENINSPECTOR_GOLDEN=write $(BIN)/pytest tests/feeds -q

scores: $(VENV)/.ready         ## the file of scores a release ships: KEY=key.pem [FROM="--from kev=file"]
	@mkdir -p dist
	@$(BIN)/python -m scripts.scores dist/scores.bundle --key $(KEY) $(FROM)

bench: $(VENV)/.ready          ## measure; figures are kept in docs/performance.md
	@$(BIN)/pytest bench -q -s -p no:cacheprovider --timeout=900

chaos: $(VENV)/.ready          ## kill and freeze nodes of one installation, on PostgreSQL and behind haproxy; about six minutes
	@$(BIN)/pytest tests/scenarios/test_nodes.py tests/scenarios/test_balancer.py tests/service/worker/test_dispatch_between_nodes.py

serve: $(VENV)/.ready
	@$(BIN)/openinspector serve

packages: $(VENV)/.ready       ## .deb, .rpm, bundles, single file and installer, into dist/
	@$(BIN)/python -m scripts.packages

tools:                         ## servers that tests use in place of S3 and KMS; five minutes on two cores
	@GOBIN=$(TOOLS) go install github.com/nsmithuk/local-kms@v0.0.0-20260228092603-2a5e92d09ab6
	@GOBIN=$(TOOLS) go install github.com/versity/versitygw/cmd/versitygw@v1.8.0

windows: $(VENV)/.ready        ## the agent of Windows under Wine: its tests, services, a whole run, setup.exe
	@OPENINSPECTOR_REQUIRE_WINE=1 $(BIN)/pytest -m wine tests/wine

screenshots: $(VENV)/.ready    ## pictures of the console's pages into docs/console (needs chromium)
	@$(BIN)/python -m scripts.screenshots

console: $(VENV)/.ready        ## build the console's pages from console/ (needs node); the result is committed
	@$(BIN)/python -m scripts.console

lock: $(VENV)/.ready           ## resolve pyproject.toml into requirements.lock; no registry is named in it
	@$$(command -v uv || echo .uv/bin/uv) pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock

clean:
	@rm -rf $(VENV) .uv
