"""The stepper's page in a real browser: its numbers are the trace's, and every control does what it says."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.explain.formatting import shown
from autograd_mini.explain.pictures.labels import visible
from autograd_mini.explain.stepper.stepper import step_through
from autograd_mini.explain.story.steps import BackwardStep, ForwardStep, SumStep, UpdateStep
from autograd_mini.explain.story.trace import trace
from tests.browser.examples import batch, lecture, new_batch, new_lecture
from tests.explain.hostile import NASTY

#: What the page shows after every number of steps: its rows, boxes, formulas and highlights.
EVERYTHING = """() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const text = (element) => element.textContent;
  const name = (box) => box.querySelector("title").textContent.split(": value ")[0];
  const leaves = (math) => all("mi, mn, mo, mtext", math).map(text).join(" ");
  const last = Number(document.getElementById("slider").max);
  return Array.from({length: last + 1}, (_, k) => {
    stepper.go(k);
    const row = (tr) => [tr.querySelector("button.name").ariaLabel, all("td", tr).slice(1).map(text)];
    const box = (g) => [name(g), [".value", ".gradient"].map((part) => g.querySelector(part).textContent)];
    return {
      rows: Object.fromEntries(all("tbody tr").map(row)),
      boxes: Object.fromEntries(all("#picture .node:not(.constant)").map(box)),
      lit: all("#picture .edge.lit").map((e) => Number(e.id.slice(5))),
      taken: all("#picture .edge").map((e) => [...e.classList].find((c) => c === "forward" || c === "backward") ?? ""),
      target: all("#picture .node.target").map(name),
      upstream: all("#picture .node.upstream").map(name),
      lines: all("#formula math").map((math) => math.getAttribute("aria-label")),
      math: all("#formula math").map(leaves),
      ...Object.fromEntries(["phase", "live", "count"].map((id) => [id, document.getElementById(id).textContent])),
    };
  });
}"""

NAMES = {"forward": "Forward", "backward": "Backward", "sum": "Backward", "update": "Update"}


class Expected:
    """What a trace says is known after some steps, told by the trace's own records alone."""

    def __init__(self, story):
        self.trace = story
        self.nodes = [n for n in story.graph.nodes if n.kind != "constant"]
        self.values = {n.name: shown(n.data) if n.kind == "leaf" else "not yet" for n in self.nodes}
        self.gradients = dict.fromkeys(self.values, "not yet")
        self.updates = {}
        self.came, self.due = dict.fromkeys(self.values, 0), dict.fromkeys(self.values, 0)
        for step in story:
            if self._arrives(step):
                self.due[story.graph.nodes[step.target].name] += 1

    @staticmethod
    def _arrives(step):
        return isinstance(step, SumStep) or (isinstance(step, BackwardStep) and not step.sum_follows)

    def take(self, step):
        target = self.trace.graph.nodes[step.target].name
        if isinstance(step, ForwardStep):
            self.values[target] = shown(step.result)
        elif isinstance(step, UpdateStep):
            self.updates[target] = (shown(step.delta), shown(step.after))
        if isinstance(step, BackwardStep):
            self.gradients[self.trace.graph.nodes[step.node].name] = shown(step.upstream)
        if self._arrives(step):
            self.gradients[target] = shown(step.after)
            self.came[target] += 1

    def row(self, name):
        counted = f" ({self.came[name]} of {self.due[name]})" if 0 < self.came[name] < self.due[name] else ""
        return [self.values[name], self.gradients[name] + counted, *self.updates.get(name, ())]


NUMBER = r"−?(?:\d+(?:\.\d+)?|inf|nan)"


def last_numbers(text):
    """The numbers behind the last sign of equality, or arrow, however they are written."""
    text = text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789−")).replace("− ", "−")
    text = re.sub(r"e(−?)\+?0*(\d+)", r" · 10 \1\2", text)
    return re.findall(NUMBER, re.split("[=←→]", text)[-1])


@pytest.mark.parametrize("make", [lecture, batch])
def test_every_number_at_every_step_is_the_traces(open_stepper, make):
    stepper = make()
    found = open_stepper(stepper).evaluate(EVERYTHING)
    assert len(found) == len(stepper.trace) + 1
    expected = Expected(stepper.trace)
    leaves = {n.name for n in expected.nodes if n.kind == "leaf"}
    for k, (page, step) in enumerate(zip(found, [None, *stepper.trace], strict=True)):
        if step is not None:
            expected.take(step)
        assert page["count"] == f"{k} / {len(stepper)}"
        assert set(page["rows"]) == set(page["boxes"]) == set(expected.values)
        for name, cells in page["rows"].items():
            width = 4 if name in leaves else 2
            wanted = expected.row(name)
            assert cells == wanted + [""] * (width - len(wanted)), (k, name)
        for name, (value, gradient) in page["boxes"].items():
            wanted = expected.updates[name][1] if name in expected.updates else expected.values[name]
            assert is_short_for(value, wanted), (k, name)
            assert is_short_for(gradient, expected.gradients[name]), (k, name)
        if step is None:
            assert page["lines"] == page["lit"] == page["target"] == []
            continue
        graph = stepper.trace.graph
        assert page["phase"] == NAMES[step.phase]
        assert page["lines"] == [line.text for line in step.lines]
        assert page["target"] == [graph.nodes[step.target].name]
        assert len(page["math"]) == len(step.lines)
        for line, math in zip(step.lines, page["math"], strict=True):
            assert last_numbers(math) == last_numbers(line.text), (k, line)
        assert all(line.text in page["live"] for line in step.lines)


def is_short_for(text, full):
    """A box shows a number as it is, of a wide array the range."""
    if text == " ".join(full.split()):
        return True
    ends = re.findall(r"−?[\d.]+(?:e[+−]\d+)?", text)
    inside = re.findall(r"−?[\d.]+(?:e[+−]\d+)?", full.partition(") ")[2] if full.startswith("(") else full)
    number = lambda written: float(written.replace("−", "-"))  # noqa: E731
    return [number(end) for end in ends] in ([min(map(number, inside)), max(map(number, inside))], [number(inside[0])])


def test_the_edge_that_a_step_works_along_is_lit(open_stepper):
    stepper = lecture()
    edges = stepper.told["edges"]
    nodes = stepper.trace.graph.nodes
    for page, step in zip(open_stepper(stepper).evaluate(EVERYTHING)[1:], stepper.trace, strict=True):
        ends = [tuple(edges[i][:2]) for i in page["lit"]]
        if isinstance(step, ForwardStep):
            assert ends == [(i, step.node) for i in nodes[step.node].inputs]
            assert page["upstream"] == []
        elif isinstance(step, UpdateStep):
            assert ends == []
        else:
            assert ends == [(step.input, step.node)]
            assert page["upstream"] == [nodes[step.node].name]


def test_edges_tell_in_which_pass_they_were_used_last(open_stepper):
    stepper = lecture()
    ends = [tuple(edge[:2]) for edge in stepper.told["edges"]]
    taken = dict.fromkeys(range(len(ends)), "")
    page = open_stepper(stepper)
    for found, step in zip(page.evaluate(EVERYTHING), [None, *stepper.trace], strict=True):
        if isinstance(step, ForwardStep):
            taken |= {i: "forward" for i, (_, target) in enumerate(ends) if target == step.node}
        elif isinstance(step, BackwardStep):
            taken[ends.index((step.input, step.node))] = "backward"
        assert found["taken"] == list(taken.values())
    heads = "(e) => [getComputedStyle(e).markerStart, getComputedStyle(e).markerEnd]"
    page.evaluate("stepper.go(30)")
    assert page.locator(".edge.lit").evaluate(heads) == ['url("#arrow-backward")', "none"]
    page.evaluate("stepper.go(18)")
    assert page.locator(".edge.lit").evaluate(heads) == ["none", 'url("#arrow-forward")']


def test_a_square_has_two_edges_which_are_lit_one_by_one(open_stepper):
    x = ag.Value(3.0, name="x")
    found = open_stepper(step_through(x * x)).evaluate(EVERYTHING)
    assert [page["lit"] for page in found] == [[], [0, 1], [0], [1]]
    assert [page["rows"]["x"][1] for page in found] == ["not yet", "not yet", "3 (1 of 2)", "6"]


def test_gradients_that_never_arrive_are_never_zero(open_stepper):
    x, w = ag.Value(3.0, name="x"), ag.Value(2.0, name="w")
    story = trace((w * x - 5) ** 2)
    forward_only = open_stepper(step_through(story.forward)).evaluate(EVERYTHING)
    assert {row[1] for page in forward_only for row in page["rows"].values()} == {"not yet"}
    part = open_stepper(step_through(story.through(w))).evaluate(EVERYTHING)
    assert part[-1]["rows"]["x"][1] == "none"
    assert part[0]["rows"]["x"][1] == "not yet"
    assert part[-1]["rows"]["w"][1] == "6"


# -- controls ------------------------------------------------------------------------------------------


def step_of(page):
    return page.evaluate("stepper.step")


def test_buttons(open_stepper):
    page = open_stepper(lecture())
    assert page.locator("#first").is_disabled()
    assert page.locator("#back").is_disabled()
    page.click("#next")
    page.click("#next")
    assert step_of(page) == 2
    page.click("#back")
    assert step_of(page) == 1
    page.click("#last")
    assert step_of(page) == 67
    assert page.locator("#next").is_disabled()
    assert page.locator("#last").is_disabled()
    page.click("#first")
    assert step_of(page) == 0


def test_keys(open_stepper):
    page = open_stepper(lecture())
    for key, step in [
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", 67),
        ("ArrowRight", 67),
        ("Home", 0),
    ]:
        page.keyboard.press(key)
        assert step_of(page) == step
    page.keyboard.press("ArrowLeft")
    assert step_of(page) == 0


def test_the_slider(open_stepper):
    page = open_stepper(lecture())
    page.locator("#slider").fill("40")
    assert step_of(page) == 40
    assert page.locator("#slider").get_attribute("aria-valuetext") == "40 of 67, backward"
    page.focus("#slider")
    page.keyboard.press("ArrowRight")
    assert step_of(page) == 41
    page.keyboard.press("Home")
    assert step_of(page) == 0
    assert page.locator("#slider").get_attribute("aria-valuetext") == "before the first step"
    page.evaluate("stepper.go(30)")
    assert page.locator("#slider").input_value() == "30"


def play_until_still(page):
    page.click("#play")
    for _ in range(30):
        page.clock.run_for(4000)
        if not page.evaluate("stepper.playing"):
            return
    raise AssertionError("it plays on and on")


def test_play_goes_to_the_end_and_then_begins_anew(open_stepper):
    page = open_stepper(lecture())
    page.clock.install()
    page.select_option("#speed", "500")
    page.keyboard.press("Space")
    assert page.locator("#play").get_attribute("aria-label") == "Pause"
    page.clock.run_for(1400)
    assert step_of(page) == 3
    page.keyboard.press("Space")
    page.clock.run_for(5000)
    assert step_of(page) == 3
    assert page.locator("#play").get_attribute("aria-label") == "Play"
    play_until_still(page)
    assert step_of(page) == 67
    page.click("#play")
    page.clock.run_for(700)
    assert step_of(page) == 2


def test_stepping_by_hand_ends_playing(open_stepper):
    page = open_stepper(lecture())
    page.clock.install()
    page.click("#play")
    page.clock.run_for(500)
    page.click("#next")
    page.clock.run_for(9000)
    assert step_of(page) == 2


def test_a_click_on_a_node_runs_to_its_gradient_and_another_to_its_value(open_stepper):
    stepper = lecture()
    page = open_stepper(stepper)
    for node in stepper.trace.graph.nodes:
        if node.kind == "constant":
            continue
        completing = [s.number for s in stepper.trace.backward if s.target == node.index]
        computing = [s.number for s in stepper.trace.forward if s.target == node.index]
        box = page.locator(f"#node-{node.index}")
        box.dispatch_event("click")
        # The output's gradient is there from the first backward step on.
        assert step_of(page) == (completing or [22])[-1], node.name
        box.dispatch_event("click")
        assert step_of(page) == (computing or completing)[-1], node.name
    page.get_by_label("h_D", exact=True).click()  # the button in the table
    assert step_of(page) == 36


def test_a_real_click_hits_the_node(open_stepper):
    page = open_stepper(lecture())
    page.locator("#node-4 .body").click()
    assert page.evaluate("document.querySelector('.node.target').id") == "node-4"


def test_nodes_and_rows_work_from_the_keyboard(open_stepper):
    stepper = lecture()
    page = open_stepper(stepper)
    stops = page.evaluate("document.querySelectorAll('#picture [tabindex=\"0\"]').length")
    assert stops == 1
    page.locator("#picture [tabindex='0']").focus()
    page.keyboard.press("ArrowUp")
    focused = int(page.evaluate("document.activeElement.id").removeprefix("node-"))
    page.keyboard.press("Enter")
    assert stepper.trace[step_of(page) - 1].target == focused
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == f"node-{focused}"
    rows = page.locator("#leaves button.name")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.ariaLabel") == rows.nth(1).get_attribute("aria-label")
    page.keyboard.press("Enter")
    assert page.locator("#leaves tr.target").get_attribute("id") == page.evaluate(
        "document.activeElement.closest('tr').id"
    )


def test_play_stops_at_a_name(open_stepper):
    stepper = lecture()
    page = open_stepper(stepper)
    page.clock.install()
    page.fill("#stop", "h_D")
    page.keyboard.press("Enter")
    for wanted in [6, 36, 67]:  # computed, its gradient, the end
        play_until_still(page)
        assert step_of(page) == wanted
    page.get_by_label("Do not stop at h_D").click()
    page.click("#first")
    play_until_still(page)
    assert step_of(page) == 67


def test_stops_are_set_in_the_table_and_from_python_too(open_stepper):
    page = open_stepper(new_lecture(stop_at=["s_G"]))
    page.clock.install()
    assert page.locator("#chosen .chip").all_text_contents() == ["sG×"]
    page.get_by_label("Stop at ŷ", exact=True).click()
    assert page.get_by_label("Stop at ŷ", exact=True).get_attribute("aria-pressed") == "true"
    for wanted in [17, 18, 25, 26]:
        play_until_still(page)
        assert step_of(page) == wanted


def test_a_name_that_nothing_has(open_stepper):
    page = open_stepper(lecture())
    page.fill("#stop", "w_XY")
    page.click("#stops button[type=submit]")
    assert page.locator("#no-stop").text_content() == "nothing is called w_XY"
    page.keyboard.press("ArrowLeft")
    assert page.locator("#stop").input_value() == "w_XY"


# -- layers --------------------------------------------------------------------------------------------


def walk(page):
    """The places that the button leads to from the start."""
    return page.evaluate("""() => { const next = document.getElementById("next"), places = [0];
      for (stepper.go(0); !next.disabled; places.push(stepper.step)) next.click();
      return places; }""")


def test_a_folded_layer_is_passed_over_as_one_step(open_stepper):
    stepper = batch()
    page = open_stepper(stepper)
    assert walk(page) == list(range(len(stepper) + 1))
    page.get_by_role("button", name="0: Linear", exact=True).click()
    inside = [step.number for step in stepper.trace if step.layer == "0"]
    ways = [NAMES[step.phase] for step in stepper.trace]
    runs = [n for n in inside if n + 1 not in inside or ways[n - 1] != ways[n]]
    kept = sorted({*range(len(stepper) + 1)} - set(inside) | set(runs))
    assert walk(page) == kept
    page.evaluate(f"stepper.go({runs[0]})")
    assert "at once" in page.locator("#say").text_content()
    assert page.locator("#layer").text_content() == "in 0: Linear"
    assert page.locator(".cover.on.now").count() == 1
    page.locator("#slider").fill(str(runs[0] - 1))  # inside: the nearest place is taken
    assert step_of(page) in kept
    hidden = page.evaluate("[...document.querySelectorAll('.node.hidden')].map((n) => Number(n.id.slice(5)))")
    assert hidden == [node.index for node in stepper.trace.graph.nodes if node.scope == "0"]
    assert page.locator(".cover.on").count() == 1
    page.locator(".cover.on").click()
    assert walk(page) == list(range(len(stepper) + 1))
    assert page.locator(".node.hidden").count() == 0


def test_the_whole_network_folds_with_its_layers(open_stepper):
    stepper = new_batch(fold=["MLP"])
    page = open_stepper(stepper)
    assert page.get_by_role("button", name="0: Linear", exact=True).is_disabled()
    places = walk(page)
    assert places[1] == 7
    assert stepper.trace[6].layer == "2"
    page.get_by_role("button", name="MLP", exact=True).click()
    assert walk(page) == list(range(len(stepper) + 1))


def test_stops_hold_in_a_folded_layer(open_stepper):
    stepper = new_batch(fold=["0"], stop_at=["matmul_1"])
    page = open_stepper(stepper)
    page.clock.install()
    play_until_still(page)
    assert step_of(page) == 3  # the end of the layer that computes matmul_1 at its second step


# -- how it looks, and to whom ---------------------------------------------------------------------------


def test_every_control_has_a_name_and_the_step_is_spoken(open_stepper):
    page = open_stepper(lecture())
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, input, select, [role=button]")].filter((e) =>
        !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).length"""
    )
    assert nameless == 0
    page.click("#next")
    assert page.locator("#live").get_attribute("aria-live") == "polite"
    assert (
        page.locator("#live").text_content()
        == "Step 1 of 67. Forward. Compute multiply_1. multiply_1 = w_DA·A = 3.7·1 = 3.7"
    )
    node = lecture().trace.graph.node("multiply_1").index
    assert page.locator(f"#node-{node}").get_attribute("aria-label") == "multiply_1: value 3.7, gradient not yet"


def test_focus_is_visible(open_stepper):
    page = open_stepper(lecture())
    page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate("document.activeElement.id") == "play"  # first and back are disabled at the start
    assert page.evaluate(outline) == "solid"


#: Of every colour of letters on every ground, as WCAG 2.2 defines it (success criterion 1.4.3).
CONTRASTS = """() => {
  const style = getComputedStyle(document.documentElement);
  const rgb = (name) => [1, 3, 5].map((i) => parseInt(style.getPropertyValue(name).trim().slice(i, i + 2), 16) / 255);
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (name) => { const [r, g, b] = rgb(name).map(linear); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ratio = (a, b) => {
    const [dark, bright] = [light(a), light(b)].sort((p, q) => p - q);
    return (bright + 0.05) / (dark + 0.05);
  };
  const inks = ["--ink", "--soft", "--mute", "--forward", "--backward", "--update"];
  const grounds = ["--paper", "--panel", "--forward-tint", "--backward-tint", "--update-tint"];
  const pairs = inks.flatMap((ink) => grounds.map((ground) => [ink, ground]));
  return pairs.map(([ink, ground]) => [ratio(ink, ground), ink, ground]);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_can_be_read(open_stepper, scheme):
    page = open_stepper(lecture(), color_scheme=scheme)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}[scheme]
    assert min(page.evaluate(CONTRASTS)) >= [4.5]


def test_less_motion_means_none(open_stepper):
    moving, calm = (open_stepper(lecture(), reduced_motion=wish) for wish in ("no-preference", "reduce"))
    transition = "getComputedStyle(document.querySelector('.edge')).transitionDuration"
    assert moving.evaluate(transition) != "0s"
    assert calm.evaluate(transition) == "0s"


@pytest.mark.parametrize("width", [320, 600, 1200, 2000])
def test_nothing_sticks_out_at_any_width(open_stepper, width):
    page = open_stepper(batch(), viewport={"width": width, "height": 800})
    for step in (5, 22, 31):
        page.evaluate(f"stepper.go({step})")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_picture_follows_the_step_and_fits_on_demand(open_stepper):
    page = open_stepper(lecture(), viewport={"width": 600, "height": 800}, reduced_motion="reduce")
    inside = """() => { const r = document.querySelector(".node.target").getBoundingClientRect(),
      v = document.getElementById("scroller").getBoundingClientRect();
      return r.left >= v.left && r.right <= v.right && r.top >= v.top && r.bottom <= v.bottom; }"""
    for step in (1, 21, 36, 58, 67):
        page.evaluate(f"stepper.go({step})")
        assert page.evaluate(inside), step
    page.click("#whole")
    room = "(e) => [e.scrollWidth, e.clientWidth]"
    wide, seen = page.locator("#scroller").evaluate(room)
    assert wide <= seen
    page.click("#whole")
    wide, seen = page.locator("#scroller").evaluate(room)
    assert wide > seen


def test_on_paper_nothing_is_cut_off(open_stepper):
    page = open_stepper(new_lecture(start=52))
    page.emulate_media(media="print")
    cut = """[...document.querySelectorAll(".table")].filter((t) => t.scrollHeight > t.clientHeight + 1).length"""
    assert page.evaluate(cut) == 0
    assert not page.locator("#play").is_visible()


def test_names_are_data_never_markup(open_stepper):
    total = ag.Value(0.0, name="start")
    for name in NASTY:
        total = total + ag.Value(2.0, name=name) ** 2
    stepper = step_through(total, digits=4)
    page = open_stepper(stepper)
    page.evaluate(f"for (let k = 0; k <= {len(stepper)}; k += 9) stepper.go(k)")
    tags = set(page.evaluate("[...document.querySelectorAll('body *')].map((e) => e.localName)"))
    html = "main h1 h2 div button input output label select option section span p ul li form datalist kbd script sub"
    table, svg = "table caption thead tbody tr th td", "svg defs marker path g rect text tspan title"
    mathml = "math mrow mi mn mo mtext mspace mfrac msup msub msubsup mover"
    assert tags <= set(f"{html} {table} {svg} {mathml}".split())
    names = page.evaluate("[...document.querySelectorAll('button.name')].map((e) => e.ariaLabel)")
    assert set(names) >= {visible(" ".join(name.split())) for name in NASTY if name.strip()}
    assert page.evaluate("document.scripts.length") == 2


# -- inside another page ---------------------------------------------------------------------------------


def hosted(stepper, attributes=""):
    return f"<!DOCTYPE html><html><body {attributes}><p>before</p>{stepper._repr_html_()}<p>after</p></body></html>"


FRAME_READY = "document.querySelector('iframe').contentWindow.stepper !== undefined"


def test_the_frame_takes_the_place_of_the_picture_and_is_as_high_as_its_page(show):
    page = show(hosted(lecture()), wait=FRAME_READY)
    assert not page.locator("[data-instead]").is_visible()
    page.evaluate("window.frame = document.querySelector('iframe')")
    frame = page.frame_locator("iframe")
    for step in (1, 52, 67):
        frame.locator("#slider").fill(str(step))
        page.wait_for_function(
            "frame.clientHeight > 400 && frame.clientHeight === frame.contentDocument.body.scrollHeight"
        )
    assert frame.locator("#count").text_content() == "67 / 67"


def test_without_scripts_the_picture_stands(show):
    stepper = lecture()
    page = show(f"<html><body>{re.sub('<iframe.*?</iframe>', '', stepper._repr_html_(), flags=re.S)}</body></html>")
    picture = page.locator("[data-instead] img")
    assert picture.is_visible()
    assert picture.evaluate("(e) => e.naturalWidth") > 800


@pytest.mark.parametrize(
    ("attributes", "theme"),
    [
        ('data-jp-theme-light="false"', "dark"),
        ('data-jp-theme-light="true"', "light"),
        ('data-vscode-theme-kind="vscode-dark"', "dark"),
        ('data-theme="dark"', "dark"),
        ("", "light"),
    ],
)
def test_the_frame_wears_its_hosts_theme(show, attributes, theme):
    page = show(hosted(batch(), attributes), wait=FRAME_READY)
    worn = "document.querySelector('iframe').contentDocument.documentElement.dataset.theme"
    assert page.evaluate(worn) == theme
    if attributes.startswith("data-jp"):
        page.evaluate("document.body.dataset.jpThemeLight = String(document.body.dataset.jpThemeLight === 'false')")
        page.wait_for_function(f"{worn} === '{'light' if theme == 'dark' else 'dark'}'")


def test_several_steppers_on_one_page_do_not_meet(show):
    html = lecture()._repr_html_()
    page = show(
        f"<html><body>{html}{html}</body></html>", wait="document.querySelectorAll('iframe')[1].contentWindow.stepper"
    )
    page.frame_locator("iframe >> nth=0").locator("#last").click()
    assert page.frame_locator("iframe >> nth=0").locator("#count").text_content() == "67 / 67"
    assert page.frame_locator("iframe >> nth=1").locator("#count").text_content() == "0 / 67"


def test_a_long_story_moves_without_delay(open_stepper):
    x = ag.Value(0.5, name="x")
    y = x
    for _ in range(100):
        y = np.tanh(y * 1.1)
    stepper = step_through(y)
    assert len(stepper) == 400
    page = open_stepper(stepper)
    page.keyboard.press("End")
    assert step_of(page) == 400
    assert page.locator("#leaves td:nth-child(4)").text_content() == shown(stepper.trace.graph.node("x").grad)
