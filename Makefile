# `make check` runs the checks of CI except `numeric`, `timing` and those of the studio. Every target works in an environment made by
# `pip install -e ".[dev]"`.
PYTHON ?= python

.PHONY: check style lint types workflows test numeric timing doctest format generate gallery notebooks docs fuzz

check: style lint types workflows test doctest

style:
	$(PYTHON) -m ruff format --check .

lint:
	$(PYTHON) -m ruff check .
	PYTHONPATH=. lint-imports --no-cache

types:
	$(PYTHON) -m mypy

# The files of .github/ against the schemas that check-jsonschema ships: nothing is fetched.
workflows:
	$(PYTHON) -m check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(PYTHON) -m check_jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(PYTHON) -m check_jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(PYTHON) -m check_jsonschema --builtin-schema vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))

test:
	$(PYTHON) -m pytest -q

# The numeric tests as on other processors.
numeric:
	PYTHON=$(PYTHON) .ci/numeric

# The tests that the clock decides, one after the other.
timing:
	$(PYTHON) -m pytest -q -m timing --numprocesses=0

doctest:
	$(PYTHON) -m pytest -q --doctest-modules fgraph nodes

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

# The JSON Schema of graph files, the node reference, the stubs of Graph's methods, the messages of the studio.
generate:
	$(PYTHON) tools/generate.py
	$(PYTHON) tools/studio_types.py

# Every picture in docs/: those of graphs, pages and measurements.
gallery:
	$(PYTHON) tools/gallery

# The notebooks of examples/, with what their cells show.
notebooks:
	$(PYTHON) tools/run_notebooks.py

# The documentation as a site, in site/; needs the extra [docs], which [dev] has. The variable silences the theme's announcement.
docs:
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict

# Hostile files, failing disks and kills, in full: hours. The tests try a sample.
fuzz:
	$(PYTHON) tools/campaign.py
