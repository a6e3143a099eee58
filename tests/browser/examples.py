"""Steppers that the tests walk through, and the notebook that shows one."""

import json
from functools import cache

import numpy as np

from autograd_mini import nn, optim
from autograd_mini.explain.stepper.stepper import step_through
from autograd_mini.lecture.network import INPUTS, LEARNING_RATE, TARGET, WORKED, record


@cache
def lecture():
    return new_lecture()


def new_lecture(**options):
    run = record(WORKED, INPUTS, TARGET)
    return step_through(run.E, optim.SGD(list(run.w.values()), LEARNING_RATE), **options)


@cache
def batch():
    return new_batch()


def new_batch(**options):
    """A batch through two layers: arrays, broadcasting, scopes."""
    rng = np.random.default_rng(0)
    model = nn.MLP([2, 3, 1], "tanh", rng=rng)
    loss = nn.L2Loss()(model(rng.normal(size=(4, 2))), np.zeros((4, 1)))
    return step_through(loss, optim.Adam(model.parameters(), 0.1), **options)


def notebook(*cells):
    """A notebook of code cells, as JSON."""
    made = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "execution_count": None, "outputs": [], "source": cell}
        for i, cell in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


SHOW = """from autograd_mini import optim
from autograd_mini.explain.stepper.stepper import step_through
from autograd_mini.lecture.network import INPUTS, LEARNING_RATE, TARGET, WORKED, record

run = record(WORKED, INPUTS, TARGET)
stepper = step_through(run.E, optim.SGD(list(run.w.values()), LEARNING_RATE))
stepper"""
