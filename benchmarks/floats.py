"""Plain Python floats: the scalar tasks with derivatives worked out by hand."""

from __future__ import annotations

from itertools import chain, cycle, islice
from math import exp

from benchmarks.problems import Problem, Run, samples
from benchmarks.scalars import moons_units


def scalar_net(p: Problem) -> Run:
    w = p.weights[0].tolist()
    endless, rate = cycle(samples(p)), p.rate

    def steps(count: int) -> float:
        w11, w12, b1, w21, w22, b2, v1, v2, c = w
        for x1, x2, y in islice(endless, count):
            h1 = 1.0 / (1.0 + exp(-(w11 * x1 + w12 * x2 + b1)))
            h2 = 1.0 / (1.0 + exp(-(w21 * x1 + w22 * x2 + b2)))
            o = 1.0 / (1.0 + exp(-(v1 * h1 + v2 * h2 + c)))
            e = y - o
            loss = 0.5 * e * e
            d = rate * e * o * (1.0 - o)
            d1 = d * v1 * h1 * (1.0 - h1)
            d2 = d * v2 * h2 * (1.0 - h2)
            v1 += d * h1
            v2 += d * h2
            c += d
            w11 += d1 * x1
            w12 += d1 * x2
            b1 += d1
            w21 += d2 * x1
            w22 += d2 * x2
            b2 += d2
        w[:] = w11, w12, b1, w21, w22, b2, v1, v2, c
        return loss

    return Run(steps, lambda: [w])


def scalar_moons(p: Problem) -> Run:
    layer1, layer2, [last] = moons_units(p.weights[0].tolist())
    units = layer1, layer2, [last]
    rows = list(zip(p.x.tolist(), p.y.tolist(), strict=True))
    share = 1.0 / len(rows)

    def epoch() -> float:
        # Each unit's gradient starts as that of the penalty 1e-4 Σw².
        g1, g2, [g3] = ([[2e-4 * w for w in unit] for unit in layer] for layer in units)
        penalty = sum(w * w for layer in units for unit in layer for w in unit)
        total = 0.0
        for (x1, x2), y in rows:
            h1 = [s if (s := w1 * x1 + w2 * x2 + b) > 0.0 else 0.0 for w1, w2, b in layer1]
            h2 = []
            for unit in layer2:
                s = unit[16]
                for w, h in zip(unit, h1):  # noqa: B905, the bias behind
                    s += w * h
                h2.append(s if s > 0.0 else 0.0)
            score = last[16]
            for w, h in zip(last, h2):  # noqa: B905
                score += w * h
            margin = 1.0 - y * score
            if margin <= 0.0:
                continue
            total += margin
            d = -y * share
            back = [0.0] * 16
            for j, h in enumerate(h2):
                if h > 0.0:
                    g3[j] += d * h
                    d2, g = d * last[j], g2[j]
                    for i, (w, a) in enumerate(zip(layer2[j], h1)):  # noqa: B905
                        g[i] += d2 * a
                        back[i] += d2 * w
                    g[16] += d2
            g3[16] += d
            for h, d1, g in zip(h1, back, g1, strict=True):
                if h > 0.0:
                    g[0] += d1 * x1
                    g[1] += d1 * x2
                    g[2] += d1
        rate = p.rate
        for layer, gradients in zip(units, (g1, g2, [g3]), strict=True):
            for unit, gradient in zip(layer, gradients, strict=True):
                unit[:] = [w - rate * g for w, g in zip(unit, gradient, strict=True)]
        return total * share + 1e-4 * penalty

    def steps(count: int) -> float:
        for _ in range(count):
            loss = epoch()
        return loss

    return Run(steps, lambda: [list(chain.from_iterable(chain.from_iterable(units)))])


BUILDERS = {"floats": {"scalar net": scalar_net, "scalar moons": scalar_moons}}
