"""The stepper in the terminal, driven by what a user would type."""

import argparse
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value, nn, optim
from autograd_mini.explain.story.trace import trace
from autograd_mini.explain.terminal.commands import COMMANDS, Stepper
from autograd_mini.explain.terminal.terminal import run, step_in_terminal
from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record, worked_step

PROMPT = re.compile(r"\(\d+/\d+\) ")


def typed(loss, *commands, **options):
    """What the stepper answers to each command; the greeting first."""
    stdin, stdout = io.StringIO("".join(f"{command}\n" for command in commands)), io.StringIO()
    step_in_terminal(loss, options.pop("optimizer", None), stdin=stdin, stdout=stdout, **options)
    return PROMPT.split(stdout.getvalue())


def lecture():
    return record(WORKED, INPUTS, TARGET)


@pytest.fixture
def square():
    x, w = Value(3.0, name="x"), Value(2.0, name="w")
    s = w * x - 5
    s.name = "s"
    E = s**2
    E.name = "E"
    return E


@pytest.fixture(scope="module")
def network():
    model, error = nn.MLP([2, 3, 1], "tanh", rng=np.random.default_rng(0)), nn.MSELoss()
    loss = error(model(np.ones((4, 2))), np.zeros((4, 1)))
    return model, error, loss


def test_it_greets_and_leaves_at_the_end_of_the_input(square):
    greeting, end = typed(square)
    assert greeting.startswith("Backpropagation of E in 7 steps: 3 forward, 4 backward.\n")
    assert end == "\n"


def test_next_shows_the_step_and_what_it_changes(square):
    answers = typed(square, "next", "next 2", "next")
    assert answers[1] == "[1/7] forward\n   1  multiply_1 = w·x = 2·3 = 6\n      multiply_1: not yet → 6\n"
    assert answers[2].startswith("[3/7] forward\n")
    assert answers[3].splitlines()[1:] == [
        "   4  ∂E/∂s = ∂E/∂E · ∂E/∂s = 1 · 2 = 2",
        "        ∂E/∂s = 2·s = 2·1 = 2",
        "      ∂E/∂s: not yet → 2",
    ]


def test_an_empty_line_repeats_the_last_command(square):
    answers = typed(square, "", "next 2", "", "", "back", "")
    assert answers[1] == ""  # there is none yet
    assert [answer[:5] for answer in answers[2:7]] == ["[2/7]", "[4/7]", "[6/7]", "[5/7]", "[4/7]"]


def test_the_ends_of_the_story(square):
    answers = typed(square, "back", "next 99", "next", "run", "over", "back 99", "goto end", "goto 0")
    assert answers[1] == "This is the start: nothing is done yet.\n"
    assert answers[2].startswith("[7/7]")
    assert all(answer == "This is the end; back and goto lead back into the story.\n" for answer in answers[3:6])
    assert answers[6] == answers[8] == "At the start: the leaves are given, nothing is computed yet.\n"
    assert answers[7].startswith("[7/7]")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("goto 8", "goto: expected a step from 0 to 7, or end, got 8"),
        ("goto", "goto: expected a step from 0 to 7, or end, got nothing"),
        ("goto −1", "goto: expected a step from 0 to 7, or end, got −1"),
        ("next 0", "next: expected how many steps, a number from 1, got 0"),
        ("back x", "back: expected how many steps, a number from 1, got x"),
        ("list a b", "list: expected numbers of steps, such as list 1 10, got a b"),
        ("run z", "run: no node is called z; graph lists them"),
        ("break multiply", "break: no node is called multiply; did you mean multiply_1?"),
        ("print #99", "print: no node is called #99; graph lists them"),
        ("delete w", "delete: no breakpoint at w"),
        ("delete nothing", "delete: no node is called nothing; graph lists them"),
        ("print", "At the start there is no step to print; print NAME shows a node."),
        ("into", "No other layer follows; next takes one step."),
        ("out", "This step is not inside a layer."),
        ("nxt", "no command 'nxt'; did you mean next?"),
        ("1 + 1", "no command '1'; help lists what there is"),
        ("b w", "b may mean back or break"),
        ("g", "g may mean goto or graph"),
    ],
)
def test_what_is_wrong_is_explained(square, command, answer):
    assert typed(square, command, "where")[1] == answer + "\n"


def test_commands_may_be_shortened(square):
    answers = typed(square, "n", "ba", "go 5", "r x", "p", "w", "q", "n")
    assert [answer[:5] for answer in answers[1:5]] == ["[1/7]", "At th", "[5/7]", "[7/7]"]
    assert answers[6].startswith("after step 7 of 7: backward\nnext: this is the end\n")
    assert len(answers) == 8  # quit left
    assert answers[7] == ""


def test_run_to_a_node():
    run = lecture()
    run.E.backward()
    answers = typed(run.E, "run h_D", "run h_D", "run w_GD", "run h_D", "run C", "run C", "run C")
    assert "h_D: not yet → 0.9002" in answers[1]
    assert "∂E/∂h_D: not yet → −0.1908" in answers[2]
    assert answers[3] == "No step after this one reaches w_GD; back or goto lead to earlier ones.\n"
    assert answers[4] == "No step after this one reaches h_D; back or goto lead to earlier ones.\n"
    assert "∂E/∂C: not yet → −0.1386" in answers[5]
    assert "∂E/∂C: −0.1386 → −0.1129" in answers[6]
    assert answers[7].startswith("No step")


def test_breakpoints():
    answers = typed(
        lecture().E, "break", "break C", "break ŷ", "run", "run", "run", "run", "run", "delete ŷ", "goto 0", "run",
        "delete", "run",
    )  # fmt: skip
    assert answers[1] == "breakpoints: none; break NAME sets one\n"
    assert answers[3] == "breakpoints: C, ŷ\n"
    stops = [answer.splitlines()[-1].strip() for answer in answers[4:8]]
    assert stops == ["breakpoint at ŷ", "breakpoint at ŷ", "breakpoint at C", "breakpoint at C"]
    assert answers[8].startswith("[58/58]")
    assert answers[9] == "breakpoints: C\n"
    assert answers[11].splitlines()[-1] == "      breakpoint at C"
    assert answers[12] == "breakpoints: none\n"
    assert answers[13].startswith("[58/58]")


def test_into_over_and_out_of_layers(network):
    *_, loss = network
    answers = typed(loss, "into", "out", "into", "over", "over", "over", "over", "next", "into", "over", "out", "out")
    places = [answer.splitlines()[0] for answer in answers[1:13]]
    assert places == [
        "[1/25] forward, layer MLP › 0",
        "[3/25] forward, layer MLP › 0",
        "[4/25] forward, layer MLP › 1",
        "[7/25] forward, layer MLP › 2",
        "[13/25] backward, layer MSELoss",
        "[25/25] backward, layer MLP › 0",
        "This is the end; back and goto lead back into the story.",
        "This is the end; back and goto lead back into the story.",
        "This is the end; back and goto lead back into the story.",
        "This is the end; back and goto lead back into the story.",
        "This is the end; back and goto lead back into the story.",
        "This is the end; back and goto lead back into the story.",
    ]
    assert typed(loss, "goto 24", "into")[2] == "No other layer follows; next takes one step.\n"
    assert typed(loss, "over")[1].startswith("[7/25] forward, layer MLP › 2")
    assert typed(loss, "into", "over", "over")[3].startswith("[3/25]")  # inside a layer: one step each
    assert typed(loss, "break tanh_1", "over")[2].startswith("[4/25]")
    assert typed(loss, "break tanh_1", "goto 2", "out", "over", "over")[5].startswith("[7/25]")


def test_print_shows_all_digits():
    run = lecture()
    answers = typed(run.E, "run w_GD", "print", "print w_GD", "print ŷ", "goto 3", "print ŷ", "print w_GD")
    run.E.backward()
    written = str(run.w["GD"].grad).replace("-", "−")
    assert f"      contribution {written}\n" in answers[2]
    assert answers[3].splitlines() == [
        "w_GD: leaf, a number, float64",
        "  value     4.5",
        f"  gradient  {written}   (1 of 1 contributions)",
        "  used in   multiply_7",
    ]
    assert f"  value     {run.output.data}\n" in answers[4]
    assert "  made by   σ(s_G)\n" in answers[4]
    assert "  value     not yet\n  gradient  not yet   (0 of 1 contributions)\n" in answers[6]
    assert "  value     4.5\n  gradient  not yet   (0 of 1 contributions)\n" in answers[7]


def test_arrays_are_printed_entry_by_entry(network):
    model, _, loss = network
    answers = typed(loss, "goto end", "print 0.weight", "print")
    (gradient,) = ag.gradients(loss, [model.parameters()[0]])
    shown = answers[2].replace("−", "-")
    numbers = re.findall(r"-?\d\.\d+", shown.partition("gradient")[2])
    assert [float(n) for n in numbers] == gradient.ravel().tolist()
    assert "0.weight: leaf, (3, 2), float64\n" in shown
    assert "  layer     0\n" in shown
    assert "      after        [[" in answers[3]


def test_a_broadcast_operand_waits_for_the_sum(network):
    *_, loss = network
    first, second = typed(loss, "run 0.bias", "next", "back")[1:3]
    assert "∂E/∂0.bias: not yet, the sum over the copies is the next step" in first
    assert re.search(r"∂E/∂0\.bias: not yet → \[−0\.3154", second)


def test_updates_of_an_optimizer(network):
    model, _, loss = network
    before = [p.data.copy() for p in model.parameters()]
    answers = typed(
        loss,
        "break 2.bias",
        "goto 25",
        "run",
        "print 2.bias",
        optimizer=optim.SGD(model.parameters(), learning_rate=0.1),
    )
    assert answers[0].startswith("Backpropagation of E in 29 steps: 10 forward, 15 backward, 4 update.")
    assert "2.bias: [0.4127] → [0.4755]" in answers[3]
    assert "  value     [0.4755078" in answers[4]
    assert all(np.array_equal(p.data, b) and p.grad is None for p, b in zip(model.parameters(), before, strict=True))


def test_the_graph_in_the_middle_of_the_pass(square):
    rows = typed(square, "goto 5", "graph")[2].splitlines()
    assert [row.split() for row in rows] == [
        ["node", "value", "gradient"],
        ["x", "3", "not", "yet"],
        ["w", "2", "not", "yet"],
        ["multiply_1", "=", "w·x", "6", "2"],
        ["s", "=", "multiply_1", "−", "5", "1", "2"],
        ["E", "=", "s²", "1", "1"],
    ]
    rows = typed(square, "graph")[1]
    assert rows.count("not yet") == 3 + 5
    assert re.search(r"E = s² +not yet +not yet", rows)


def test_every_gradient_is_the_engines_once_it_is_shown():
    run = lecture()
    nodes = [node for node in ag.graph(run.E).nodes if node.name]
    answers = typed(run.E, "goto end", *[f"print #{node.index}" for node in nodes])[2:]
    run.E.backward()
    for node, answer in zip(nodes, answers, strict=False):
        value, gradient = re.search(r"value +(\S+)\n +gradient +(\S+)", answer).groups()
        assert float(value.replace("−", "-")) == node.value.data
        assert float(gradient.replace("−", "-")) == node.value.grad


def test_list_and_where(square):
    answers = typed(square, "list 1 2", "goto 4", "list", "where", "list 7", "list 3 1")
    assert (
        answers[1] == "    1  forward   multiply_1 = w·x = 2·3 = 6\n    2  forward   s = multiply_1 − 5 = 6 − 5 = 1\n"
    )
    assert answers[3].splitlines()[3] == "→   4  backward  ∂E/∂s = ∂E/∂E · ∂E/∂s = 1 · 2 = 2"
    assert len(answers[3].splitlines()) == 7
    assert answers[4] == (
        "after step 4 of 7: backward\nnext: step 5, backward\nbreakpoints: none; break NAME sets one\n"
    )
    assert len(answers[5].splitlines()) == 1
    assert answers[6] == ""
    assert typed(square, "where")[1].startswith("at the start\nnext: step 1, forward\n")
    long = Value(1.0, name="a" * 200) * 2
    assert all(len(row) <= 100 for row in typed(long, "list")[1].splitlines())


def test_help_names_every_command(square):
    text, one, unclear = typed(square, "help", "help n", "help b")[1:4]
    assert [row.split()[0] for row in text.splitlines()[:-1]] == list(COMMANDS)
    assert one == "  next [N]          take the next step, or the next N. An empty line repeats the last command.\n"
    assert unclear == "b may mean back or break\n"


def test_names_are_completed(network):
    stepper = Stepper(trace(network[2]))
    assert stepper.complete_run("0.", "run 0.", 4, 6) == ["0.weight", "0.bias"]
    assert stepper.complete_print("tanh", "print tanh", 6, 10) == ["tanh_1"]
    assert {"next", "back", "goto", "print"} <= set(stepper.completenames(""))


def test_names_cannot_write_to_the_terminal():
    x, y = Value(2.0, name="x\x1b[2J\x1b]0;gone\x07\r"), Value(3.0, name="a\nb")
    z = x * y
    z.name = "z\u202e"
    answers = typed(
        z, "next", "next", "print", "graph", "list", "where", "break #0", "run", "print #0", "run z\x1b", "\x1b"
    )
    text = "".join(answers)
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "x␛[2J" in text


def test_two_nodes_of_one_name_are_told_apart():
    a, b = Value(2.0, name="w"), Value(3.0, name="w")
    shown = typed(a * b, "print w", "print w (2)")
    assert shown[1].startswith("w: leaf, a number, float64\n  value     2.0\n")
    assert shown[2].startswith("w (2): leaf, a number, float64\n  value     3.0\n")
    a, b = Value(2.0, name="w\x1b"), Value(3.0, name="w␛")
    answers = typed(a * b, "print w␛", "print #1")
    assert answers[1] == "print: 2 nodes are called w␛; say which: #0 or #1\n"
    assert answers[2].startswith("w␛: leaf, a number, float64\n  value     3.0\n")


def test_lines_of_code_are_told():
    with ag.record_sources():
        z = Value(2.0) * 3
    assert re.search(r"code +.*test_terminal\.py:\d+: z = Value", typed(z, "print multiply_1")[1])


def test_what_cannot_be_stepped_through():
    with pytest.raises(TypeError, match="expected a Value, got float"):
        step_in_terminal(2.0)
    with pytest.raises(ag.GraphError, match="starts from a scalar"):
        step_in_terminal(Value([1.0]) * 2)
    assert typed(Value(2.0, name="alone"), "next")[0].startswith("Backpropagation of alone in 0 steps: nothing to do.")


class Interrupted(io.StringIO):
    def readline(self, *_):
        raise KeyboardInterrupt


def test_ctrl_c_leaves(square):
    stdout = io.StringIO()
    step_in_terminal(square, stdin=Interrupted(), stdout=stdout)
    assert stdout.getvalue().endswith("(0/7) \n")


# -- the command -----------------------------------------------------------------------------------

COMMAND = """
import sys
from argparse import Namespace
from pathlib import Path
from autograd_mini.explain.terminal.terminal import run
from autograd_mini.lecture.network import worked_step
file = Path(sys.argv[1]) if sys.argv[1:] else None
sys.exit(run(Namespace(file=file, loss="loss", optimizer=None), worked_step))
"""


def in_a_process(commands, *arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments], input=commands, capture_output=True, text=True, cwd=cwd, timeout=60
    )


def options(file, loss="loss", optimizer=None):
    return argparse.Namespace(file=Path(file), loss=loss, optimizer=optimizer)


def test_through_a_real_pipe():
    done = in_a_process("run w_GD\nprint\n")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "Backpropagation of E in 67 steps" in done.stdout
    assert "contribution −0.03816470715743934" in done.stdout


SCRIPT = """
import sys
import numpy as np
import autograd_mini as ag
from mine import half

def slope(x):
    return np.cos(x)

assert __name__ == "__main__"
sine = ag.Primitive("sine", np.sin, ag.Local(lambda z, x: slope(x)))
x = ag.Value(2.0, name="x")
loss = sine(x) * half
optimizer = ag.optim.SGD([x], learning_rate=0.5)
number = 3
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "mine.py").write_text("half = 0.5\n")
    path = tmp_path / "train.py"
    path.write_text(
        SCRIPT.replace("ag.optim", "optim").replace("from mine", "from autograd_mini import optim\nfrom mine")
    )
    return path


def test_a_script_of_your_own(script, tmp_path):
    done = in_a_process("run x\n", str(script), cwd=tmp_path)
    assert done.stderr == ""
    assert done.returncode == 0
    assert "∂multiply_1/∂x: not yet → −0.2081" in done.stdout


def test_a_script_with_its_optimizer(script, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("goto end\n"))
    path, arguments = list(sys.path), list(sys.argv)
    assert run(options(script, "loss", "optimizer"), worked_step) == 0
    assert "update" in capsys.readouterr().out
    assert (sys.path, sys.argv) == (path, arguments)


@pytest.mark.parametrize(
    ("text", "choice", "message"),
    [
        ("loss = 3.0", {}, "train.py: 'loss' is a float, not a Value. Its variables of that kind: none"),
        ("loss = 3", {}, "train.py: 'loss' is an int, not a Value."),
        (
            "loss = ag.Value(3.0) * 2\nx = 1.0",
            {"optimizer": "x"},
            "'x' is a float, not an Optimizer.",
        ),
        (
            "x = ag.Value(2.0)\nE = x * x",
            {},
            "no variable 'loss'. Its variables of that kind: x, E (say which with --loss",
        ),
        ("loss = ag.Value([1.0]) * 2", {}, "starts from a scalar"),
        ("loss = ag.Value(1.0) * 2", {"optimizer": "adam"}, "no variable 'adam'. Its variables of that kind: none"),
        ("x = ag.Value(1.0)\nloss = x * x\nx.data = 2.0", {}, "changed after"),
        ("1 / 0", {}, "did not run to its end:\nTraceback (most recent call last):\n"),
        ("1 +", {}, "SyntaxError: invalid syntax"),
        ("raise SystemExit(3)", {}, "ended itself by sys.exit(3) before its variables could be read"),
    ],
)
def test_what_is_wrong_with_a_script(tmp_path, capsys, text, choice, message):
    path = tmp_path / "train.py"
    path.write_text(f"import autograd_mini as ag\n{text}\n")
    assert run(options(path, **choice), worked_step) == 1
    said = capsys.readouterr()
    assert said.err.startswith("autograd-mini: ")
    assert message in said.err
    assert said.out == ""
    assert "runpy" not in said.err  # the traceback is the script's own


def test_a_script_that_is_not_there(tmp_path, capsys):
    assert run(options(tmp_path / "none.py"), worked_step) == 1
    assert "there is no file" in capsys.readouterr().err
    assert run(options(tmp_path), worked_step) == 1
    assert capsys.readouterr().err == f"autograd-mini: {str(tmp_path)!r} is a folder; expected a Python file\n"
