# The daily commands: `just` lists them. `just` itself comes with requirements-dev.txt (.venv/bin/just).

export PATH := justfile_directory() / ".venv/bin:" + env("PATH")

# List the commands
default:
    @just --list --unsorted

# Make the environment: every pin, checked by its checksum
install:
    python3 -m venv .venv && .venv/bin/pip install -q --require-hashes -r requirements-dev.txt

# Check each commit before it is made
install-hooks:
    pre-commit install

# Start the program on this checkout
start:
    streamlit run app.py

# Everything that CI checks and tests
test *words:
    pytest {{ words }}

# The tests that answer while one is working
fast *words:
    pytest -m "not slow and not browser and not postgresql" {{ words }}

# Style, types, layers, pins, links and documents, without the tests
check:
    pre-commit run --all-files

# Mend what the formatter and linter can
format:
    ruff format . && ruff check --fix .

# Branch coverage of the fast tests; fails below what pyproject.toml holds
coverage:
    pytest -m "not slow and not browser and not postgresql" --cov --cov-report=term:skip-covered

# The site of the documents, built strictly into site/
docs:
    mkdocs build --strict

# The package, into dist/
wheel:
    hatchling build

# Pins with checksums, after a range in pyproject.toml changed
pins:
    uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q -o requirements.txt
    uv pip compile pyproject.toml --extra server -c requirements.txt --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q -o requirements-server.txt
    uv pip compile pyproject.toml --extra server --group dev -c requirements-server.txt --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q -o requirements-dev.txt
