"""Mutants that change nothing anyone can observe, each with the reason: read by `mutate_rules`."""

TIE = "where both are equal, either side gives the same number"
ZERO_OVER = "only 0 is divided by it, at a tip where no second derivative exists either"
REDUNDANT = "a factor of ones or an identity more changes no sum; it only costs time"
NEGATIVE = "NumPy works out the size of an axis for any negative number, not for -1 alone"
SLOWER = "the long way gives the same numbers; the condition only saves time"
SYMMETRIC = "the operands may be exchanged"
COMPARED = "to compare a Value is to compare its numbers"
COPIED = "one copy more of the same numbers"
ONE_SHAPE = "prediction and target have one shape"
FOUR_AXES = "the second to last of four axes is the one after the second"
NUMPY_ASKED = "a form on floats that raises TypeError is replaced by NumPy's: the same number, later"
WINDOW = "how many places a window has changes only the time"
OF_ONE = "to sum over an axis of size 1 changes nothing"

EQUIVALENT: dict[str, str] = {
    # -- rows and their helpers
    "elementwise.py sigmoid_of_number: x >= 0 -> x > 0": "at 0 e^-|x| is 1 as well",
    "elementwise.py stable_sigmoid: np.maximum(e, np.sign(x)) -> np.maximum(np.sign(x), e)": SYMMETRIC,
    "elementwise.py power_slope: y -> x": "0**0 is ruled out by a base that is never 0 as well as by such an exponent",
    "elementwise.py power_slope: 1 -> 2 #2": "at x = y = 0 it is multiplied by y, and ∂²/∂x∂y is infinite there",
    "elementwise.py over_squared_radius: np.hypot(x, y) -> np.hypot(y, x)": SYMMETRIC,
    "elementwise.py over_squared_radius: 1 -> 2": ZERO_OVER,
    "elementwise.py hypot: 1 -> 2": ZERO_OVER,
    "elementwise.py hypot: 1 -> 2 #2": ZERO_OVER,
    "elementwise.py arctan2: over_squared_radius(y, x, y) -> over_squared_radius(y, y, x)": SYMMETRIC,
    "elementwise.py arctan2: over_squared_radius(-x, x, y) -> over_squared_radius(-x, y, x)": SYMMETRIC,
    "reductions.py norm: 1 -> 2": ZERO_OVER,
    "reductions.py product_of_others: 1 -> 2": NEGATIVE,
    "reductions.py finite_top: 0.0 -> 1": "there is nothing it could be subtracted from",
    "reductions.py finite_top: 0 -> 1": "beside an infinite maximum any finite shift disappears",
    "products.py transpose: 2 -> 1": SLOWER,
    "products.py transpose: np.swapaxes(x, -1, -2) -> np.swapaxes(x, -2, -1)": SYMMETRIC,
    "products.py matmul_right: y.ndim == 2 and x.ndim > 2 and y.size -> y.ndim == 2 and y.size": SLOWER,
    "products.py matmul_right: y -> x #3": SLOWER,
    "products.py matmul_right: y -> x #5": "only the order of the numbers in memory is another",
    "products.py matmul_right: 2 -> 1": SLOWER,
    "products.py matmul_right: x.ndim > 2 -> x.ndim >= 2": SLOWER,
    "products.py matmul_right: x -> y #5": SLOWER,
    "products.py matmul_right: 2 -> 1 #2": SLOWER,
    "products.py matmul_right: 1 -> 2 #4": NEGATIVE,
    "products.py matmul_right: 1 -> 2 #6": NEGATIVE,
    "products.py matmul_right: g -> z #5": "a gradient has its node's shape",
    "products.py einsum_pull: output + ''.join((term for term, _ in others)) -> output": REDUNDANT,
    "products.py einsum_pull: output + ''.join((term for term, _ in others)) -> "
    "''.join((term for term, _ in others))": REDUNDANT,
    "products.py einsum_pull: sorted(set(LETTERS) - set(subscripts)) -> set(LETTERS) - set(subscripts)": (
        "which spare letter is taken changes no sum"
    ),
    "products.py einsum_pull: letter in target -> not letter in target": REDUNDANT,
    "products.py einsum_pull: letter in target -> letter not in target": REDUNDANT,
    "products.py cofactors: 1 -> 2 #2": "a square matrix has as many rows as columns",
    "products.py cofactors: …thers[:, None, :]]) * signs.astype(x.dtyp… -> "
    "…thers[:, None, :]]) / signs.astype(x.dtyp…": "1/1 and 1/-1 are 1 and -1",
    "shaping.py picks_each_once: any(map(walks_along, parts)) -> all(map(walks_along, parts))": SLOWER,
    "shaping.py picks_each_once: True -> False": SLOWER,
    "shaping.py picks_each_once: …llipsisType | None) or (part if hasattr(pa… -> "
    "…llipsisType | None) and (part if hasattr(pa…": SLOWER,
    "shaping.py picks_each_once: isinstance(part, int | np.integer | slice | EllipsisType | None) or "
    "(part if hasattr(par… -> (part if hasattr(par…": SLOWER,
    "shaping.py picks_each_once: …EllipsisType | None) or (part if hasattr(par…e') else np.asarray(part)).dtype.kind "
    "== 'b' -> …EllipsisType | None)": SLOWER,
    "shaping.py walks_along: bool(part[0] >= 0 and (part[1:] > part[:-1]).all()) -> "
    "part[0] >= 0 and (part[1:] > part[:-1]).all()": "NumPy's truth is as true as Python's",
    "shaping.py walks_along: part[0] >= 0 -> part[0] > 0": SLOWER,
    "shaping.py walks_along: 0 -> 1 #2": SLOWER,
    "shaping.py transpose: 1 -> 2": SLOWER,
    "shaping.py transpose: 0 -> 1": SLOWER,
    "shaping.py astype: x.astype(dtype, copy=False) -> x.astype(dtype)": COPIED,
    "shaping.py astype: False -> True": COPIED,
    "products.py cofactors: n - 1 -> 1 - n": NEGATIVE,
    # -- recording
    "value.py apply: own_data(z, copy=False) -> own_data(z)": COPIED,
    "value.py apply: False -> True": COPIED,
    "value.py apply: d.dtype.kind != 'f' -> d.dtype.kind == 'f'": SLOWER,
    "value.py apply: x is not d and type(x) is not Value -> x is not d or type(x) is not Value": SLOWER,
    "value.py apply: x is not d and type(x) is not Value -> type(x) is not Value": SLOWER,
    "value.py apply: type(x) is not Value -> type(x) is Value": SLOWER,
    "value.py apply: x is not d and type(x) is not Value -> x is not d": SLOWER,
    "value.py apply1: op.float_rules[0] -> op.float_rules": NUMPY_ASKED,
    "value.py _apply_to_numbers: op.float_forward is not None and (not params) -> not params": NUMPY_ASKED,
    "value.py _apply_to_numbers: op.float_forward is not None and (not params) -> op.float_forward is not None": (
        NUMPY_ASKED
    ),
    "value.py _apply_to_numbers: op.float_forward is not None and (not params) -> "
    "op.float_forward is not None or not params": NUMPY_ASKED,
    "value.py _apply_to_numbers: float(z) -> z": "all forms on floats answer with a float",
    # -- on floats
    "floats.py _maximum: x >= y -> x > y": TIE,
    "floats.py _minimum: x <= y -> x < y": TIE,
    "floats.py _logaddexp: x -> y #2": TIE,
    "floats.py _logaddexp: max(x, y) -> max(y, x)": SYMMETRIC,
    "floats.py _logaddexp: x - y -> y - x": "its absolute value is taken",
    "floats.py teach: row.float_partials = _together(row.float_rules) -> pass": NUMPY_ASKED,
    "floats.py teach: _together(row.float_rules) -> row.float_rules": NUMPY_ASKED,
    "floats.py teach: isinstance(item, FunctionType) and item.__globals__ is module_globals -> "
    "isinstance(item, FunctionType)": "the table's module imports no function by name",
    "floats.py teach: isinstance(item, Primitive) and item.elementwise -> isinstance(item, Primitive)": (
        "the table's module has elementwise rows alone"
    ),
    # -- the backward pass
    "backprop.py reached: stop and x in stop -> x in stop": SLOWER,
    "backprop.py reached: 64 + 2 * len(nodes) -> 64": WINDOW,
    "backprop.py reached: 64 -> 65": WINDOW,
    "backprop.py reached: 2 * len(nodes) -> 2": WINDOW,
    "backprop.py reached: 2 * len(nodes) -> len(nodes)": WINDOW,
    "backprop.py reached: 2 -> 1": WINDOW,
    "backprop.py reached: True -> False": "of this dict, an ordered set, only the keys are read",
    "backprop.py chain_rule: alarm.rang = False -> pass": SLOWER,
    "backprop.py chain_rule: False -> True": SLOWER,
    "backprop.py fit: shape or type(x) is float -> type(x) is float": "[()] of an array is a view of all of it",
    "backprop.py unbroadcast: axes[0] -> axes": SLOWER,
    "backprop.py unbroadcast: len(axes) > 1 -> len(axes) >= 1": SLOWER,
    "backprop.py unbroadcast: axes[-1] >= np.ndim(contribution) - len(shape) -> "
    "axes[-1] > np.ndim(contribution) - len(shape)": "the axis of size 1 that is then missing comes back by repeating",
    "backprop.py broadcast_axes: wide[i + extra] -> wide": OF_ONE,
    "backprop.py backpropagate: gradient_hooks and id(node) in gradient_hooks -> id(node) in gradient_hooks": SLOWER,
    "backprop.py backpropagate: gradient_hooks and id(node) in gradient_hooks -> gradient_hooks": SLOWER,
    "backprop.py backpropagate: gradient_hooks and id(node) in gradient_hooks -> "
    "gradient_hooks or id(node) in gradient_hooks": SLOWER,
    "backprop.py backpropagate: not op.elementwise and (not recorded) -> not op.elementwise or not recorded": SLOWER,
    "backprop.py backpropagate: not op.elementwise and (not recorded) -> not recorded": SLOWER,
    "backprop.py backpropagate: not op.elementwise and (not recorded) -> not op.elementwise": SLOWER,
    "backprop.py backpropagate: op.selects and (not recorded) and (not alarm.careful) -> "
    "not recorded and (not alarm.careful)": SLOWER,
    "backprop.py backpropagate: op.selects and (not recorded) and (not alarm.careful) -> "
    "op.selects and (not alarm.careful)": SLOWER,
    "backprop.py backward: gradient_hooks and id(leaf) in gradient_hooks -> id(leaf) in gradient_hooks": SLOWER,
    "backprop.py _Pass._listening: bool(watchers) -> watchers": "a tuple is true as its bool is",
    "backprop.py _Pass.told: True -> False": "every gradient is put back afterwards, and a Step has its own",
    # -- layers
    "nn/windows.py copies: seen.copy() -> seen": SLOWER,
    "nn/windows.py sum_back: g[0, 0] -> g": SLOWER,
    "nn/conv.py examples_last: np.ascontiguousarray(np.moveaxis(x, PICTURE, (0, 1, 2))) -> "
    "np.moveaxis(x, PICTURE, (0, 1, 2))": SLOWER,
    "nn/conv.py patches: examples_last(x) -> x": SLOWER,
    "nn/windows.py padded: any(padding) -> padding": SLOWER,
    "nn/conv.py patches: 1 -> 2 #5": NEGATIVE,
    "nn/conv.py rows_of: 1 -> 2": NEGATIVE,
    "nn/conv.py columns_of: 1 -> 2 #2": NEGATIVE,
    "nn/conv.py correlate: -2 -> 2": FOUR_AXES,
    "nn/conv.py correlate: -2 -> 2 #3": FOUR_AXES,
    "nn/conv.py correlate_x: g -> z #2": "a gradient has its node's shape",
    "nn/conv.py correlate_x: -2 -> 2 #3": FOUR_AXES,
    "nn/conv.py correlate_weight: -2 -> 2": FOUR_AXES,
    "nn/conv.py conv2d: -2 -> 2": FOUR_AXES,
    "nn/conv.py conv2d: 1 -> 2": NEGATIVE,
    "nn/functional.py leaky_relu_row: x > 0 -> x >= 0": "at 0 both branches are 0",
    "nn/functional.py elu_row: x > 0 -> x >= 0": "at 0 both branches are 0",
    "nn/functional.py elu_row: 0 -> 1 #2": "it stands in the branch not taken, where it only must not overflow",
    "nn/functional.py softplus: constant(x) -> x": COMPARED,
    "nn/functional.py dropout: 0.0 -> 1": "with p = 1 nothing is kept that it could scale",
    "nn/functional.py dropout: drawn(generator(rng).random, x.shape) >= p -> "
    "drawn(generator(rng).random, x.shape) > p": "one draw in 2**53 is equal",
    "nn/functional.py linear: _weighted_sums(x, weight, bias) -> _weighted_sums(x, bias, weight)": SLOWER,
    "nn/functional.py _weighted_sums: 2 -> 1 #2": SLOWER,
    "nn/functional.py _weighted_sums: h.shape[1] -> h.shape": SLOWER,
    "nn/functional.py _weighted_sums: w.shape[1] -> w.shape": SLOWER,
    "nn/functional.py _weighted_sums: w.shape[:1] -> w.shape": SLOWER,
    "nn/functional.py _weighted_sums: :1 -> :": SLOWER,
    "nn/functional.py _weighted_sums: 1 -> 2 #3": SLOWER,
    "nn/functional.py _weighted_sums: open_blocks and no_grad_blocks.get() and (not recording_hooks) -> "
    "no_grad_blocks.get() and (not recording_hooks)": SLOWER,
    "nn/functional.py linear: type(weight) is Value is type(bias) -> type(weight) is not Value is type(bias)": SLOWER,
    # -- losses
    "nn/loss_functions.py huber_loss: prediction - target -> target - prediction": SYMMETRIC,
    "nn/loss_functions.py smooth_l1_loss: prediction - target -> target - prediction": SYMMETRIC,
    "nn/loss_functions.py log_or_minus_100: np.maximum(np.log(x), -100) -> np.maximum(-100, np.log(x))": SYMMETRIC,
    "nn/loss_functions.py log1p_or_minus_100: np.maximum(np.log1p(x), -100) -> "
    "np.maximum(-100, np.log1p(x))": SYMMETRIC,
    "nn/loss_functions.py l1_loss: prediction - target -> target - prediction": SYMMETRIC,
    "nn/loss_functions.py mse_loss: prediction - target -> target - prediction": SYMMETRIC,
    "nn/loss_functions.py kl_div: constant(y) -> y": COMPARED,
    "nn/loss_functions.py kl_div: x -> y #3": ONE_SHAPE,
    "nn/class_losses.py cross_entropy: target.astype(log_p.dtype, copy=False) -> target.astype(log_p.dtype)": COPIED,
    "nn/class_losses.py cross_entropy: False -> True": COPIED,
    "nn/class_losses.py _weighted: 1 -> 2": NEGATIVE,
    "nn/loss_checks.py reduced: 0 -> 1": "the sum and the mean of a single number are that number",
    # -- forward mode
    "transforms.py push_forward: set(known) -> known": "a dict has its keys as members, as the set of them has",
    "transforms.py _like: t is tangent and np.ndim(t) -> np.ndim(t)": "a second copy of the same numbers",
    "transforms.py _tangent: not op.elementwise and (not recorded) -> not op.elementwise or not recorded": SLOWER,
    "transforms.py _tangent: not op.elementwise and (not recorded) -> not recorded": SLOWER,
    "transforms.py _tangent: not op.elementwise and (not recorded) -> not op.elementwise": SLOWER,
    "transforms.py _tangent: _times(t, node.partials[position]) -> _times(node.partials[position], t)": SYMMETRIC,
    "transforms.py _tangent: _times(t, rule.derivative(z, *numbers, *node.params)) -> "
    "_times(rule.derivative(z, *numbers, *node.params), t)": SYMMETRIC,
    "transforms.py _tangent: _times(t, local) -> _times(local, t)": SYMMETRIC,
}
