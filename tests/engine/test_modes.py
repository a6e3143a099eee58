"""`no_grad`: nothing is recorded, in this thread and task only, and every way out restores."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from autograd_mini import Value, grad, no_grad


def recorded() -> bool:
    """Whether an operation is recorded right now."""
    x = Value(1.0)
    return (x * x).inputs == (x, x)


def test_nothing_is_recorded_and_numbers_are_right() -> None:
    x = Value([1.0, 2.0])
    with no_grad():
        for z in (x * x, np.sum(x), x[0], np.exp(x), Value(2.0) * 3, np.concatenate([x, x])):
            assert type(z) is Value
            assert z.inputs == ()
            assert z.params == ()
            assert z.partials is None
        np.testing.assert_array_equal((x * x).data, [1.0, 4.0])
    assert recorded()


def test_what_was_made_inside_is_a_constant_outside() -> None:
    x = Value(3.0)
    with no_grad():
        y = x * x
    (y * x).backward()
    assert x.grad == 9.0
    assert y.grad == 3.0


def test_nested() -> None:
    with no_grad():
        with no_grad():
            assert not recorded()
        assert not recorded()
    assert recorded()


def test_exception() -> None:
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert recorded()


def test_reusing_one_context_or_decorating() -> None:
    @no_grad()
    def evaluate() -> bool:
        return recorded()

    assert [evaluate(), evaluate()] == [False, False]
    assert recorded()

    @no_grad()
    def recursive(n: int) -> bool:
        return recorded() or (n > 0 and recursive(n - 1))

    assert not recursive(3)
    assert recorded()


def quiet(count: int) -> Iterator[bool]:
    with no_grad():
        for _ in range(count):
            yield recorded()


def test_a_generator_left_in_every_way() -> None:
    assert list(quiet(2)) == [False, False]
    assert recorded()
    walk = quiet(5)
    next(walk)
    walk.close()
    assert recorded()
    walk = quiet(5)
    next(walk)
    del walk
    assert recorded()
    walk = quiet(5)
    next(walk)
    with pytest.raises(ZeroDivisionError):
        walk.throw(ZeroDivisionError)
    assert recorded()


def test_generators_left_in_any_order() -> None:
    first, second = quiet(5), quiet(5)
    next(first)
    next(second)
    first.close()
    second.close()
    assert recorded()


def test_a_generator_consumed_inside() -> None:
    def plain() -> Iterator[bool]:
        while True:
            yield recorded()

    walk = plain()
    assert next(walk)
    with no_grad():
        assert not next(walk)
    assert next(walk)


def test_threads_do_not_share_it() -> None:
    inside, done = threading.Event(), threading.Event()
    seen: list[bool] = []

    def quiet_thread() -> None:
        with no_grad():
            inside.set()
            done.wait(10)
            seen.append(recorded())

    thread = threading.Thread(target=quiet_thread)
    thread.start()
    assert inside.wait(10)
    assert recorded()  # the other thread is in no_grad now
    with no_grad():
        others: list[bool] = []
        another = threading.Thread(target=lambda: others.append(recorded()))
        another.start()
        another.join()
        assert others == [True]  # a thread starts by recording
    done.set()
    thread.join()
    assert seen == [False]
    assert recorded()


def test_tasks_do_not_share_it() -> None:
    async def quiet_task(inside: asyncio.Event, done: asyncio.Event) -> bool:
        with no_grad():
            inside.set()
            await done.wait()
            return recorded()

    async def main() -> tuple[bool, bool, bool]:
        inside, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(quiet_task(inside, done))
        await inside.wait()
        meanwhile = recorded()
        done.set()
        return meanwhile, await task, recorded()

    assert asyncio.run(main()) == (True, False, True)


def test_an_async_generator_closed_elsewhere() -> None:
    async def numbers():
        with no_grad():
            yield recorded()
            yield recorded()

    async def main() -> tuple[bool, bool]:
        walk = numbers()
        first = await anext(walk)
        await asyncio.create_task(walk.aclose())  # another context closes it
        return first, recorded()

    first, _ = asyncio.run(main())
    assert first is False
    assert recorded()


def test_backward_works_inside() -> None:
    x = Value(3.0)
    z = x * x
    with no_grad():
        z.backward()
    assert x.grad == 6.0


def test_transforms_record_their_own_function() -> None:
    with no_grad():
        assert grad(lambda x: x * x)(3.0) == 6.0
        assert grad(grad(lambda x: x * x * x))(3.0) == 18.0
        assert not recorded()


def test_no_grad_inside_a_differentiated_function_cuts() -> None:
    def f(x: Value) -> Value:
        with no_grad():
            scale = x * 2
        return x * scale

    assert grad(f)(3.0) == 6.0
