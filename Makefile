# Nhịp Cầu. `make help` lists the targets. Needs python3 >= 3.11; everything else is installed into .venv.

SHELL := /bin/sh
PYTHON ?= python3
PY := .venv/bin/python
STATIC := DJANGO_SETTINGS_MODULE=marketplace.settings.check $(PY) -W ignore manage.py
# Test processes, each with a database, a broker number and folders of its own; a file's tests stay together, and the
# files in the order of tests/plugin.py: the longest hold few tests, which xdist would take for short.
PARALLEL ?= -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
ROOMS := accounts audit deals insights ledger listings marketplace matching rules search valuation

# Where this is set (as in many containers), each of our processes would compile every module anew: tens of seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast check fix lock messages install install-dev shell clean valuation-cases backtest-simulated replay-feedback learn-from-answers simulate-answers measure-congestion bench-matching bench-real bench-samples bench-scale bench-search bench-valuation bench-whatif \
	check-style check-types check-imports check-templates check-migrations check-messages check-deploy check-licences check-schema

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' Makefile

demo: install  ## Run the whole site on this machine, with sample records; Ctrl-C ends it
	@exec $(PY) -m marketplace.engines demo

test: install-dev  ## Run every test against a real PostgreSQL and Valkey, and in Chromium when it is there
	@$(PY) -m tools.fonts
	@$(PY) -m pytest $(PARALLEL) $(ARGS)

test-fast: install-dev  ## Run every test but those in a browser
	@$(PY) -m pytest $(PARALLEL) -m "not journey" $(ARGS)

check: install-dev check-style check-imports check-migrations check-deploy check-messages check-templates check-schema check-licences check-types  ## Check style, types, imports, templates, migrations, translations, deployment, API schema, licences

check-style:
	@echo "==> style"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

check-types:
	@echo "==> types"
	@$(PY) -m mypy $(ROOMS) tools

check-imports:
	@echo "==> imports"
	@$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()" --no-cache

check-templates:
	@echo "==> templates"
	@$(STATIC) check_templates
	@$(PY) -m djlint templates --lint --quiet

check-migrations:
	@echo "==> migrations"
	@$(STATIC) makemigrations --check --dry-run

check-messages:
	@echo "==> translations"
	@$(PY) -m tools.messages check

check-deploy:
	@echo "==> deployment"
	@$(PY) -m tools.fonts
	@$(STATIC) check --deploy --fail-level WARNING

check-schema:
	@echo "==> API schema"
	@$(STATIC) spectacular --file /dev/null --validate --fail-on-warn

check-licences:
	@echo "==> licences"
	@$(PY) -m tools.licences

fix: install-dev  ## Put style in order
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

messages: install-dev  ## Collect the texts for translation and bring the catalogues in order
	@$(PY) -m tools.messages extract

lock: install-dev  ## Compile pyproject.toml into the requirements files, with hashes
	@$(PY) -m tools.lock $(ARGS)

install:  ## Make .venv with what the site needs
	@$(PYTHON) tools/bootstrap.py run

install-dev:  ## Make .venv with what tests and checks need, too
	@$(PYTHON) tools/bootstrap.py dev

valuation-cases: install-dev  ## Run published worked cases through the methods: CASES=FILE
	@test -n "$(CASES)" || { echo "usage: make valuation-cases CASES=FILE"; exit 2; }
	@$(PY) -m benchmarks.valuation_cases "$(CASES)" --json benchmarks/out/valuation_cases.json

bench-matching: install-dev  ## Measure the ranking on a folder of judged texts: DATA=../shared/data/sbir, POOL='FILE …' adds distractors
	@test -n "$(DATA)" || { echo "usage: make bench-matching DATA=FOLDER [POOL='FILE …'] [SAMPLE=N]"; exit 2; }
	@$(PY) -W ignore -m benchmarks.matching "$(DATA)" $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(POOL),--pool $(POOL))

bench-real: install-dev  ## Measure import, search page, publication and matching on real records: DATA=../shared/data
	@test -n "$(DATA)" || { echo "usage: make bench-real DATA=FOLDER"; exit 2; }
	@$(PY) -W ignore -m benchmarks.bench_real "$(DATA)" --json benchmarks/out/bench_real.json

bench-samples: install-dev  ## Measure the ranking on the sample needs and their graded answers
	@$(PY) -W ignore -m benchmarks.samples

replay-feedback: install-dev  ## Replay answers to matches offline, with and without learning from them: [DATA=FOLDER] [ARGS=--sweep]
	@$(PY) -W ignore -m benchmarks.replay $(if $(DATA),"$(DATA)") $(ARGS)

learn-from-answers: install  ## Learn from the answers of the exchange that runs here: [ARGS=--dry-run]
	@$(PY) -W ignore manage.py learn_from_answers $(ARGS)

simulate-answers: install-dev  ## Simulate a market of answers on the samples and learn from them across demands: [ARGS='--draws 5 --sizes 200']
	@$(PY) -W ignore -m benchmarks.market --json benchmarks/out/market.json $(ARGS)

measure-congestion: install-dev  ## Measure what the cap on first places costs and gives: [DATA=FOLDER]
	@$(PY) -W ignore -m benchmarks.congestion $(if $(DATA),"$(DATA)") $(ARGS)

bench-search: install-dev  ## Measure the search page on 7,000 listings: DATA=../shared/data, else the samples
	@$(PY) -W ignore -m benchmarks.bench_search $(if $(DATA),--records "$(DATA)") --json benchmarks/out/bench_search.json

bench-scale: install-dev  ## Measure search and matching at 10,000, 100,000 and N listings: [N=1000000] [SIZES=a,b] [DATA=../shared/data] [ARGS=--alone]
	@$(PY) -W ignore -m benchmarks.bench_scale $(if $(N),$(N)) $(if $(SIZES),--sizes $(SIZES)) $(if $(DATA),--records "$(DATA)") $(ARGS) --json benchmarks/out/bench_scale.json

bench-valuation: install-dev  ## Measure the valuation methods against bare numpy and QuantLib
	@$(PY) -m benchmarks.bench_valuation --json benchmarks/out/bench_valuation.json

backtest-simulated: install-dev  ## Test the back-test on a simulated market with a known truth
	@$(PY) -m benchmarks.backtest_simulated --json benchmarks/out/backtest_simulated.json

bench-whatif: install-dev  ## Measure the what-if panel at the browser, on a demo that runs (make demo) or URL=…
	@$(PY) -m benchmarks.bench_whatif $(if $(URL),--url "$(URL)")

clean:  ## Remove everything that was made here, the demo's records included
	@$(PYTHON) tools/clean.py
