"""The whole lecture once, its report as a browser would read it, and its words for the terminal."""

import json
import re
from html.parser import HTMLParser

import pytest

from autograd_mini.lecture.report import _table, _text, embeddable, html_report
from autograd_mini.lecture.run import Lecture, as_json
from autograd_mini.lecture.terminal import WIDTH, sections
from autograd_mini.lecture.wording import Table, minus

pytestmark = pytest.mark.xdist_group("lecture")  # one worker computes it for all

VOID = {"meta", "br", "img", "hr", "link", "input"}


class Page(HTMLParser):
    """What is in the page; fails on a tag that is closed in the wrong place."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.references, self.cells = [], [], [], [], []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src", "xlink:href", "action", "data", "srcset"):
                self.references.append(value)
            assert not name.startswith("on"), f"{tag} has a script: {name}"
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data


@pytest.fixture(scope="module")
def lecture():
    return Lecture()


@pytest.fixture(scope="module")
def html(lecture):
    return html_report(lecture)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_page_is_whole_and_needs_nothing_else(page, html):
    assert html.startswith("<!DOCTYPE html>")
    assert {"html", "head", "title", "body"} <= set(page.tags)
    assert not {"script", "link", "iframe", "img", "object", "base"} & set(page.tags)
    assert all(reference.startswith("#") for reference in page.references)
    assert not re.search(r"@import|url\((?!['\"]?#)", html)


def test_ids_are_unique_and_every_reference_has_its_target(page, html):
    assert len(page.ids) == len(set(page.ids)) > 100
    used = {reference[1:] for reference in page.references} | set(re.findall(r"url\(#([^)]+)\)", html))
    assert used <= set(page.ids)


def test_three_pictures_fit_the_page_on_white(page, html):
    assert {"graph", "xor", "digits"} <= set(page.ids)
    assert page.tags.count("svg") == page.tags.count("figure") == page.tags.count("figcaption") == 3
    assert "max-width: 100%" in html
    assert ".picture { background: white" in html
    assert "prefers-color-scheme: dark" in html
    assert page.tags.count("table") == html.count('<div class="scroll"><table>') == 5


def test_the_graph_shows_the_engines_values_and_gradients(page, lecture):
    run = lecture.example.recording
    for value in [*run.w.values(), *run.s.values(), run.h["D"], run.output, run.E]:
        number = re.escape(minus(f"{value.data:.4g}"))
        assert re.search(rf"\b{value.name}\s+data {number}\s", page.text), value.name
        assert f"grad {minus(f'{value.grad + 0.0:.4g}')}" in page.text


def test_every_number_of_the_tables_is_the_computed_one(page, lecture):
    lines = [page.cells[i : i + 8] for i in range(0, 8 * 32, 8)]
    for row, cells in zip(lecture.example.rows, lines[1:], strict=True):
        name, _, printed, rounded, by_hand, autodiff, *_ = (cell.replace("−", "-") for cell in cells)
        assert (name, printed, rounded) == (row.name, row.printed or "—", str(row.rounded))
        assert (float(by_hand), float(autodiff)) == (row.by_hand, row.autodiff)
    for sentence in lecture.erratum.sentences():
        assert sentence in page.text
    assert f"{lecture.digits.accuracy:.1%} of 450 held-out digits" in page.text
    for run in lecture.runs:
        assert str(run.solved_at or f"not in {run.recipe.epochs}") in page.cells
    assert sum(int(cell) for cell in page.cells[-110:] if cell.isdigit()) == 450 + sum(range(10))


def test_the_erratum_is_marked(html):
    assert len(re.findall(r'<tr class="mark">', html)) == 3
    assert html.count("ERRATUM") >= 3


def test_the_same_results_give_the_same_page(lecture, html):
    assert html_report(lecture) == html


def test_text_is_escaped():
    assert _text("a < b & c") == "<p>a &lt; b &amp; c</p>"
    assert "<td>&lt;script&gt;</td>" in _table(Table(["x"], [["<script>"]], set()))


def test_pictures_do_not_meddle_with_each_other():
    svg = '<?xml?><!DOCTYPE svg><svg width=\'1\'><style>*{stroke: red}</style><g id="a" clip-path="url(#a)"/></svg>\n'
    assert embeddable(svg, "p") == (
        '<svg id="p" role="img" width=\'1\'><style>#p *{stroke: red}</style><g id="p-a" clip-path="url(#p-a)"/></svg>'
    )


def test_the_terminal_shows_it_all_in_120_columns(lecture):
    text = "\n".join(sections(lecture))
    assert max(map(len, text.splitlines())) <= WIDTH == 120
    for row in lecture.example.rows:
        line = next(line for line in text.splitlines() if line.startswith(f"{row.name} "))
        numbers = [cell for cell in (row.printed, str(row.rounded), repr(row.by_hand), repr(row.autodiff)) if cell]
        assert all(minus(cell) in line for cell in numbers)
        assert ("ERRATUM" in line) == (row.name in ("h_E′", "δ_E", "Δw_EA"))
    for part in ("not in 4000", "yes", "97.", "(50%)", "(75%)", "σ′(0.90)", "agrees"):
        assert part in text
    assert "DIFFERS" not in text


@pytest.mark.parametrize("learning_rate", [1e-5, 0.3, 1e6])
def test_the_first_table_fits_the_terminal_for_any_learning_rate(learning_rate):
    assert max(map(len, next(sections(Lecture(learning_rate=learning_rate))).splitlines())) <= 120


def test_another_learning_rate_says_what_the_print_is_for():
    text = next(sections(Lecture(learning_rate=2.0)))
    line = next(line for line in text.splitlines() if line.startswith("Δw_GD"))
    assert line.endswith("printed for µ = 10")
    assert "with µ = 2 takes the error" in text
    assert max(map(len, text.splitlines())) <= 120


def test_json_has_every_part_and_no_nan(lecture):
    data = json.loads(json.dumps(as_json(lecture), allow_nan=False))
    assert [row["name"] for row in data["worked_example"]["rows"]] == [row.name for row in lecture.example.rows]
    assert data["worked_example"]["largest_difference"] <= 1e-15
    assert all(line["agrees_with_print"] for line in data["xor_table"])
    assert all(n["largest_relative_difference"] <= 1e-12 for n in data["random_networks"]["networks"])
    assert 0.5 <= data["linear_model"]["accuracy"] <= data["linear_model"]["best_accuracy"] <= 0.75
    assert data["digits"]["accuracy"] >= 0.96
    solved = [run for run in data["xor_training"] if run["solved_at"]]
    assert len(solved) == 8
    for run in solved:
        assert run["right"] == 4
        assert 0 < run["seeds_solved"] <= run["seeds"] == 20
