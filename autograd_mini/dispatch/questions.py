"""Questions about a Value's numbers: plain answers, nothing is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_mini.dispatch.registry import implements, np
from autograd_mini.numbers import constant, with_shapes
from autograd_mini.value import FUNCTIONS, UFUNCS, Value


def _plain(x: Any) -> Any:
    return with_shapes([x.data])[0] if type(x) is Value else x


def _on_data(numpy_function: Callable) -> Callable:
    def ask(*args: Any, **kwargs: Any) -> Any:
        return numpy_function(*map(_plain, args), **{k: _plain(x) for k, x in kwargs.items()})

    return ask


_QUESTIONS_UFUNC = (
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.isfinite, np.isinf,
    np.isnan, np.signbit, np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
)  # fmt: skip
_QUESTIONS = (
    np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.full_like, np.empty_like, np.argmax, np.argmin,
    np.argsort, np.allclose, np.isclose, np.array_equal, np.any, np.all, np.count_nonzero, np.nonzero,
    np.searchsorted, np.array_repr, np.array_str, np.array2string, np.iscomplexobj, np.isrealobj,
    np.argwhere, np.flatnonzero, np.argpartition, np.isin, np.isposinf, np.isneginf, np.isreal, np.iscomplex,
    np.array_equiv, np.digitize, np.histogram, np.tril_indices_from, np.triu_indices_from, np.diag_indices_from,
    np.may_share_memory, np.shares_memory, np.broadcast_shapes,
)  # fmt: skip
UFUNCS.update({ufunc: _on_data(ufunc) for ufunc in _QUESTIONS_UFUNC})
for _function in _QUESTIONS:
    FUNCTIONS[_function] = _on_data(_function)


@implements(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> Any:
    return np.result_type(*[constant(x) if type(x) is Value else x for x in arrays_and_dtypes])
