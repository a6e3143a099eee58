"""Break the derivative rules in every small way and see that the tests notice: `python -m tests.trust.mutate_rules`.

Each mutant runs in a process of its own, forked from one that has imported NumPy, pytest and PyTorch but nothing of
the package; there the changed module is compiled in place of the file's, and tests run until one fails. The tests most
likely to notice come first. What only hangs is stopped by its processor time and counts as noticed, counted apart.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import re
import resource
import signal
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.machinery import SourceFileLoader
from typing import Any, NamedTuple

import pytest

from tests.trust.equivalent_mutants import EQUIVALENT
from tests.trust.rule_mutants import ROOT, Mutant, mutants, rows_using

REQUIRED = 0.95
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "--tb=no", "--assert=plain", "--rootdir", str(ROOT)]
SLOW = "--deselect=tests/engine/test_backprop.py::test_a_chain_of_a_million_scalars"
#: Seconds of processor time for one call of pytest: many times what it takes.
LIMIT = 90

ENGINE = [
    ["transforms", "edges", "stability", "short_ways"],
    ["backprop", "gradcheck", "hooks", "modes", "other_arrays"],
    ["primitives", "floats", "value", "dispatch", "anomaly", "notes", "collector"],
]
NN = {
    "windows": ["conv"],
    "conv": ["conv", "against_torch"],
    "pool": ["conv"],
    "functional": ["activations", "layers", "norms", "dropout", "embedding", "against_torch"],
    "loss_functions": ["losses"],
    "class_losses": ["losses"],
    "loss_checks": ["losses"],
    "functions": ["activations", "against_torch"],
}
ALL_NN = ["tests/nn", "tests/trust/test_functional_against_torch.py", "tests/engine/test_short_ways.py"]


def stages(mutant: Mutant) -> Iterator[list[str]]:
    """The tests to run, in turn: the arguments of pytest."""
    engine = [[f"tests/engine/test_{name}.py" for name in names] + [SLOW] for names in ENGINE]
    stem = mutant.file.rpartition("/")[2].removesuffix(".py")
    if stem in NN:
        yield [f"tests/nn/test_{name}.py" for name in NN[stem]]
        yield ALL_NN
        if stem == "functions":
            yield from engine
        return
    if stem == "floats":
        yield ["tests/engine/test_floats.py", "tests/engine/test_primitives.py", "-k", "scalar or floats"]
    elif rows := rows_using(mutant):
        yield ["tests/engine/test_primitives.py", "-k", " or ".join(f"[{row}-" for row in rows)]
        engine[2].remove("tests/engine/test_primitives.py")
    yield from engine
    yield ALL_NN


class Outcome(NamedTuple):
    """What became of a mutant, and the test that noticed."""

    what: str
    by: str = ""


class _Witness:
    """A pytest plugin that remembers the first failure."""

    def __init__(self) -> None:
        self.first, self.passed = "", 0

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.passed += report.when == "call" and report.passed
        if report.failed and not self.first:
            self.first = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed and not self.first:
            self.first = f"importing {report.nodeid}"


def install(module: str, code: Any) -> None:
    """Let `import` find this code where the module's file is."""
    original = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> Any:
        return code if fullname == module else original(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]


def run_tests(groups: Iterable[list[str]]) -> Outcome:
    witness = _Witness()
    for arguments in groups:
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + LIMIT
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        status = pytest.main([*OPTIONS, *arguments], plugins=[witness])
        if status in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
            return Outcome("killed", witness.first)
        if status != pytest.ExitCode.OK:
            return Outcome("broken", f"pytest ended with {status!r} on {' '.join(arguments)}")
    return Outcome("survived" if witness.passed else "broken", f"{witness.passed} tests passed")


def start(mutant: Mutant | None, groups: list[list[str]]) -> tuple[int, int]:
    """A process that runs the tests on the mutant (on the package as it is, if None): its id, and where it answers."""
    answer, write = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child:
        os.close(write)
        return child, answer
    outcome = Outcome("broken", "the process ended early")
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1), os.dup2(silence, 2)
        if mutant is not None:
            install(mutant.module, mutant.compiled())
        outcome = run_tests(groups)
    finally:
        os.write(write, json.dumps(outcome).encode())
        os._exit(0)


def finish(child: int, answer: int, status: int) -> Outcome:
    with os.fdopen(answer, "rb") as pipe:
        text = pipe.read()
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return Outcome("hung" if number == signal.SIGXCPU else "killed", signal.Signals(number).name)
    return Outcome(*json.loads(text))


def outcomes(chosen: list[Mutant], jobs: int, depth: int | None) -> Iterator[tuple[Mutant, Outcome]]:
    """Each mutant with its outcome, as they end. Tests that noticed another fault of the same function come early."""
    waiting, running = chosen[::-1], {}
    noticed: dict[tuple[str, str], list[str]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            groups = list(stages(mutant))[:depth]
            if known := noticed.get((mutant.file, mutant.scope)):
                groups.insert(1 if "-k" in groups[0] else 0, known[-6:])
            child, answer = start(mutant, groups)
            running[child] = mutant, answer
        child, status = os.waitpid(-1, 0)
        mutant, answer = running.pop(child)
        outcome = finish(child, answer, status)
        known = noticed.setdefault((mutant.file, mutant.scope), [])
        if "::" in outcome.by and "\\" not in outcome.by and outcome.by not in known:  # it would not find an escaped id
            known.append(outcome.by)
        yield mutant, outcome


def prepare() -> None:
    """Import what all tests need once, for all processes to come, and nothing of the package."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in ("numpy.testing", "torch", "tests.engine.examples"):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            if name != "torch":
                raise
    gc.freeze()  # what has been imported needs no look at every collection in a child: half of its time
    loaded = [name for name in sys.modules if name.partition(".")[0] == "autograd_mini"]
    assert not loaded, f"imported too early to be changed: {loaded}"


def check_machinery(chosen: list[Mutant], depth: int | None) -> None:
    """The tests pass on the package as it is: else every mutant would seem noticed."""
    groups = [list(group) for group in dict.fromkeys(tuple(g) for m in chosen for g in list(stages(m))[:depth])]
    child, answer = start(None, groups)
    outcome = finish(child, answer, os.waitpid(child, 0)[1])
    if outcome.what != "survived":
        raise SystemExit(f"without any mutant the tests fail: {outcome.what}, {outcome.by}")
    print(f"without a mutant: {outcome.by}")


def sample(all_mutants: list[Mutant], count: int) -> list[Mutant]:
    """Always the same ones: the first of every kind and of every file, and others, in an order drawn by their names."""
    shuffled = sorted((m for m in all_mutants if m.key not in EQUIVALENT), key=lambda m: zlib.crc32(m.key.encode()))
    first: dict[tuple[str, str], Mutant] = {}
    for mutant in shuffled:
        first.setdefault(("kind", mutant.kind), mutant)
        first.setdefault(("file", mutant.file), mutant)
    required = list(dict.fromkeys(first.values()))
    return (required + [m for m in shuffled if m not in required])[: max(count, len(required))]


def table(title: str, counts: dict[str, Counter]) -> None:
    print(f"\n{title:<44}{'mutants':>8}{'noticed':>9}{'hung':>6}{'survived':>10}{'explained':>11}")
    for name, c in sorted(counts.items()):
        noticed = c["killed"] + c["hung"]
        print(f"{name:<44}{c.total():>8}{noticed:>9}{c['hung']:>6}{c['survived']:>10}{c['explained']:>11}")


def report(found: list[tuple[Mutant, Outcome]], seconds: float) -> bool:
    """Print the scores and the survivors; whether all is well."""
    by_kind: dict[str, Counter] = {}
    by_file: dict[str, Counter] = {}
    total: Counter = Counter()
    for mutant, outcome in found:
        what = "explained" if outcome.what == "survived" and mutant.key in EQUIVALENT else outcome.what
        for counts in (by_kind.setdefault(mutant.kind, Counter()), by_file.setdefault(mutant.file, Counter()), total):
            counts[what] += 1
    table("kind", by_kind)
    table("file", by_file)
    wrong = [(m, o) for m, o in found if o.what == "broken" or (o.what == "survived") == (m.key not in EQUIVALENT)]
    for mutant, outcome in wrong:
        print(f"\n{outcome.what}: {mutant}\n    key: {mutant.key!r}\n    {outcome.by}")
        print(f"    {(ROOT / mutant.file).read_text().splitlines()[mutant.line - 1].strip()[:150]}")
    noticed, survivors = total["killed"] + total["hung"], total["survived"]
    score = noticed / max(total.total(), 1)
    unexplained_out = noticed / max(noticed + survivors, 1)
    print(
        f"\n{total.total()} mutants in {seconds:.0f} s: {noticed} noticed ({total['hung']} of them by their time), ",
        end="",
    )
    print(f"{total['explained']} survived and are explained, {survivors} survived")
    print(f"score {score:.2%}; {unexplained_out:.2%} of those that change something")
    return score >= REQUIRED and not wrong


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="only mutants whose description matches this regular expression")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sample", type=int, help="so many mutants, always the same, of every kind and file")
    parser.add_argument("--list", action="store_true", help="list the mutants and run none")
    parser.add_argument("--unchecked", action="store_true", help="do not run the tests without a mutant first")
    parser.add_argument("--quick", action="store_true", help="only the two groups of tests most likely to notice")
    options = parser.parse_args(arguments)
    chosen = mutants()
    stale = EQUIVALENT.keys() - {m.key for m in chosen}
    if options.sample:
        chosen = sample(chosen, options.sample)
    if options.only:
        chosen = [m for m in chosen if re.search(options.only, f"{m} [{m.kind}]")]
    if options.list:
        print(*(f"{m} [{m.kind}]" for m in chosen), sep="\n")
        return 0
    os.chdir(ROOT)
    prepare()
    if not options.unchecked:
        check_machinery(chosen, 2 if options.quick or options.sample else None)
    begun, found = time.monotonic(), []
    for mutant, outcome in outcomes(chosen, options.jobs, 2 if options.quick else None):
        found.append((mutant, outcome))
        print(f"{len(found)}/{len(chosen)} {outcome.what:<9}{mutant}  by {outcome.by}"[:220], flush=True)
    well = report(found, time.monotonic() - begun)
    for key in sorted(stale):
        print(f"explained as equivalent, but no such mutant exists: {key!r}")
    return 0 if well and not stale else 1


if __name__ == "__main__":
    sys.exit(main())
