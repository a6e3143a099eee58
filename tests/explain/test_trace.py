"""The numbered story of one pass: its numbers are the engine's, on every surface."""

import html
import json
import re
import sys

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.explain.formulas.notation import number
from autograd_mini.explain.story.steps import BackwardStep, ForwardStep, SumStep, UpdateStep
from autograd_mini.explain.story.trace import Trace, trace
from autograd_mini.lecture.network import INPUTS, LEARNING_RATE, TARGET, WORKED, record

OPTIMIZERS = [
    *(optim.SGD, optim.Momentum, optim.Nesterov, optim.Adagrad),
    *(optim.Adadelta, optim.RMSprop, optim.Adam, optim.AdamW),
]


def shown(x):
    return number(x).written


def lecture():
    run = record(WORKED, INPUTS, TARGET)
    return run, trace(run.E, optim.SGD(list(run.w.values()), LEARNING_RATE))


def batch(seed=0, dtype=float):
    rng = np.random.default_rng(seed)
    model = nn.MLP([3, 4, 2], "tanh", rng=rng, dtype=dtype)
    x, y = rng.normal(size=(5, 3)).astype(dtype), rng.normal(size=(5, 2)).astype(dtype)
    return model, nn.L2Loss()(model(x), y)


def last_number(text):
    """The number behind the last "=" of a line, as a float."""
    written = text.rpartition(" = ")[2].replace("−", "-").replace("·10", "e")
    return float(written.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))


# -- the numbers -----------------------------------------------------------------------------------


def test_forward_backward_and_updates_come_in_order_and_are_numbered():
    _, story = lecture()
    assert [step.number for step in story] == list(range(1, len(story) + 1))
    assert [len(part) for part in (story.forward, story.backward, story.updates)] == [21, 37, 9]
    kinds = [type(step) for step in story]
    assert kinds == [ForwardStep] * 21 + [BackwardStep] * 37 + [UpdateStep] * 9


def test_every_number_of_the_records_is_the_engines():
    run, story = lecture()
    engine = ag.steps(run.E)
    for told, step in zip(story.backward, engine, strict=True):
        assert story.graph.nodes[told.node].value is step.node
        assert story.graph.nodes[told.input].value is step.input
        for what in ("position", "upstream", "local", "contribution", "before", "after"):
            assert getattr(told, what) == getattr(step, what)
    for told in story.forward:
        assert told.result == story.graph.nodes[told.node].value.data
    run.E.backward()
    for node in story.graph.nodes:
        if node.value is not None:
            assert node.grad == node.value.grad


def test_every_number_of_the_text_is_the_records():
    _, story = lecture()
    for told in story.forward:
        assert last_number(told.lines[0].text) == pytest.approx(told.result, rel=5e-4, abs=1e-12)
        assert told.lines[0].text.endswith(f" = {shown(told.result)}")
    for told in story.backward:
        first = told.lines[0].text
        assert first.endswith(f" = {shown(told.product)}")
        assert f" = {shown(told.upstream)} · " in first
        local = shown(told.local)
        assert (f"({local})" if told.local < 0 else local) in first
        if told.before is not None:
            assert told.lines[-1].text.endswith(f" = {shown(told.after)}")
            assert f" = {shown(told.before)} + " in told.lines[-1].text


def test_the_steps_of_the_lecture_read_as_on_paper():
    _, story = lecture()
    text = str(story)
    for line in (
        "ŷ = σ(s_G) = σ(1.178) = 0.7645",
        "∂E/∂s_G = ∂E/∂ŷ · ∂ŷ/∂s_G = −0.2355 · 0.18 = −0.04239",
        "∂ŷ/∂s_G = ŷ·(1 − ŷ) = 0.7645·(1 − 0.7645) = 0.18",
        "∂E/∂B = 0.08935 + (−0.06339) = 0.02596",
        "w_GD ← w_GD + Δw_GD = 4.5 + 0.3816 = 4.882",
        "backward, from ∂E/∂E = 1",
        "update by SGD: learning_rate 10",
    ):
        assert line in text


def test_arrays_are_summed_over_the_batch_in_a_step_of_their_own():
    model, loss = batch()
    story = trace(loss)
    for name in ("0.bias", "2.bias"):
        product, total = [step for step in story.backward if story.graph.nodes[step.target].name == name]
        assert isinstance(product, BackwardStep)
        assert product.sum_follows
        assert product.after is product.contribution is product.before is None
        assert isinstance(total, SumStep)
        assert total.axes == (0,)
        assert total.product.shape == (5, len(total.contribution))
        np.testing.assert_array_equal(total.contribution, total.product.sum(axis=0))
        assert "summed over the batch, (5, " in total.text
    loss.backward()
    for name, p in model.named_parameters():
        np.testing.assert_array_equal(story.graph.node(name).grad, p.grad)


def test_other_axes_of_broadcasting_are_named():
    a, b = ag.Value(np.ones((2, 1, 3)), name="a"), ag.Value(np.ones((4, 1)), name="b")
    story = trace(np.sum(a * b))
    sums = {story.graph.nodes[s.input].name: s for s in story if isinstance(s, SumStep)}
    assert (sums["a"].axes, sums["b"].axes) == ((1,), (0, 2))
    assert "summed over axes 0 and 2, (2, 4, 3) → (4, 1)" in sums["b"].text


def test_several_uses_add_up():
    u = ag.Value(3.0, name="u")
    y = u * u
    first, second = trace(y).backward
    assert (first.before, first.after, second.before, second.after) == (None, 3.0, 3.0, 6.0)
    assert first.text.startswith("∂multiply_1/∂u += ")
    assert second.lines[-1].text == "∂multiply_1/∂u = 3 + 3 = 6"


def test_products_of_arrays_are_marked_as_such():
    x = ag.Value([1.0, 2.0], name="x")
    lines = [line.text for step in trace(np.sum(np.tanh(x))).backward for line in step.lines]
    assert any(" ⊙ ∂tanh_1/∂x = [1 1] ⊙ [0.42 0.07065] = [0.42 0.07065]" in line for line in lines)


def test_large_arrays_are_told_by_their_shapes_and_small_ones_by_their_entries():
    x, W = ag.Value(np.ones((4, 5)), name="x"), ag.Value(np.ones((5, 6)), name="W")
    text = trace(np.sum(x @ W)).forward[0].text
    assert text == "matmul_1 = x @ W = (4, 5) @ (5, 6) = (4, 6) 5 … 5"
    v = ag.Value([1.0, 2.0], name="v")
    assert trace(np.sum(v * 2)).forward[0].text == "multiply_1 = v·2 = [1 2]·2 = [2 4]"


def test_the_backward_step_of_a_sum_says_that_every_entry_receives_it():
    x = ag.Value([[1.0, 2.0, 3.0]], name="x")
    for sum_of, told in (
        (np.sum(x * x), "1 · 1 = 1, for each entry of (1, 3)"),
        (np.mean(x * x), ", for each entry of"),
    ):
        step = next(s for s in trace(sum_of).backward if np.shape(s.contribution) == (1, 3))
        assert told in step.lines[0].text
        assert step.lines[0].latex.endswith(r"\text{, for each entry of (1, 3)}")
    assert "for each entry" not in str(trace(x[0, 0] * 2.0))


def test_that_0_times_infinity_counts_as_0_is_said():
    x = ag.Value(0.0, name="x")
    with np.errstate(divide="ignore", invalid="ignore"):
        E = np.log(x) * 0 + x
    [step] = [s for s in trace(E).backward if "log" in s.text and s.target == 0]
    assert step.contribution == 0
    assert any(line.text.startswith("0 times infinity counts as 0") for line in step.lines)
    assert "infinity" not in str(trace(x * 2))


def test_products_with_vectors_are_written_as_mathematics_does():
    W, h = ag.Value(np.ones((2, 3)), name="W"), ag.Value([1.0, 2.0, 3.0], name="h")
    told = [step.lines[0].text for step in trace(np.sum(W @ h)).backward]
    assert any(text.startswith("∂sum_1/∂W = g hᵀ = ") for text in told)
    assert any(text.startswith("∂sum_1/∂h = Wᵀ @ g = ") for text in told)


def test_a_long_concatenation_is_not_written_out_for_every_operand():
    xs = [ag.Value([float(i)], name=f"x{i}") for i in range(40)]
    steps = trace(np.sum(np.concatenate(xs) ** 2)).backward
    told = {story.target: story.lines[0].text for story in steps}
    assert told[3] == "∂sum_1/∂x3 = part 3 of g = [6]"
    assert all(len(text) < 400 for text in told.values())


def test_a_pull_rule_is_told_as_its_formula():
    x, W = ag.Value(np.ones((4, 5)), name="x"), ag.Value(np.ones((5, 6)), name="W")
    s = x @ W
    s.name = "s"
    told = {step.target: step.lines for step in trace(np.sum(s)).backward}
    assert told[0][0].text.startswith("∂sum_1/∂x = g @ Wᵀ = (4, 5) ")
    assert told[1][0].text.startswith("∂sum_1/∂W = xᵀ @ g = (5, 6) ")
    assert told[1][1].text.startswith("g = ∂sum_1/∂s = ")


def test_the_name_g_is_not_taken_twice():
    g, W = ag.Value(np.ones((2, 2)), name="g"), ag.Value(np.ones((2, 2)), name="W")
    [to_W] = [step for step in trace(np.sum(g @ W)).backward if step.target == 1]
    assert to_W.lines[0].text.startswith("∂sum_1/∂W = gᵀ @ g′ = ")


def test_a_pass_may_start_from_an_upstream():
    x = ag.Value([1.0, 2.0], name="x")
    story = trace(x * 3, upstream=[1.0, 10.0])
    np.testing.assert_array_equal(story.graph.node("x").grad, [3.0, 30.0])
    assert "backward, from ∂multiply_1/∂multiply_1 = [1 10]" in str(story)


def test_float32_stays_float32():
    _, loss = batch(dtype=np.float32)
    for step in trace(loss):
        for what in ("result", "contribution", "after"):
            assert getattr(getattr(step, what, None), "dtype", np.float32) == np.float32


def test_gradients_that_nothing_reached_are_none_never_zero():
    x, y = ag.Value(1.0, name="x"), ag.Value(2.0, name="y")
    story = trace(x * 2 + y, upstream=None)[:1]
    assert story.graph.node("x").grad == 2.0
    first = trace(x * 2 + y).backward[0]
    assert first.before is None


# -- updates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("decay", [0.0, 0.25])
@pytest.mark.parametrize("make", OPTIMIZERS)
def test_updates_are_what_the_optimizer_then_does(make, decay):
    model, loss = batch()
    optimizer = make(model.parameters(), 0.1, weight_decay=decay)
    for _ in range(3):
        state = optimizer.state_dict()
        story = trace(loss, optimizer)
        assert [story.graph.nodes[u.node].name for u in story.updates] == [p.name for p in model.parameters()]
        np.testing.assert_equal(optimizer.state_dict(), state)  # nothing has moved
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        for update, p, memory in zip(story.updates, model.parameters(), optimizer.memory, strict=True):
            np.testing.assert_array_equal(update.after, p.data)
            np.testing.assert_array_equal(update.before + update.delta, p.data)
            np.testing.assert_array_equal(update.gradient, p.grad)
            np.testing.assert_equal(list(update.memory.values()), list(memory))
        rng = np.random.default_rng(1)
        loss = nn.L2Loss()(model(rng.normal(size=(5, 3))), rng.normal(size=(5, 2)))


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_a_weights_update_is_told_as_the_optimizers_own_formula(make):
    w = ag.Value(2.0, name="w")
    optimizer = make([w], 0.25, weight_decay=0.5)
    for _ in range(2):  # the second step has a memory
        [update] = trace(w * w * w, optimizer).updates
        line = update.lines[0].text
        assert line.startswith("Δw = ")
        assert line.count(" = ") == 3  # name, symbols, numbers, result
        assert "µ" in line
        assert "λ·w" in line
        assert update.lines[1].text == f"g = ∂multiply_2/∂w = {shown(update.gradient)}"
        assert line.endswith(f" = {shown(update.delta)}")
        assert update.lines[-1].text.endswith(f" = {shown(update.after)}")
        for what in optimizer.remembers:
            told = f"{what}: {shown(update.remembered[what])} → {shown(update.memory[what])}"
            assert told in [line.text for line in update.lines]
        numbers = line.split(" = ")[2]
        assert evaluate(numbers) == pytest.approx(update.delta, rel=2e-2)
        w.grad = None
        (w * w * w).backward()
        optimizer.step()


def evaluate(formula):
    """A numeric formula of the text, by Python: what a student's calculator would say."""
    formula = formula.translate(str.maketrans("−·⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-*-0123456789")).replace("^", "**").replace("²", "**2")
    formula = re.sub(r"\*10(-?\d+)", r"*10**(\1)", formula).replace("√", "sqrt")
    return eval(formula, {"sqrt": np.sqrt, "max": max, "maximum": max})


def test_the_effective_rate_is_told_where_it_is_not_the_learning_rate():
    w = ag.Value(2.0, name="w")
    text = str(trace(w * w, optim.Adagrad([w], 0.5)).updates)
    assert "effective rate −Δw/g = 0.125" in text
    assert "effective rate" not in str(trace(w * w, optim.SGD([w], 0.5)).updates)


def test_the_effective_rate_says_that_it_leaves_the_decay_out():
    w = ag.Value(2.0, name="w")
    told = str(trace(w * w, optim.Adagrad([w], 0.5, weight_decay=0.25)).updates)
    assert "effective rate without the decay = 0.125" in told
    b = ag.Value(5.0, name="b")  # 0.1 · 2 / 2 is not 0.1 to the last digit
    assert "effective rate" not in str(trace(w * b, optim.SGD([w, b], 0.1, weight_decay=0.1)).updates)


def test_update_formulas_speak_of_their_own_weight():
    w, b, g = ag.Value(2.0, name="w"), ag.Value(5.0, name="b"), ag.Value(3.0, name="g")
    of_b, of_g = trace(w * b * g, optim.SGD([b, g], 0.1, weight_decay=0.1)).updates
    assert of_b.lines[0].text == "Δb = −µ·g − µ·λ·b = (−0.1)·6 − 0.1·0.1·5 = −0.65"
    assert of_b.lines[1].text == "g = ∂multiply_2/∂b = 6"
    assert of_g.lines[0].text == "Δg = −µ·g′ − µ·λ·g = (−0.1)·10 − 0.1·0.1·3 = −1.03"
    assert of_g.lines[1].text == "g′ = ∂multiply_2/∂g = 10"


def test_adams_bias_corrections_are_symbols_and_numbers_alike():
    w = ag.Value(2.0, name="w")
    [update] = trace(w * w, optim.Adam([w], 0.25)).updates
    _, symbols, numbers, _ = update.lines[0].text.split(" = ")
    assert "β_1^(steps + 1)" in symbols
    assert "β_2^(steps + 1)" in symbols
    assert "0.999^(0 + 1)" in numbers


def test_a_rule_that_does_not_run_on_values_is_told_by_its_result():
    class Refuses(optim.SGD):
        def update(self, g, learning_rate):
            return (np.float64(-learning_rate * memoryview(np.array(g)).tolist()),)

    class Counts(optim.SGD):
        calls = 0

        def update(self, g, learning_rate):
            self.calls += 1  # not a pure function of its arguments: its formula would be another call's
            return (-learning_rate * g * self.calls,)

    w = ag.Value(2.0, name="w")
    for make in (Refuses, Counts):
        [update] = trace(w * w, make([w], 0.5)).updates
        assert update.lines[0].text == f"Δw = {shown(update.delta)}"


def test_only_what_the_optimizer_owns_is_updated():
    w, v = ag.Value(2.0, name="w"), ag.Value(3.0, name="v")
    other = ag.Value(1.0, name="other")
    story = trace(w * v, optim.SGD([v, other], 0.5))
    assert [story.graph.nodes[u.node].name for u in story.updates] == ["v"]


# -- nothing is disturbed --------------------------------------------------------------------------


def test_grad_data_and_memory_are_left_alone():
    model, loss = batch()
    loss.backward()
    optimizer = optim.Adam(model.parameters(), 0.1)
    optimizer.step()
    model, loss = batch(1)
    loss.backward()
    optimizer = optim.Adam(model.parameters(), 0.1)
    grads = {v: v.grad.copy() if np.ndim(v.grad) else v.grad for v in ag.graph(loss)._by_value}
    data = {v: v.data for v in grads}
    trace(loss, optimizer)
    for v in grads:
        np.testing.assert_array_equal(v.grad, grads[v])
        assert v.data is data[v]


def test_two_traces_are_equal_and_deterministic():
    _, loss = batch()
    assert trace(loss) == trace(loss)
    assert str(trace(loss)) == str(trace(loss))
    run, story = lecture()
    assert story != trace(run.E)


# -- filters ---------------------------------------------------------------------------------------


def names(story, steps):
    return {(story.graph.nodes[s.node].name, story.graph.nodes[s.target].name) for s in steps}


def test_indexing_and_slicing():
    _, story = lecture()
    assert story[0].number == 1
    assert story[-1].number == len(story)
    part = story[3:6]
    assert isinstance(part, Trace)
    assert [s.number for s in part] == [4, 5, 6]
    assert len(story[:0]) == 0
    assert str(story[:0]) == ""
    with pytest.raises(IndexError):
        story[1000]


def test_through_a_weight():
    _, story = lecture()
    through = story.through("w_EA")
    assert names(story, through.backward) == {
        *(("E", "square_1"), ("square_1", "subtract_1"), ("subtract_1", "ŷ"), ("ŷ", "s_G"), ("s_G", "add_3")),
        *(("add_3", "multiply_8"), ("multiply_8", "h_E"), ("h_E", "s_E"), ("s_E", "add_2"), ("add_2", "multiply_4")),
        ("multiply_4", "w_EA"),
    }
    assert [story.graph.nodes[s.node].name for s in through.updates] == ["w_EA"]
    assert len(through.forward) == 11
    computed = story.through("s_G")
    assert computed.forward[0].text.startswith("s_G = ")
    with pytest.raises(KeyError, match="no node is called"):
        story.through("nothing")


def test_of_one_layer():
    _, loss = batch()
    story = trace(loss, optim.SGD([v for v in ag.graph(loss)._by_value if v.name], 0.1))
    layer = story.layer("0")
    assert {s.layer for s in layer} == {"0"}
    assert {story.graph.nodes[s.node].name for s in layer.updates} == {"0.weight", "0.bias"}
    assert len(story.layer("MLP")) == sum(s.layer in ("0", "1", "2", "MLP") for s in story)
    with pytest.raises(KeyError, match="there are: 'MLP', '0', '1', '2', 'L2Loss'"):
        story.layer("3")


# -- one entry -------------------------------------------------------------------------------------


def test_the_story_of_an_entry_adds_up_to_its_gradient():
    model, loss = batch()
    story = trace(loss, optim.Momentum(model.parameters(), 0.1))
    loss.backward()
    for name, p in model.named_parameters():
        for index in np.ndindex(p.shape):
            told = story.element(name, index)
            while told.moved is not None:
                assert told.value == told.moved.value
                assert told.gradient == pytest.approx(told.moved.gradient)
                told = told.moved
            assert told.gradient == p.grad[index]
            assert sum(use.contribution for use in told.uses) == pytest.approx(p.grad[index], rel=1e-12)
            assert len(told.uses) == 5  # one in each example of the batch


def test_the_story_of_an_entry_reads_well():
    W, x = ag.Value([[1.0, 2.0], [3.0, 4.0]], name="W"), ag.Value([5.0, -6.0], name="x")
    s = W @ x
    s.name = "s"
    E = np.sum(s**2)
    E.name = "E"
    told = trace(E, optim.Momentum([W], 0.5, 0.9)).element(W, (0, -1))
    assert str(told).splitlines() == [
        "W[0, 1] = 2",
        "used in",
        "  s[0] = −7, with slope −6",
        "∂E/∂W[0, 1] = −14·(−6) = 84",
        "ΔW[0, 1] = −µ·g + ρ·previous = (−0.5)·84 + 0.9·0 = −42",
        "g = ∂E/∂W[0, 1] = 84",
        "previous: 0 → −42",
        "W[0, 1] ← W[0, 1] + ΔW[0, 1] = 2 + (−42) = −40",
    ]


def test_many_uses_are_bounded_and_none_is_lost():
    w, x = ag.Value([2.0], name="w"), np.arange(20.0)
    told = trace(np.sum(w * x)).element("w", 0)
    assert len(told.uses) == 19  # the first has slope 0
    text = str(told)
    assert "… and 11 more" in text
    assert f" + {shown(sum(range(9, 20)))} [11 more] = 190" in text


def test_entries_that_are_only_moved_are_followed():
    x = ag.Value(np.arange(6.0).reshape(2, 3), name="x")
    told = trace(np.sum(x.T.reshape(-1)[1:] ** 2)).element(x, (1, 0))
    places = []
    while told is not None:
        places.append(told.name)
        told = told.moved
    assert places == ["x[1, 0]", "transpose_1[0, 1]", "reshape_1[1]", "getitem_1[0]"]


def test_scalars_have_a_story_too():
    a = ag.Value(3.0, name="a")
    assert str(trace(a * a).element(a, ())).splitlines() == [
        "a = 3",
        "used in",
        "  multiply_1 = 9, with slope 3",
        "  multiply_1 = 9, with slope 3",
        "∂multiply_1/∂a = 1·3 + 1·3 = 6",
    ]


def test_wrong_entries():
    W = ag.Value(np.ones((2, 3)), name="W")
    story = trace(np.sum(W))
    for index in [(2, 0), (0,), (0, 0, 0), 1]:
        with pytest.raises(IndexError, match=r"W \(2, 3\) has no entry"):
            story.element(W, index)
    with pytest.raises(IndexError, match="expected a whole number per axis"):
        story.element(W, (0, slice(None)))
    with pytest.raises(ValueError, match="followed in the live graph"):
        Trace.from_json(story.to_json()).element("W", (0, 0))


# -- forms -----------------------------------------------------------------------------------------


def test_json_round_trip():
    for story in (lecture()[1], trace(batch(dtype=np.float32)[1])):
        text = story.to_json()
        json.loads(text, parse_constant=lambda c: pytest.fail(f"{c} is not JSON"))
        back = Trace.from_json(text)
        assert back == story
        assert str(back) == str(story)
        assert back.to_json() == text
        assert str(back.through(0)) == str(story.through(0))
    assert [type(s) for s in back] == [type(s) for s in story]
    np.testing.assert_array_equal(back.backward[0].product, story.backward[0].product)


def test_nan_and_inf_are_told_and_stored():
    x = ag.Value(0.0, name="x")
    with np.errstate(divide="ignore"):
        story = trace(np.log(x))
    assert story.forward[0].text == "log_1 = ln(x) = ln(0) = −inf"
    assert Trace.from_json(story.to_json()) == story


def test_as_a_table():
    _, story = lecture()
    table = story.to_dataframe()
    assert list(table.index) == [s.number for s in story]
    backward = table[table.phase == "backward"]
    assert list(backward.contribution) == [s.contribution for s in story.backward]
    assert set(table.columns) >= {"phase", "layer", "node", "input", "upstream", "local", "before", "after", "formula"}
    assert table.loc[1, ["upstream", "local", "before"]].isna().all()  # absent, not 0
    assert list(table[table.phase == "update"].after) == [s.after for s in story.updates]


def test_without_pandas_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match=r"autograd-mini\[explain\]"):
        trace(ag.Value(1.0) * 2).to_dataframe()


def test_html_holds_the_same_lines_and_no_markup_of_names():
    _, story = lecture()
    page = html.unescape(story._repr_html_())
    for step in story:
        for line in step.lines:
            assert line.text in page
    x = ag.Value(2.0, name="<script>alert(1)</script>")
    assert "<script" not in trace(x * x).to_html()


def test_latex_of_a_step_and_of_all():
    _, story = lecture()
    [step] = [s for s in story.backward if story.graph.nodes[s.node].name == "ŷ"]
    assert step.lines[0].latex.startswith(
        r"\frac{\partial E}{\partial s_{G}} = \frac{\partial E}{\partial \hat{y}} \cdot "
    )
    assert step._repr_latex_().startswith(r"$\displaystyle \begin{gathered}")
    assert story.latex.count(r"\\") == sum(len(s.lines) for s in story) - 1
    for line in (line for s in story for line in s.lines):
        assert line.latex.count("{") == line.latex.count("}")
        assert line.latex.count(r"\left(") == line.latex.count(r"\right)")


def test_digits():
    x = ag.Value(1 / 3, name="x")
    assert trace(x * 1, digits=6).forward[0].text == "multiply_1 = x·1 = 0.333333·1 = 0.333333"


def test_wrong_arguments():
    with pytest.raises(TypeError, match="trace: expected a Value, got float"):
        trace(1.0)
    with pytest.raises(TypeError, match=r"expected an optimizer such as optim\.SGD, got list"):
        trace(ag.Value(1.0) * 2, [])
    with pytest.raises(ag.GraphError, match="starts from a scalar"):
        trace(ag.Value([1.0, 2.0]) * 2)
    w = ag.Value(1.0, name="w")
    E = w * 2
    w.data = 5.0
    with pytest.raises(ag.GraphError, match="the data of w"):
        trace(E)


def test_errors_speak_of_trace():
    v = ag.Value([1.0, 2.0], name="v") * 2
    with pytest.raises(ag.GraphError, match=r"trace\(\) starts from a scalar.*trace\(…, upstream=np\.ones\(\(2,\)\)\)"):
        trace(v)
    with pytest.raises(ag.ShapeError, match=r"trace\(\): upstream has shape \(3,\), expected \(2,\)"):
        trace(v, upstream=np.ones(3))
    with ag.no_grad():
        z = ag.Value(1.0) * 2
    with pytest.raises(ag.GraphError, match=r"trace\(\): .* inside no_grad\(\)"):
        trace(z)
    for digits in (0, -1, 0.5, True):
        with pytest.raises(ValueError, match="trace: digits must be a whole number from 1 on, got"):
            trace(ag.Value(1.0) * 2, digits=digits)


def test_hooks_are_refused_and_not_called():
    w = ag.Value(2.0, name="w")
    h = w * 3
    h.name = "h"
    E = h * w
    for value in (w, h):
        said = f"trace: a gradient hook on {value.name} changes gradients"
        hook = value.register_hook(lambda grad: pytest.fail("a trace called a hook"))
        with hook, pytest.raises(ag.GraphError, match=said):
            trace(E)
    assert len(trace(E)) == 5


def test_following_an_entry_warns_of_nothing():
    x = ag.Value([0.0, 1.0], name="x")
    with np.errstate(divide="ignore"):
        E = np.sum(np.log(x))
    assert "slope inf" in str(trace(E).element(x, 0))


def test_a_leaf_has_no_story():
    assert len(trace(ag.Value(1.0))) == 0
