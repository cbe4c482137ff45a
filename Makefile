# Two commands do everything: `make demo` and `make test`. Python ≥ 3.11, make and the package registries
# are all that is needed; uv is used where present (or where pip can fetch it), else pip.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: demo test lint types contracts suite faults load bench mutants lock browser clean

demo: $(VENV)/.run
	$(BIN)/wurao demo

test: $(VENV)/.test browser lint types contracts suite

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "wurao needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt pyproject.toml | $(VENV)/bin/python
	.ci/install $(VENV) requirements.txt
	@touch $@

$(VENV)/.test: requirements-test.txt pyproject.toml | $(VENV)/bin/python
	.ci/install $(VENV) requirements-test.txt
	@touch $@ $(VENV)/.run

browser: $(VENV)/.test
	.ci/browser $(VENV)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

contracts: $(VENV)/.test
	$(BIN)/lint-imports

suite: $(VENV)/.test
	$(BIN)/python -m pytest -q -n 2 --dist loadscope -m "not slow"

faults load: $(VENV)/.test
	$(BIN)/python -m pytest -q tests/$@

bench: $(VENV)/.test
	$(BIN)/python -m bench

# mutmut is no part of the locks: it lives in a venv of its own and borrows the test venv's packages. Nothing of an
# earlier run is believed; the table at the end fails the target where a module is below 90 %.
mutants: $(VENV)/.test
	$(BIN)/python -m venv $(VENV)-mutants
	$(BIN)/python -c "import site; print(site.getsitepackages()[0])" > "$$($(VENV)-mutants/bin/python -c 'import site; print(site.getsitepackages()[0])')/borrowed.pth"
	$(VENV)-mutants/bin/python -m pip install -q 'mutmut>=3.8,<4'
	rm -rf mutants
	nice $(BIN)/python .ci/mutants $(VENV)-mutants/bin/mutmut

lock: $(VENV)/bin/python
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra test -c requirements.txt --universal --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements-test.txt
	$(BIN)/uv pip compile pyproject.toml --extra scale -c requirements-test.txt --universal --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements-scale.txt

clean:
	rm -rf $(VENV) $(VENV)-mutants mutants data
