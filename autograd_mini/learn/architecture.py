"""Write a model down as plain data, classes from a fixed list and their arguments, and build it again.

>>> describe(nn.Sequential(nn.Linear(2, 3), nn.Tanh()))["children"][0]
{'class': 'Linear', 'arguments': {'in_features': 2, 'out_features': 3, 'bias': True}}
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from autograd_mini import nn
from autograd_mini.learn.stored import ModelFileError
from autograd_mini.nn.module import Module

Shape = tuple[int, ...]
Kinds = tuple[type, ...]

#: A module costs memory and time beyond its numbers.
MOST_MODULES = 2000


class Argument(NamedTuple):
    """An argument that is not an attribute of its own name: its types, and where the layer keeps it."""

    kinds: Kinds
    read: Callable[[Any], Any]


class Row(NamedTuple):
    """What a file says of a layer: its constructor's arguments, and what arrays follow from them."""

    arguments: dict[str, Kinds | Argument]
    shapes: Callable[[Any], dict[str, Shape | None]] = lambda a: {}


def has(parameter: str) -> Argument:
    """A flag that is False where the layer's parameter is None."""
    return Argument((bool,), lambda layer: getattr(layer, parameter) is not None)


INT, FLOAT, TEXT, SIZES = (int,), (float, int), (str,), (list,)
_WINDOW: dict[str, Kinds | Argument] = {"kernel_size": SIZES, "stride": SIZES, "padding": SIZES}
_CELL: dict[str, Kinds | Argument] = {"input_size": INT, "hidden_size": INT, "bias": has("bias_ih")}


def _cell_shapes(gates: int) -> Callable[[Any], dict[str, Shape | None]]:
    return lambda a: {
        "weight_ih": (gates * a.hidden_size, a.input_size),
        "weight_hh": (gates * a.hidden_size, a.hidden_size),
        "bias_ih": (gates * a.hidden_size,) if a.bias else None,
        "bias_hh": (gates * a.hidden_size,) if a.bias else None,
    }


def _units(layer: nn.MaskPoolDropout) -> int | None:
    return None if layer.pool is None else layer.pool.shape[1]


#: Every layer that a file can hold: one row each. A row's shapes name all of the layer's arrays, None for
#: one that it is built without.
# fmt: off
LAYERS: dict[type[Module], Row] = {
    nn.Linear:      Row({"in_features": INT, "out_features": INT, "bias": has("bias")},
                        lambda a: {"weight": (a.out_features, a.in_features),
                                   "bias": (a.out_features,) if a.bias else None}),
    nn.Conv2d:      Row({"in_channels": INT, "out_channels": INT, **_WINDOW, "bias": has("bias")},
                        lambda a: {"weight": (a.out_channels, a.in_channels, *a.kernel_size),
                                   "bias": (a.out_channels,) if a.bias else None}),
    nn.Embedding:   Row({"num_embeddings": INT, "embedding_dim": INT, "padding_idx": (int, type(None))},
                        lambda a: {"weight": (a.num_embeddings, a.embedding_dim)}),
    nn.RNNCell:     Row({**_CELL, "nonlinearity": TEXT}, _cell_shapes(1)),
    nn.GRUCell:     Row(_CELL, _cell_shapes(3)),
    nn.BatchNorm1d: Row({"num_features": INT, "eps": FLOAT, "momentum": (*FLOAT, type(None)), "affine": has("weight")},
                        lambda a: {"weight": (a.num_features,) if a.affine else None,
                                   "bias": (a.num_features,) if a.affine else None,
                                   "running_mean": (a.num_features,), "running_var": (a.num_features,),
                                   "num_batches_tracked": ()}),
    nn.LayerNorm:   Row({"normalized_shape": SIZES, "eps": FLOAT,
                         "elementwise_affine": has("weight"), "bias": has("bias")},
                        lambda a: {"weight": a.normalized_shape if a.elementwise_affine else None,
                                   "bias": a.normalized_shape if a.elementwise_affine and a.bias else None}),
    nn.MaskPoolDropout: Row({"p": FLOAT, "masks": INT, "units": Argument((int, type(None)), _units)},
                            lambda a: {"pool": None if a.units is None else (a.masks, a.units)}),
    nn.Dropout:     Row({"p": FLOAT}),
    nn.MaxPool2d:   Row(_WINDOW),
    nn.AvgPool2d:   Row(_WINDOW),
    nn.Flatten:     Row({"start_dim": INT, "end_dim": INT}),
    nn.Identity:    Row({}),
    nn.Sigmoid:     Row({}),
    nn.Tanh:        Row({}),
    nn.ReLU:        Row({}),
    nn.LeakyReLU:   Row({"negative_slope": FLOAT}),
    nn.ELU:         Row({"alpha": FLOAT}),
    nn.SELU:        Row({}),
    nn.GELU:        Row({"approximate": TEXT}),
    nn.SiLU:        Row({}),
    nn.Softplus:    Row({"beta": FLOAT, "threshold": (*FLOAT, type(None))}),
    nn.Softsign:    Row({}),
    nn.Hardtanh:    Row({"min_val": FLOAT, "max_val": FLOAT}),
    nn.LogSigmoid:  Row({}),
    nn.Softmax:     Row({"axis": INT}),
    nn.LogSoftmax:  Row({"axis": INT}),
}
# fmt: on
#: Modules that only hold others, under the names "0", "1", …
CONTAINERS: tuple[type[nn.Sequential], ...] = (nn.Sequential, nn.MLP)
BY_NAME: dict[str, type[Module]] = {cls.__name__: cls for cls in (*LAYERS, *CONTAINERS)}


# -- from a model to data --------------------------------------------------------------------------


def describe(model: Module, path: str = "", seen: dict[int, str | None] | None = None) -> dict[str, Any]:
    """The model's classes and their arguments as JSON holds them; a module met again, by its first path.

    Raises:
        TypeError: a class that is not in the list, a subclass included: its code would not be in the file.
        ValueError: a module that contains itself, a Sequential with members besides its numbered ones.
    """
    seen = {} if seen is None else seen
    where = f"module {path!r}" if path else "the model"
    cls = type(model)
    if BY_NAME.get(cls.__name__) is not cls:
        known = f"a model file can hold {', '.join(BY_NAME)}"
        raise TypeError(
            f"{where} is of class {cls.__module__}.{cls.__name__}: {known}. For a class of your own, save its "
            "numbers, save_arrays(path, model.state_dict()), and load them into a model that your code has built"
        )
    if id(model) in seen:
        if seen[id(model)] is None:
            raise ValueError(f"{where} contains itself")
        return {"same": seen[id(model)]}
    seen[id(model)] = None
    node: dict[str, Any] = {"class": cls.__name__}
    if cls in CONTAINERS:
        children = list(model.named_children())
        if [name for name, _ in children] != [str(i) for i in range(len(children))]:
            raise ValueError(f"{where}: a {cls.__name__} can be saved with members '0', '1', … only, it has {children}")
        node["children"] = [describe(child, _join(path, name), seen) for name, child in children]
    elif LAYERS[cls].arguments:
        node["arguments"] = {name: _argument(model, name, kind) for name, kind in LAYERS[cls].arguments.items()}
    node |= {flag: getattr(model, flag) for flag in FLAGS if getattr(model, flag) != getattr(Module, flag)}
    seen[id(model)] = path
    return node


#: Switches of every module, written where they differ from those of a new one.
FLAGS = ("training", "frozen")


def _argument(layer: Module, name: str, kind: Kinds | Argument) -> Any:
    found = kind.read(layer) if isinstance(kind, Argument) else getattr(layer, name)
    if isinstance(found, np.generic):
        found = found.item()
    return list(found) if isinstance(found, tuple) else found


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# -- from data to a model --------------------------------------------------------------------------


class Builder:
    """Builds a model whose arrays are known by shape and dtype; nothing larger than those is made.

    Args:
        declared: path -> (shape, dtype) of every array that the model should have.
    """

    def __init__(self, declared: Mapping[str, tuple[Shape, np.dtype]]) -> None:
        self.declared = dict(declared)
        self.unused = dict(declared)
        self.built: dict[str, Module] = {}
        self.count = 0

    def model(self, node: Any) -> Module:
        """The module described, with its arrays' shapes and dtypes but not their numbers.

        Raises:
            ModelFileError: a description that is not one, or does not fit the arrays.
        """
        model = self._module(node, "")
        if self.unused:
            raise ModelFileError(f"arrays that belong to no layer: {', '.join(map(repr, self.unused))[:200]}")
        state = {path: (np.shape(n), np.asarray(n).dtype) for path, n in model.state_dict().items()}
        if state != self.declared:
            different = [path for path in self.declared if state.get(path) != self.declared[path]]
            raise ModelFileError(f"shape or dtype is not what the layer would have: {', '.join(different)[:200]}")
        return model

    def _module(self, node: Any, path: str) -> Module:
        where = f"architecture, module {path!r}"
        self.count += 1
        if self.count > MOST_MODULES:
            raise ModelFileError(f"architecture: more than {MOST_MODULES} modules")
        if type(node) is not dict:
            raise ModelFileError(f"{where}: expected an object, got {node!r:.60}")
        if node.keys() == {"same"}:
            if type(node["same"]) is not str or node["same"] not in self.built:
                raise ModelFileError(f"{where}: the same as {node['same']!r:.60}, which is not built before it")
            return self.built[node["same"]]
        cls = BY_NAME.get(node["class"]) if type(node.get("class")) is str else None
        if cls is None:
            raise ModelFileError(f"{where}: unknown class {node.get('class')!r:.60}")
        flags = {flag: node[flag] for flag in FLAGS if flag in node}
        content = "children" if cls in CONTAINERS else "arguments"
        extra = node.keys() - {"class", content, *FLAGS}
        if extra or not all(type(flag) is bool for flag in flags.values()):
            raise ModelFileError(
                f"{where}: a flag that is neither true nor false, or unknown keys {sorted(extra)}"[:200]
            )
        module = self._container(cls, node, path, where) if cls in CONTAINERS else self._layer(cls, node, path, where)
        for flag, on in flags.items():
            setattr(module, flag, on)
        self.built[path] = module
        return module

    def _container(self, cls: type[Module], node: dict[str, Any], path: str, where: str) -> Module:
        children = node.get("children")
        if type(children) is not list:
            raise ModelFileError(f"{where}: expected a list of children")
        members = [self._module(child, _join(path, str(i))) for i, child in enumerate(children)]
        module = cls.__new__(cls)
        nn.Sequential.__init__(module, *members)  # type: ignore[arg-type]  # an MLP is nothing more than its members
        return module

    def _layer(self, cls: type[Module], node: dict[str, Any], path: str, where: str) -> Module:
        row = LAYERS[cls]
        arguments = node.get("arguments", {})
        if type(arguments) is not dict or arguments.keys() != row.arguments.keys():
            raise ModelFileError(f"{where}: {cls.__name__} takes the arguments {', '.join(row.arguments) or '(none)'}")
        checked = {name: _checked(arguments[name], kind, f"{where}: {name}") for name, kind in row.arguments.items()}
        dtypes: set[np.dtype] = set()
        of_buffers: set[np.dtype] = set()
        for name, shape in row.shapes(SimpleNamespace(**checked)).items():
            full = _join(path, name)
            if shape is None:
                continue
            if full not in self.unused or self.unused[full][0] != shape:
                found = f"the file has {self.unused[full][0]}" if full in self.unused else "the file lacks it"
                raise ModelFileError(f"{full}: {cls.__name__} needs shape {shape}, {found}")
            dtype = self.unused.pop(full)[1]
            (of_buffers if name in cls.buffer_names else dtypes).add(dtype)
        if len(dtypes) > 1 or any(dtype.kind != "f" for dtype in dtypes):
            raise ModelFileError(f"{where}: parameters must have one float type, got {', '.join(map(str, dtypes))}")
        dtypes = dtypes or {dtype for dtype in of_buffers if dtype.kind == "f"}
        try:
            # Without a constructor of its own, a class would have inspect parse a text and copy sys.modules.
            takes = inspect.signature(cls).parameters if row.arguments else {}
            options: dict[str, Any] = {"init": _zeros} if "init" in takes else {}
            options |= {"dtype": dtypes.pop()} if "dtype" in takes and dtypes else {}
            return cls(**checked, **options)
        except (TypeError, ValueError, OverflowError) as error:
            raise ModelFileError(f"{where}: {error}"[:300]) from None


def _zeros(shape: Shape, rng: np.random.Generator, layer: tuple[int, int]) -> np.ndarray:
    """Instead of first weights: takes no memory of its own and no time."""
    return np.broadcast_to(0.0, shape)


def _checked(item: Any, kind: Kinds | Argument, where: str) -> Any:
    kinds = kind.kinds if isinstance(kind, Argument) else kind
    if type(item) not in kinds:
        expected = " or ".join(k.__name__ for k in kinds)
        raise ModelFileError(f"{where}: expected {expected}, got {item!r:.60}")
    sizes = item if type(item) is list else [item] if type(item) is int else []
    if len(sizes) > 32 or not all(type(n) is int and abs(n) < 2**31 for n in sizes):
        raise ModelFileError(f"{where}: expected moderate whole numbers, got {item!r:.60}")
    if type(item) is float and not math.isfinite(item):
        raise ModelFileError(f"{where}: expected a finite number, got {item}")
    return tuple(item) if type(item) is list else item
