"""Questions about a Value's numbers: plain answers, nothing is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_mini.dispatch.registry import np
from autograd_mini.numbers import constant
from autograd_mini.value import FUNCTIONS, UFUNCS, Value


def _on_data(numpy_function: Callable) -> Callable:
    def ask(*args: Any, **kwargs: Any) -> Any:
        plain = [constant(a) if type(a) is Value else a for a in args]
        return numpy_function(*plain, **{k: constant(a) if type(a) is Value else a for k, a in kwargs.items()})

    return ask


_QUESTIONS_UFUNC = (
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.isfinite, np.isinf,
    np.isnan, np.signbit, np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
)  # fmt: skip
_QUESTIONS = (
    np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.full_like, np.empty_like, np.argmax, np.argmin,
    np.argsort, np.allclose, np.isclose, np.array_equal, np.any, np.all, np.count_nonzero, np.nonzero,
    np.searchsorted, np.array_repr, np.array_str, np.array2string, np.result_type, np.iscomplexobj, np.isrealobj,
    np.may_share_memory, np.shares_memory, np.broadcast_shapes,
)  # fmt: skip
UFUNCS.update({ufunc: _on_data(ufunc) for ufunc in _QUESTIONS_UFUNC})
for _function in _QUESTIONS:
    FUNCTIONS[_function] = _on_data(_function)
