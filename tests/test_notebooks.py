"""The notebooks as they are saved: one series, whole, and readable where nothing runs."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = {path.name: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
MOST = 600_000
"""Bytes of a file, so that a code host still shows it."""
RUNNING = "application/vnd.jupyter.widget-view+json"


def cells(name, kind):
    return [c for c in json.loads(NOTEBOOKS[name].read_text())["cells"] if c["cell_type"] == kind]


def texts(name):
    return ["".join(cell["source"]) for cell in cells(name, "markdown")]


def title(name):
    return texts(name)[0].splitlines()[0].removeprefix("# ")


def number(name):
    return int(name[:2])


def with_number(wanted):
    return next((name for name in NOTEBOOKS if number(name) == wanted), None)


every = pytest.mark.parametrize("name", NOTEBOOKS)


@every
def test_begins_with_its_number_and_what_it_takes(name):
    first = texts(name)[0]
    assert re.match(rf"# {number(name)} · \S", first)
    assert "You need to know" in first or "You should have seen" in first
    assert re.search(r"about \w+(-\w+)? minutes", first)
    assert "In this notebook you\n" in first


@every
def test_links_lead_to_what_is_there(name):
    for said, address in LINK.findall("\n".join(texts(name))):
        if address.startswith(("https://", "#")):
            continue
        file = address.partition("#")[0]
        # One that is still to come has no number here.
        if re.match(r"\d\d-", file) and with_number(number(file)) is None:
            continue
        assert (ROOT / "notebooks" / file).exists(), address
        if file in NOTEBOOKS and re.match(r"\d · ", said):
            assert title(file).startswith(said)


@every
def test_the_last_line_leads_back_and_on(name):
    *_, last = texts(name)[-1].strip().splitlines()
    links = dict(re.findall(r"(Back|Next): \[[^\]]+\]\(([^)]+)\)", last))
    for word, neighbour in (("Back", number(name) - 1), ("Next", number(name) + 1)):
        there = with_number(neighbour)
        if there is not None:
            assert links[word] == there
    numbers = [number(other) for other in NOTEBOOKS]
    assert ("Back" in links) == (number(name) > min(numbers))
    assert ("Next" in links) == (number(name) < max(numbers))


@every
def test_has_exercises_with_a_solution_each(name):
    (last,) = (text for text in texts(name) if "## Try it\n" in text)
    asked, solved = last.split("<details><summary>Solutions</summary>\n")
    exercises = re.findall(r"^(\d)\. ", asked, re.MULTILINE)
    assert exercises == [str(i + 1) for i in range(len(exercises))]
    code = "\n".join(re.findall(r"```python\n(.*?)```", solved, re.DOTALL))
    ast.parse(code)
    assert re.findall(r"^# (\d)\b", code, re.MULTILINE) == exercises
    assert "</details>" in solved


@every
def test_is_saved_whole(name):
    code = cells(name, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert outputs
    for output in outputs:
        assert output["output_type"] != "error"
        assert output.get("name") != "stderr", output["text"]
        data = output.get("data", {})
        # A widget alone shows nothing where no kernel runs.
        assert RUNNING not in data or "text/html" in data or "image/png" in data


@every
def test_is_small_and_tells_nothing_of_the_machine(name):
    assert NOTEBOOKS[name].stat().st_size < MOST
    told = re.findall(r"/(?:home|root|work|Users|tmp)/[\w./-]+", NOTEBOOKS[name].read_text())
    assert told == []


@every
def test_an_explanation_is_written_in_one_line(name):
    spec = importlib.util.spec_from_file_location("saving", ROOT / "docs" / "notebooks.py")
    saving = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(saving)
    notebook = json.loads(NOTEBOOKS[name].read_text())
    text = saving.written(notebook)
    assert json.loads(text) == notebook
    assert len(text) <= len(json.dumps(notebook, indent=1, ensure_ascii=False)) + 1
    kept = [line for line in text.splitlines() if f'"{saving.EXPLANATION}": {{"' in line]
    outputs = [output for cell in cells(name, "code") for output in cell["outputs"]]
    assert len(kept) == sum(saving.EXPLANATION in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_is_listed_where_people_look(name):
    listed = (ROOT / name).read_text()
    for notebook in NOTEBOOKS:
        assert title(notebook) in listed
