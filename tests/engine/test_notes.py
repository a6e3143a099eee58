"""What is noted of a node besides its computation: the module call, the line of code."""

import gc
import pickle
import sys
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.notes import calls_of, source_of


def test_an_ordinary_operation_carries_no_notes():
    assert not hasattr(ag.Value(2.0) * 3, "notes")


def test_a_module_notes_its_call_on_its_output_alone():
    layer = nn.Linear(2, 3)
    before = ag.Value(0.0).age
    out = layer(np.ones(2))
    [call] = calls_of(out)
    assert call.module is layer
    assert before < call.start < out.inputs[0].age < out.age
    assert calls_of(out.inputs[0]) == []


def test_an_output_that_the_module_only_passed_on_is_not_its_own():
    x = ag.Value([1.0, 2.0]) * 2
    assert nn.Identity()(x) is x
    assert calls_of(x) == []


def test_inner_and_outer_calls_with_the_same_output_are_both_noted():
    model = nn.Sequential(nn.Tanh())
    calls = calls_of(model(ag.Value([1.0])))
    assert [type(call.module) for call in calls] == [nn.Tanh, nn.Sequential]
    assert calls[0].start > calls[1].start


def test_each_of_several_outputs_is_noted():
    class Both(nn.Module):
        def forward(self, x):
            return np.sin(x), np.cos(x)

    for out in Both()(ag.Value(1.0)):
        assert type(calls_of(out)[0].module) is Both


def test_nothing_is_noted_in_no_grad():
    with ag.no_grad():
        assert calls_of(nn.Tanh()(ag.Value(1.0))) == []


def test_a_graph_is_freed_with_its_notes_at_once():
    gc.disable()
    try:
        model = nn.MLP([2, 3, 1], "tanh")
        out = model(np.ones(2))
        alive = weakref.ref(out), weakref.ref(model)
        del model
        assert alive[1]() is not None  # the graph can still name its layers
        del out
        assert [ref() for ref in alive] == [None, None]
    finally:
        gc.enable()


def test_a_module_that_keeps_its_output_keeps_the_last_one_only():
    class Keeps(nn.Module):
        def forward(self, x):
            self.last = np.tanh(x)
            return self.last

    gc.disable()
    try:
        model = Keeps()
        first = weakref.ref(model(ag.Value(1.0)))
        model(ag.Value(2.0))
        assert first() is None
    finally:
        gc.enable()


def test_hooks_and_notes_live_together():
    layer = nn.Tanh()
    with layer.register_forward_hook(lambda module, args, output: output * 2):
        out = layer(ag.Value(1.0))
    assert out.op.name == "multiply"
    assert type(calls_of(out)[0].module) is nn.Tanh


def line_number():
    return sys._getframe(1).f_lineno


def test_lines_of_code_are_noted_when_asked_for():
    x = ag.Value([1.0, 2.0])
    with ag.record_sources():
        y, line = np.sum(x * x), line_number()
    for node in (y, y.inputs[0]):
        source = source_of(node)
        assert (Path(source.file), source.line) == (Path(__file__), line)
        assert source.text == "y, line = np.sum(x * x), line_number()"
    assert str(source).endswith(f"test_notes.py:{line}: y, line = np.sum(x * x), line_number()")
    assert source_of(x * 2) is None


def test_the_line_is_the_users_not_the_librarys():
    model = nn.MLP([2, 3, 1])
    with ag.record_sources():
        out, line = model(np.ones(2)), line_number()
    assert {node.source.line for node in ag.graph(out).computed} == {line}


def test_recording_lines_ends_on_every_way_out():
    with pytest.raises(ZeroDivisionError), ag.record_sources():
        raise ZeroDivisionError
    assert source_of(ag.Value(1.0) + 1) is None
    with ag.record_sources():
        with ag.record_sources():
            pass
        assert source_of(ag.Value(1.0) + 1) is not None


def test_lines_are_noted_once_and_in_their_own_thread_only():
    def other(found):
        found.append(ag.Value(1.0) * 2)

    found = []
    with ag.record_sources(), ag.record_sources():
        y = ag.Value(1.0) * 2
        thread = threading.Thread(target=other, args=(found,))
        thread.start()
        thread.join()
    assert len(y.notes) == 1
    assert source_of(found[0]) is None


def test_threads_do_not_take_each_others_nodes_for_their_layers():
    model = nn.MLP([3, 4, 2], "tanh")
    graphs = {}

    def work(key):
        for _ in range(50):
            graphs[key] = ag.graph(model(np.ones((2, 3))))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for g in graphs.values():
        assert [(n.name, n.scope) for n in g.computed] == [(n.name, n.scope) for n in graphs[0].computed]


def test_models_can_still_be_pickled_after_calls():
    model = nn.MLP([2, 2, 1])
    model(np.ones(2))
    assert pickle.loads(pickle.dumps(model))[0].in_features == 2
