"""The elementwise operations: a calculus table, one row each.

`z` is the output, `x, y` the inputs; each `Local` is ∂z/∂(that input). At points where no derivative
exists the chosen value is stated beside the row.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini import floats
from autograd_mini.rules import POWER, PRODUCT, SUM, Local, Primitive

LN2, LN10 = math.log(2), math.log(10)
TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)


def stable_sigmoid(x: Any) -> Any:
    # e^-|x| never overflows; σ(-40) keeps all its digits, which (1 + tanh(x/2))/2 would lose. Above the line stands
    # 1 for x ≥ 0, else e: the larger of e and the sign, which takes half the time of np.where.
    e = np.exp(-np.absolute(x))
    return np.maximum(e, np.sign(x)) / (1.0 + e)


def sigmoid_of_number(x: float) -> float:
    e = math.exp(-math.fabs(x))  # the same digits in half the time: a number can be asked what it is
    return (1.0 if x >= 0 else e) / (1.0 + e)


def power_slope(x: Any, y: Any) -> Any:
    # The slope of x**0 is 0 at every x, also at x = 0, where 0 * 0**-1 would be nan.
    if np.all(y != 0):
        return y * x ** (y - 1)
    return y * np.where((x == 0) & (y == 0), 1, x) ** (y - 1)


def exponent_slope(z: Any, x: Any, y: Any) -> Any:
    # 0**y is 0 for every y > 0: flat in y, where 0 * log 0 would be nan.
    if np.all(x != 0):
        return z * np.log(x)
    return z * np.log(np.where((x == 0) & (y >= 0), 1, x))


def over_squared_radius(n: Any, x: Any, y: Any) -> Any:
    # Divided twice, for x * x would overflow at 1e155. At the origin the angle has no slope; 0 is chosen.
    radius = np.hypot(x, y)
    radius = np.where(radius == 0, 1, radius)
    return n / radius / radius


def elementwise_erf(x: Any) -> Any:
    # NumPy has no erf; math.erf per element is exact to the last digit and slow.
    z = np.frompyfunc(math.erf, 1, 1)(x)
    return z.astype(x.dtype) if hasattr(z, "astype") else x.dtype.type(z)


# fmt: off
add         = Primitive("add",        np.add,        Local(1), Local(1),                       symbol="+", latex="{0} + {1}", precedence=SUM)
subtract    = Primitive("subtract",   np.subtract,   Local(1), Local(-1),                      symbol="−", latex="{0} - {1}", precedence=SUM)
multiply    = Primitive("multiply",   np.multiply,   Local(lambda z, x, y: y),
                                                     Local(lambda z, x, y: x),                 symbol="×", latex=r"{0} \, {1}", precedence=PRODUCT)
divide      = Primitive("divide",     np.divide,     Local(lambda z, x, y: np.divide(1, y)),
                                                     Local(lambda z, x, y: -z / y),            symbol="÷", latex=r"\frac{{{0}}}{{{1}}}", precedence=POWER, encloses=True)
negative    = Primitive("negative",   np.negative,   Local(-1),                                symbol="−", latex="-{0}", precedence=SUM)
positive    = Primitive("positive",   np.positive,   Local(1),                                 symbol="=", latex="{0}", precedence=SUM)
power       = Primitive("power",      lambda x, y: x ** y,
                                                     Local(lambda z, x, y: power_slope(x, y)),
                                                     Local(lambda z, x, y: exponent_slope(z, x, y)),
                                                                                               symbol="^", latex="{{{0}}}^{{{1}}}", precedence=POWER)
square      = Primitive("square",     np.square,     Local(lambda z, x: 2 * x),                latex="{{{0}}}^2", precedence=POWER)
sqrt        = Primitive("sqrt",       np.sqrt,       Local(lambda z, x: 0.5 / z),              symbol="√", latex=r"\sqrt{{{0}}}")   # √′(0) = ∞, as in calculus
cbrt        = Primitive("cbrt",       np.cbrt,       Local(lambda z, x: 1 / (3 * z * z)),      symbol="∛", latex=r"\sqrt[3]{{{0}}}")  # as √
reciprocal  = Primitive("reciprocal", np.reciprocal, Local(lambda z, x: -z * z),               symbol="1/", latex=r"\frac{{1}}{{{0}}}", precedence=POWER, encloses=True)
hypot       = Primitive("hypot",      np.hypot,      Local(lambda z, x, y: x / np.where(z == 0, 1, z)),
                                                     Local(lambda z, x, y: y / np.where(z == 0, 1, z)))  # at the origin 0, as ‖x‖
floor_divide = Primitive("floor_divide", np.floor_divide, Local(0), Local(0),                  symbol="//", latex=r"\left\lfloor \frac{{{0}}}{{{1}}} \right\rfloor")
remainder   = Primitive("remainder",  np.remainder,  Local(1),
                                                     Local(lambda z, x, y: -np.floor_divide(x, y)),
                                                                                               symbol="%", latex=r"{0} \bmod {1}", precedence=PRODUCT)

absolute    = Primitive("abs",        np.absolute,   Local(lambda z, x: np.sign(x)),           latex=r"\left|{0}\right|")           # |x|′(0) = 0
sign        = Primitive("sign",       np.sign,       Local(0),                                 latex=r"\operatorname{{sign}}({0})")
floor       = Primitive("floor",      np.floor,      Local(0),                                 latex=r"\lfloor {0} \rfloor")
ceil        = Primitive("ceil",       np.ceil,       Local(0),                                 latex=r"\lceil {0} \rceil")
rint        = Primitive("rint",       np.rint,       Local(0),                                 latex=r"\operatorname{{round}}({0})")
trunc       = Primitive("trunc",      np.trunc,      Local(0),                                 latex=r"\operatorname{{trunc}}({0})")

exp         = Primitive("exp",        np.exp,        Local(lambda z, x: z),                    latex="e^{{{0}}}", precedence=POWER, encloses=True)
expm1       = Primitive("expm1",      np.expm1,      Local(lambda z, x: z + 1),                latex="e^{{{0}}} - 1", precedence=SUM, encloses=True)
exp2        = Primitive("exp2",       np.exp2,       Local(lambda z, x: z * LN2),              latex="2^{{{0}}}", precedence=POWER, encloses=True)
log         = Primitive("log",        np.log,        Local(lambda z, x: 1 / x),                latex=r"\ln({0})")
log1p       = Primitive("log1p",      np.log1p,      Local(lambda z, x: 1 / (1 + x)),          latex=r"\ln(1 + {0})")
log2        = Primitive("log2",       np.log2,       Local(lambda z, x: 1 / (x * LN2)),        latex=r"\log_2({0})")
log10       = Primitive("log10",      np.log10,      Local(lambda z, x: 1 / (x * LN10)),       latex=r"\log_{{10}}({0})")
logaddexp   = Primitive("logaddexp",  np.logaddexp,  Local(lambda z, x, y: sigmoid(x - y)),
                                                     Local(lambda z, x, y: sigmoid(y - x)),    latex=r"\ln(e^{{{0}}} + e^{{{1}}})")

sin         = Primitive("sin",        np.sin,        Local(lambda z, x: np.cos(x)),            latex=r"\sin({0})")
cos         = Primitive("cos",        np.cos,        Local(lambda z, x: -np.sin(x)),           latex=r"\cos({0})")
tan         = Primitive("tan",        np.tan,        Local(lambda z, x: 1 + z * z),            latex=r"\tan({0})")
arcsin      = Primitive("arcsin",     np.arcsin,     Local(lambda z, x: 1 / np.sqrt(1 - x * x)),   latex=r"\arcsin({0})")
arccos      = Primitive("arccos",     np.arccos,     Local(lambda z, x: -1 / np.sqrt(1 - x * x)),  latex=r"\arccos({0})")
arctan      = Primitive("arctan",     np.arctan,     Local(lambda z, x: 1 / (1 + x * x)),      latex=r"\arctan({0})")
arctan2     = Primitive("arctan2",    np.arctan2,    Local(lambda z, x, y: over_squared_radius(y, x, y)),
                                                     Local(lambda z, x, y: over_squared_radius(-x, x, y)))
sinh        = Primitive("sinh",       np.sinh,       Local(lambda z, x: np.cosh(x)),           latex=r"\sinh({0})")
cosh        = Primitive("cosh",       np.cosh,       Local(lambda z, x: np.sinh(x)),           latex=r"\cosh({0})")
tanh        = Primitive("tanh",       np.tanh,       Local(lambda z, x: 1 - z * z),            latex=r"\tanh({0})")
arcsinh     = Primitive("arcsinh",    np.arcsinh,    Local(lambda z, x: 1 / np.sqrt(x * x + 1)))
arccosh     = Primitive("arccosh",    np.arccosh,    Local(lambda z, x: 1 / np.sqrt(x * x - 1)))
arctanh     = Primitive("arctanh",    np.arctanh,    Local(lambda z, x: 1 / (1 - x * x)))

sigmoid: Primitive = Primitive("sigmoid",    stable_sigmoid,                    Local(lambda z, x: z * (1 - z)),   symbol="σ", latex=r"\sigma({0})")
softplus    = Primitive("softplus",   lambda x: np.logaddexp(x, 0),      Local(lambda z, x: sigmoid(x)))
erf         = Primitive("erf",        elementwise_erf,                   Local(lambda z, x: TWO_OVER_SQRT_PI * np.exp(-x * x)))
relu        = Primitive("relu",       lambda x: np.maximum(x, 0),        Local(lambda z, x: x > 0))                                           # relu′(0) = 0

# Where the inputs tie, they share the gradient equally.
maximum     = Primitive("maximum",    np.maximum,    Local(lambda z, x, y: (x > y) + 0.5 * (x == y)),
                                                     Local(lambda z, x, y: (y > x) + 0.5 * (x == y)),  symbol="max", latex=r"\max({0}, {1})")
minimum     = Primitive("minimum",    np.minimum,    Local(lambda z, x, y: (x < y) + 0.5 * (x == y)),
                                                     Local(lambda z, x, y: (y < x) + 0.5 * (x == y)),  symbol="min", latex=r"\min({0}, {1})")

# Operations with parameters: `low`, `high` and `condition` are constants.
clip        = Primitive("clip",       lambda x, low, high: np.clip(x, low, high),
                                                     Local(lambda z, x, low, high: z == x), latex=r"\operatorname{{clip}}({0}, {1}, {2})")                                                # 1 at the bounds
where       = Primitive("where",      lambda x, y, condition: np.where(condition, x, y),
                                                     Local(lambda z, x, y, condition: condition),
                                                     Local(lambda z, x, y, condition: np.logical_not(condition)), latex=r"\operatorname{{where}}({2}, {0}, {1})", selects=True)
# fmt: on

ELEMENTWISE = tuple(item for item in list(globals().values()) if isinstance(item, Primitive))

floats.teach(ELEMENTWISE, globals())
# Powers of a float need math.pow: Python's own ** turns (-8.0) ** (1/3) into a complex number.
power.float_forward = math.pow
erf.float_forward = math.erf
sigmoid.float_forward = sigmoid_of_number
