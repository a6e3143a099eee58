"""Model files: what is saved comes back bit by bit; what is damaged or hostile is refused with one error."""

import json
import os

import numpy as np
import pytest

from autograd_mini import Value, nn, optim
from autograd_mini.learn import architecture, files, strict_json
from autograd_mini.learn.files import (
    ModelFileError,
    load_arrays,
    load_metadata,
    load_model,
    save_arrays,
    save_model,
)
from tests.trust.fuzz_files import bits, models


@pytest.fixture(params=[".npz", ".safetensors"])
def suffix(request):
    if request.param == ".safetensors":
        pytest.importorskip("safetensors")
    return request.param


@pytest.fixture
def path(tmp_path, suffix):
    return tmp_path / f"model{suffix}"


LAYERS = [
    nn.Linear(2, 3),
    nn.Linear(2, 3, bias=False, dtype=np.float32),
    nn.Conv2d(2, 3, (3, 2), stride=2, padding=(1, 0)),
    nn.Conv2d(1, 1, 2, bias=False, dtype=np.float16),
    nn.Embedding(4, 3),
    nn.Embedding(4, 3, padding_idx=-1),
    nn.RNNCell(2, 3, nonlinearity="relu"),
    nn.GRUCell(2, 3, bias=False),
    nn.BatchNorm1d(3, eps=1e-3, momentum=None),
    nn.BatchNorm1d(3, affine=False, dtype=np.float32),
    nn.LayerNorm((2, 3)),
    nn.LayerNorm(3, bias=False),
    nn.LayerNorm(3, elementwise_affine=False),
    nn.MaskPoolDropout(0.25, 4, units=3),
    nn.MaskPoolDropout(0.25, 4),
    nn.Dropout(0.25),
    nn.MaxPool2d(3, 2, 1),
    nn.AvgPool2d(2),
    nn.Flatten(0, 1),
    nn.LeakyReLU(0.2),
    nn.ELU(2.0),
    nn.GELU("tanh"),
    nn.Softplus(2.0),
    nn.Softplus(2.0, threshold=20.0),
    nn.Hardtanh(-2.0, 3),
    nn.Softmax(0),
    nn.LogSoftmax(-2),
    *(cls() for cls in (nn.Identity, nn.Sigmoid, nn.Tanh, nn.ReLU, nn.SELU, nn.SiLU, nn.Softsign, nn.LogSigmoid)),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: f"{type(layer).__name__}({layer.extra_repr()})")
def test_every_layer_comes_back(layer, path):
    save_model(path, layer)
    twin = load_model(path)
    assert type(twin) is type(layer)
    assert repr(twin) == repr(layer)
    assert bits(twin) == bits(layer)
    assert architecture.describe(twin) == architecture.describe(layer)


def test_the_list_of_layers_is_complete():
    losses = {cls for name, cls in vars(nn).items() if name.endswith("Loss")}
    public = {cls for cls in vars(nn).values() if isinstance(cls, type) and issubclass(cls, nn.Module)}
    assert public - losses - {nn.Module} == set(architecture.BY_NAME.values())
    assert {type(layer) for layer in LAYERS} == set(architecture.LAYERS)


@pytest.mark.parametrize("i", range(len(models())))
def test_nested_models_come_back(i, path):
    model = models()[i]
    save_model(path, model)
    twin = load_model(path)
    assert repr(twin) == repr(model)
    assert bits(twin) == bits(model)
    assert [p.name for p in twin.parameters()] == [p.name for p in model.parameters()]


def test_outputs_are_the_same_and_training_goes_on(path):
    model, x = nn.MLP([2, 3, 1]), np.array([[0.5, -1.0]])
    save_model(path, model)
    twin = load_model(path)
    assert twin(x).data == model(x).data
    twin(x).backward([[1.0]])
    optim.SGD(twin.parameters(), 0.1).step()
    assert twin(x).data != model(x).data


def test_flags_come_back(path):
    model = nn.Sequential(nn.Linear(1, 1).freeze(), nn.Dropout().eval())
    save_model(path, model)
    twin = load_model(path)
    assert [m.frozen for m in twin.modules()] == [False, True, False]
    assert [m.training for m in twin.modules()] == [True, True, False]


def test_a_shared_module_stays_shared(path):
    layer = nn.Linear(2, 2)
    save_model(path, nn.Sequential(layer, nn.Sequential(nn.Tanh(), layer)))
    twin = load_model(path)
    assert twin[0] is twin[1][1]
    assert len(twin.parameters()) == 2


@pytest.mark.parametrize("numbers", [[[np.nan, np.inf]], [[-0.0, 5e-324]]])
def test_strange_numbers_come_back(numbers, path):
    layer = nn.Linear(2, 1)
    layer.weight.data = np.array(numbers)
    save_model(path, layer)
    assert bits(load_model(path)) == bits(layer)


def test_the_same_model_makes_the_same_file(path):
    save_model(path, models()[0])
    first = path.read_bytes()
    save_model(path, models()[0])
    second = path.read_bytes()
    if path.suffix == ".safetensors":  # the library writes the metadata's entries in any order
        length = 8 + int.from_bytes(first[:8], "little")
        assert json.loads(second[8:length]) == json.loads(first[8:length])
        first, second = first[length:], second[length:]
    assert second == first


# -- what cannot be saved ----------------------------------------------------------------------------


class Own(nn.Module):
    pass


class MyLinear(nn.Linear):
    pass


class Tanh(nn.Module):
    """The name of a layer, but not the layer."""


@pytest.mark.parametrize("cls", [Own, lambda: MyLinear(1, 1), Tanh])
def test_a_class_that_is_not_ours_is_named_when_saving(cls, path):
    module = cls()
    with pytest.raises(TypeError, match=rf"'1' is of class .*\.{type(module).__name__}: a model file can hold Linear"):
        save_model(path, nn.Sequential(nn.Tanh(), module))
    assert not os.listdir(path.parent)


def replaced_weight():
    layer = nn.Linear(2, 1)
    layer.weight = Value(np.zeros((1, 3)))
    return layer


def mixed_types():
    layer = nn.Linear(2, 1)
    layer.bias = Value(np.zeros(1, np.float32))
    return layer


def tied_weight():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    return model


def extra_weight():
    layer = nn.Linear(2, 1)
    layer.gain = Value(1.0)
    return layer


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (replaced_weight, r"weight: Linear needs shape \(1, 2\), the file has \(1, 3\)"),
        (mixed_types, "one float type"),
        (tied_weight, r"1\.weight: .* lacks it"),
        (extra_weight, "belong to no layer: 'gain'"),
    ],
)
def test_a_model_that_would_not_come_back_is_not_saved(make, match, path):
    with pytest.raises(ValueError, match=match):
        save_model(path, make())
    assert not path.exists()


def test_a_model_inside_itself_or_nested_without_end_is_not_saved(path):
    model = nn.Sequential(nn.Tanh())
    model.__dict__["0"] = model
    with pytest.raises(ValueError, match="contains itself"):
        save_model(path, model)
    deep = nn.Tanh()
    for _ in range(60):
        deep = nn.Sequential(deep)
    with pytest.raises(ValueError, match="nested more than 100 deep"):
        save_model(path, deep)


@pytest.mark.parametrize("name", ["model", "model.pkl", "model.npz.gz"])
def test_other_suffixes_are_refused(name, tmp_path):
    for action in (lambda p: save_model(p, nn.Tanh()), load_model, load_arrays):
        with pytest.raises(ModelFileError, match=r"the suffix must be \.safetensors or \.npz"):
            action(tmp_path / name)


def test_without_the_package_npz_works_and_safetensors_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "safetensors.numpy", None)
    save_model(tmp_path / "model.npz", nn.Linear(1, 1))
    with pytest.raises(ModuleNotFoundError, match=r"autograd-mini\[safetensors\]"):
        save_model(tmp_path / "model.safetensors", nn.Linear(1, 1))
    assert os.listdir(tmp_path) == ["model.npz"]


# -- arrays ------------------------------------------------------------------------------------------

W = np.arange(6.0).reshape(2, 3)
ARRAYS = {
    "transposed": W.T,
    "fortran": np.asfortranarray(W),
    "slice": np.arange(20.0)[::3],
    "column": W[:, 1:2],
    "backwards": W[::-1],
    "broadcast": np.broadcast_to(np.float32(2), (3, 2)),
    "big-endian": W.astype(">f8"),
    "empty": np.zeros((0, 3)),
    "number": np.array(2.5),
    "int": 3,
    "bool": np.array([True, False]),
    "half": np.float16([1, 2]),
    "größe/../../etc": np.uint8([1]),
}


def test_arrays_of_every_layout_come_back(path):
    save_arrays(path, ARRAYS)
    loaded = load_arrays(path)
    assert list(loaded) == list(ARRAYS) or set(loaded) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == np.asarray(array).dtype.newbyteorder("=")
        assert loaded[name].shape == np.shape(array)
        assert loaded[name].flags.writeable


def test_an_optimizers_state_with_its_text_comes_back(path):
    w = Value([1.0, 2.0])
    optimizer = optim.Momentum([w], 0.1)
    (w * w).sum().backward()
    optimizer.step()
    save_arrays(path, optimizer.state_dict())
    twin = optim.Momentum([Value([0.0, 0.0])], 0.5)
    twin.load_state_dict(load_arrays(path))
    assert str(twin.state_dict()) == str(optimizer.state_dict())


def test_metadata_come_back_without_ours(path):
    save_model(path, nn.Tanh(), metadata={"Daten": "Ziffern ∂"})
    assert load_metadata(path) == {"Daten": "Ziffern ∂"}
    save_arrays(path, {"kind": "SGD"}, metadata={"epoch": "3"})
    assert load_metadata(path) == {"epoch": "3"}
    assert load_arrays(path) == {"kind": "SGD"}


@pytest.mark.parametrize(
    ("arrays", "metadata", "error"),
    [
        ({"a": np.array([1j])}, None, TypeError),
        ({"a": np.array([None])}, None, TypeError),
        ({"a": np.array(["x"])}, None, TypeError),
        ({"a": np.zeros(1, np.longdouble)}, None, TypeError),
        ({"a": None}, None, TypeError),
        ({"a\0b": 1.0}, None, ValueError),
        ({"": 1.0}, None, ValueError),
        ({1: 1.0}, None, ValueError),
        ({"__metadata__": 1.0}, None, ValueError),
        ({"\ud800": 1.0}, None, ValueError),
        ({}, {"a": 1}, ValueError),
        ({}, {"a": "\ud800"}, ValueError),
        ({}, {"autograd_mini.sha256": "0"}, ValueError),
        ({}, {"a": "x" * strict_json.LONGEST}, ValueError),
    ],
)
def test_what_a_file_cannot_hold_is_refused_when_saving(arrays, metadata, error, path):
    with pytest.raises(error):
        save_arrays(path, arrays, metadata=metadata)
    assert not os.listdir(path.parent)


def test_files_of_numpy_and_safetensors_are_read_and_theirs_read_ours(tmp_path):
    np.savez(tmp_path / "theirs.npz", **{"a": W, "b": W.T, "c": np.int8([1])})
    loaded = load_arrays(tmp_path / "theirs.npz")
    np.testing.assert_array_equal(loaded["a"], W)
    np.testing.assert_array_equal(loaded["b"], W.T)
    save_arrays(tmp_path / "ours.npz", {"a": W.T})
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["a"], W.T)
    safetensors = pytest.importorskip("safetensors.numpy")
    safetensors.save_file({"a": W}, tmp_path / "theirs.safetensors")
    np.testing.assert_array_equal(load_arrays(tmp_path / "theirs.safetensors")["a"], W)
    save_arrays(tmp_path / "ours.safetensors", {"a": W.T})
    np.testing.assert_array_equal(safetensors.load_file(tmp_path / "ours.safetensors")["a"], W.T)
    for name in ("theirs.npz", "theirs.safetensors"):
        with pytest.raises(ModelFileError, match="no architecture"):
            load_model(tmp_path / name)


# -- forged files ----------------------------------------------------------------------------------


def forge(path, model, arrays):
    text = json.dumps({"version": 1, "model": model}) if not isinstance(model, str) else model
    files._write(path, {name: np.asarray(a) for name, a in arrays.items()}, {files.ARCHITECTURE: text})


def linear(**arguments):
    return {"class": "Linear", "arguments": {"in_features": 2, "out_features": 1, "bias": False, **arguments}}


@pytest.mark.parametrize(
    ("model", "match"),
    [
        ("[", "architecture: "),
        ("{}", "a version and a model"),
        ('{"version": 2, "model": {}}', "version 2, this reads 1"),
        ('{"version": true, "model": {}}', "version True"),
        ({"class": "os.system"}, "unknown class 'os.system'"),
        ({"class": "Module"}, "unknown class"),
        ({"class": ["Linear"]}, "unknown class"),
        ([], "expected an object"),
        (linear(in_features=10**6, out_features=10**6), "needs shape"),
        (linear(in_features=-2, out_features=-1), "needs shape"),
        (linear(in_features=2.0), "expected int"),
        (linear(out_features=True), "expected int"),
        (linear(in_features=2**31), "moderate"),
        (linear(init="uniform"), "takes the arguments"),
        (linear(bias=True), "bias: Linear needs shape .* lacks it"),
        ({**linear(), "weight": 1}, "unknown keys"),
        ({**linear(), "training": 0}, "neither true nor false"),
        ({"class": "Tanh"}, "belong to no layer: 'weight'"),
        ({"class": "Sequential"}, "list of children"),
        ({"class": "Sequential", "children": [{"same": "1"}, linear()]}, "not built before"),
        ({"class": "Sequential", "children": [{"same": ""}]}, "not built before"),
        ({"class": "Sequential", "children": [{"class": "Tanh"}] * 3000}, "more than 2000 modules"),
        ({"class": "GELU", "arguments": {"approximate": "sigmoid"}}, "approximate must be"),
        ({"class": "Dropout", "arguments": {"p": 7}}, "p must be"),
        ({"class": "LayerNorm", "arguments": {"normalized_shape": [1], "eps": [1]}}, "takes the arguments"),
    ],
)
def test_a_forged_architecture_is_refused(model, match, path):
    forge(path, model, {"weight": np.zeros((1, 2))})
    with pytest.raises(ModelFileError, match=match):
        load_model(path)


@pytest.mark.parametrize("weight", [np.zeros((1, 2), int), np.zeros((1, 2), bool), np.zeros((2, 1)), np.zeros(2)])
def test_a_forged_array_is_refused(weight, path):
    forge(path, linear(), {"weight": weight})
    with pytest.raises(ModelFileError, match=r"weight: Linear needs shape|one float type"):
        load_model(path)
