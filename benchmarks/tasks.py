"""Say what is measured, by whom, and which goals it has."""

from __future__ import annotations

from dataclasses import dataclass, field

SCALARS = ("ours", "floats", "micrograd", "torch", "mygrad", "dezero", "autograd")
COMPILED = ("ours compiled", "ours compiled numba", "ours compiled each", "ours compiled numba each")
HAND = ("floats", "naive", "tuned", "numba", "numba looped")
ARRAYS = ("naive", "tuned", "autograd", "mygrad", "dezero", "tinygrad", "torch", "jax")


@dataclass(frozen=True)
class Goal:
    """`subject` takes no more than `limit` times what `reference` takes, or than `limit` itself."""

    subject: str
    limit: float
    reference: str | None = None
    more: bool = False
    """The limit is a difference: no more than `limit` over the reference."""
    measure: str = "time"
    """"time" (seconds a step or node), "first" (the first step of a new program against one of the reference),
    or "memory" (bytes a node, or over what is needed)."""


#: Recording and writing the program.
RECORDING = Goal("ours compiled", 10, "ours", measure="first")


def faster(subject: str, times: float, than: str) -> Goal:
    return Goal(subject, 1 / times, than)


@dataclass(frozen=True)
class Task:
    name: str
    work: str
    implementations: tuple[str, ...]
    goals: tuple[Goal, ...] = ()
    kind: str = "training"
    """"training" (blocks of steps), "chain" (every figure by node, and memory), "import", "memory"."""
    problem: str = ""
    """As `problems.problem` knows it; the name, if empty."""
    compared: int = 10
    """How many steps are taken before the weights are compared."""
    environment: dict[str, str | None] = field(default_factory=dict)
    """Variables that its processes get, or lose (None)."""

    @property
    def problem_name(self) -> str:
        return self.problem or self.name


def _chain(nodes: int, *goals: Goal) -> Task:
    return Task(
        f"T7 {nodes:.0e}".replace("e+0", "e"),
        f"a chain of {nodes:,} scalar operations: record, backward, free",
        # The others would take minutes for a million.
        ("ours", "micrograd", "torch") if nodes > 100_000 else ("ours", *SCALARS[2:]),
        goals,
        "chain",
        f"nodes:{nodes}",
        1,
    )


_T6 = {
    "work": "1024-2048-2048-10 relu, batch 512, softmax cross-entropy, momentum, float32",
    "implementations": ("ours", "ours compiled", *ARRAYS),
    "problem": "T6",
    "compared": 3,
}

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            "T1",
            "2-2-1 sigmoid network of scalars, ½(y−ŷ)², one sample, SGD",
            ("ours", "ours optim.SGD", *COMPILED, *HAND, *SCALARS[2:], "jax"),
            (
                faster("ours", 4, "micrograd"),
                faster("ours", 10, "torch"),
                Goal("ours compiled", 1.5, "floats"),
                Goal("ours compiled numba", 0.8, "floats"),
                Goal("ours compiled numba each", 0.15, "floats"),
            ),
        ),
        Task(
            "T2",
            "2-16-16-1 relu network of scalars, hinge + L2, 100 moons, one epoch (65 000 nodes), SGD",
            # Without dezero, which sorts all waiting functions at every node: minutes an epoch.
            ("ours", *COMPILED[:2], "floats", "numba", "micrograd", "torch", "mygrad", "autograd"),
            (faster("ours", 12, "micrograd"), faster("ours", 5, "torch"), Goal("ours compiled", 1.1, "floats")),
            compared=2,
        ),
        Task(
            "T3",
            "2-2-1 sigmoid, XOR as a batch of 4, ½ Σ(y−ŷ)², momentum, float64",
            ("ours", *COMPILED[:2], "numba", *ARRAYS),
            (
                Goal("ours", 0.85, "naive"),
                faster("ours", 6, "torch"),
                Goal("ours compiled", 1.12, "tuned"),
                Goal("ours compiled numba", 0.35, "tuned"),
                RECORDING,
            ),
        ),
        Task(
            "T4",
            "64-32-10 sigmoid, batch 32, softmax cross-entropy, Adagrad, float64",
            ("ours", "ours compiled", *ARRAYS),
            (Goal("ours", 0.8, "naive"), faster("ours", 4, "torch"), Goal("ours compiled", 1.08, "tuned"), RECORDING),
        ),
        *(
            Task(
                name,
                f"784-200-200-10 relu, batch 128, softmax cross-entropy, momentum, {dtype}",
                ("ours", "ours compiled", *ARRAYS),
                (
                    Goal("ours", 1.04, "tuned"),
                    Goal("ours", 1.0, "naive"),
                    Goal("ours compiled", 1.01, "tuned"),
                    RECORDING,
                ),
                compared=3,
            )
            for name, dtype in (("T5", "float32"), ("T5 float64", "float64"))
        ),
        Task("T6", goals=(Goal("ours", 1.02, "tuned"), Goal("ours compiled", 1.01, "tuned"), RECORDING), **_T6),
        Task(
            "T6 unpinned",
            goals=(
                Goal("ours", 1.02, "tuned"),
                Goal("ours", 1.0, "jax"),
                Goal("ours", 1.0, "torch"),
                Goal("ours compiled", 1.01, "tuned"),
                Goal("ours compiled", 1.0, "jax"),
            ),
            environment={"OPENBLAS_CORETYPE": None},
            **_T6,
        ),
        _chain(10_000),
        _chain(100_000),
        _chain(1_000_000, Goal("ours", 1.2e-6), Goal("ours", 300, measure="memory")),
        Task(
            "T8",
            "LeNet-like, 28×28, batch 32, softmax cross-entropy, momentum, float32",
            ("ours", "ours compiled", "naive", "mygrad", "dezero", "torch", "jax"),
            (Goal("ours", 1.1, "naive"),),
            compared=3,
        ),
        *(
            Task(
                f"inference, batch {batch}",
                f"{sizes}, batch {batch}, inside no_grad",
                ("ours", "naive", "tuned", "torch", "jax"),
                (Goal("ours", 1.15, "naive"),),
                compared=1,
            )
            for sizes, batch in (("64-32-10 sigmoid, float64", 32), ("784-200-200-10 relu, float32", 128))
        ),
        Task(
            "T9",
            "import, in a fresh process",
            ("ours", "numpy", "numba", "micrograd", "autograd", "mygrad", "dezero", "tinygrad", "torch", "jax"),
            (Goal("ours", 0.010, "numpy", more=True),),
            "import",
        ),
        Task(
            "T10",
            "peak memory of T6 over weights × 3 + activations × 2 + data",
            ("ours", *ARRAYS),
            (Goal("ours", 1.05, measure="memory"),),
            "memory",
            "T6",
            3,
        ),
    )
}
