# The same words on a laptop and in CI. A fresh machine needs Python ≥ 3.11, make and a package index.
PYTHON ?= python3
BIN := .venv/bin
BENCHMARKS ?= capture_cost browser accuracy tiles weights measures long_texts memory reference_mechanisms additive_fit coverage
export GRADIO_ANALYTICS_ENABLED := False

.PHONY: app test check setup browser bench clean
.DEFAULT_GOAL := help

help:
	@echo "make app     start the inspector at http://127.0.0.1:7860 (GRADIO_SERVER_PORT for another port)"
	@echo "make test    run every test, with a real browser"
	@echo "make check   format, lint, types, import direction"
	@echo "make bench   measure what the README states"
	@echo "make setup   only install"

app: .venv/installed
	@$(BIN)/python gradio_app.py

setup: .venv/installed-dev browser

test: .venv/installed-dev browser
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

# Gradio writes a .pyi beside the component whenever it is imported; a stale one would be checked in its place.
check: .venv/installed-dev
	@rm -f inspector/component.pyi
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed-dev
	@for script in $(BENCHMARKS); do echo "== $$script"; HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.$$script || exit 1; done

# A stamp newer than the list of packages means that a second start installs nothing.
.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	@touch $@

# Debian's chromium where we may install it, else the one Playwright brings.
browser: .venv/installed-dev
	@$(BIN)/python tests/ui/install_browser.py

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
