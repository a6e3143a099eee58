import random
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

import autograd_mini as ag
from autograd_mini.explain.pictures.draw import draw
from autograd_mini.explain.pictures.labels import width
from autograd_mini.explain.pictures.layout import place
from autograd_mini.explain.pictures.picture import Picture
from autograd_mini.explain.pictures.ranks import crossed

SVG = "{http://www.w3.org/2000/svg}"


def random_graph(seed, boxes=40, edges=80):
    """Anything: cycles, loops, several edges between two boxes, islands."""
    rng = random.Random(seed)
    sizes = [(rng.uniform(5, 120), rng.uniform(5, 60)) for _ in range(boxes)]
    ends = [(rng.randrange(boxes), rng.randrange(boxes)) for _ in range(edges)]
    groups = [tuple(range(1, 1 + rng.randrange(4))) for _ in range(boxes)]
    return sizes, ends, groups


def dag(seed, boxes=60, edges=100):
    rng = random.Random(seed)
    ends = [tuple(sorted(rng.sample(range(boxes), 2))) for _ in range(edges)]
    return [(40.0, 20.0)] * boxes, ends


def overlap(a, b):
    (x, y, w, h), (u, v, p, q) = a, b
    return abs(x - u) < (w + p) / 2 - 1e-6 and abs(y - v) < (h + q) / 2 - 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_no_two_boxes_overlap_and_all_lie_inside(seed):
    sizes, ends, groups = random_graph(seed)
    placed = place(sizes, ends, groups)
    boxes = [(*centre, *size) for centre, size in zip(placed.centres, sizes, strict=True)]
    for i, a in enumerate(boxes):
        assert not any(overlap(a, b) for b in boxes[:i])
        x, y, w, h = a
        assert x - w / 2 >= -1e-6
        assert x + w / 2 <= placed.size[0] + 1e-6
        assert y - h / 2 >= -1e-6
        assert y + h / 2 <= placed.size[1] + 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_every_edge_goes_from_border_to_border(seed):
    sizes, ends, groups = random_graph(seed)
    placed = place(sizes, ends, groups)
    assert len(placed.routes) == len(ends)
    for (s, t), route in zip(ends, placed.routes, strict=True):
        for end, i in ((route[0], s), (route[-1], t)):
            assert abs(end[0] - placed.centres[i][0]) == pytest.approx(sizes[i][0] / 2)


@pytest.mark.parametrize("seed", range(20))
def test_without_cycles_every_edge_goes_forward(seed):
    sizes, ends = dag(seed)
    placed = place(sizes, ends)
    for (s, t), route in zip(ends, placed.routes, strict=True):
        assert placed.ranks[s] < placed.ranks[t]
        assert all(a[0] <= b[0] for a, b in pairwise(route))


@pytest.mark.parametrize("seed", range(20))
def test_a_box_stands_right_before_the_first_that_needs_it(seed):
    sizes, ends = dag(seed)
    ranks = place(sizes, ends).ranks
    for box in {s for s, _ in ends}:
        assert min(ranks[t] for s, t in ends if s == box) == ranks[box] + 1


@pytest.mark.parametrize("seed", range(20))
def test_routes_pass_beside_the_boxes_between(seed):
    sizes, ends = dag(seed)
    placed = place(sizes, ends)
    boxes = [(*centre, *size) for centre, size in zip(placed.centres, sizes, strict=True)]
    for route in placed.routes:
        for x, y in route[1:-1]:
            assert not any(overlap((x, y, 0.0, 0.0), box) for box in boxes)


def test_boxes_of_a_group_stand_together_in_every_rank():
    sizes, ends = dag(3)
    groups = [(1,) if i % 3 else (2, 3) if i % 2 else () for i in range(60)]
    placed = place(sizes, ends, groups)
    for rank in set(placed.ranks):
        column = sorted((placed.centres[i][1], groups[i]) for i in range(60) if placed.ranks[i] == rank)
        for group in (1, 2, 3):
            places = [i for i, (_, inside) in enumerate(column) if group in inside]
            assert places == list(range(places[0], places[-1] + 1)) if places else True


def test_operands_keep_their_order():
    placed = place([(10.0, 10.0)] * 4, [(2, 3), (0, 3), (1, 3)])
    heights = [placed.centres[i][1] for i in (2, 0, 1)]
    assert heights == sorted(heights)


def test_several_edges_between_two_boxes_lie_side_by_side():
    placed = place([(10.0, 30.0)] * 2, [(0, 1), (0, 1), (0, 1)])
    heights = [[y for _, y in route] for route in placed.routes]
    assert [a[0] - b[0] for a, b in pairwise(heights)] == [-8.0, -8.0]


def test_a_chain_is_a_straight_line():
    placed = place([(10.0, 10.0 + i) for i in range(50)], [(i, i + 1) for i in range(49)])
    assert {round(y, 6) for _, y in placed.centres} == {round(placed.centres[0][1], 6)}
    assert all(len(route) == 2 for route in placed.routes)


def test_the_lecture_s_unit_needs_no_crossing():
    """(w0·x0 + w1·x1) + w2·x2: three products, none of whose edges crosses another."""
    ends = [(0, 6), (1, 6), (2, 7), (3, 7), (4, 8), (5, 8), (6, 9), (7, 9), (9, 10), (8, 10)]
    placed = place([(30.0, 10.0)] * 11, ends)
    crossings = 0
    for i, (a, b) in enumerate(ends):
        for c, d in ends[:i]:
            if placed.ranks[a] == placed.ranks[c] and placed.ranks[b] == placed.ranks[d]:
                y = [placed.centres[k][1] for k in (a, b, c, d)]
                crossings += (y[0] - y[2]) * (y[1] - y[3]) < 0
    assert crossings == 0


@pytest.mark.parametrize("n", [0, 1])
def test_nearly_nothing(n):
    placed = place([(10.0, 5.0)] * n, [])
    assert placed.centres == [(5.0, 2.5)] * n
    assert crossed(n, []) == 0


def test_shared_edges_share_their_points():
    """A weight used at every step of a long chain would need a point for each pair of steps and ranks."""
    n = 400
    ends = [(i, i + 1) for i in range(n)] + [(n + 1, i) for i in range(1, n)]
    placed = place([(10.0, 10.0)] * (n + 2), ends)
    assert crossed(n + 2, ends) > 70_000
    assert sum(map(len, placed.routes)) < 20 * n


def test_a_chain_of_ten_thousand_needs_no_recursion():
    n = 10_000
    placed = place([(10.0, 10.0)] * n, [(i, (i + 1) % n) for i in range(n)])  # and closes in a ring
    assert len({x for x, _ in placed.centres}) == n


# -- what is painted -------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_an_arrow_points_at_its_box(direction):
    picture = Picture(graph_attr={"rankdir": direction}, node_attr={"shape": "box"})
    picture.edge("a", "b")
    root = ET.fromstring(picture.svg("built-in"))
    groups = [g for g in root.iter(f"{SVG}g") if g.get("class") in ("node", "edge")]
    rects = {g.findtext(f"{SVG}text"): g.find(f"{SVG}rect") for g in groups if g.get("class") == "node"}
    [arrow] = [g.find(f"{SVG}polygon") for g in groups if g.get("class") == "edge"]
    tip = [float(number) for number in arrow.get("points").split(" ")[0].split(",")]
    axis = "xy" if direction == "LR" else "yx"
    assert tip[0 if direction == "LR" else 1] == pytest.approx(float(rects["b"].get(axis[0])), abs=0.2)
    assert float(rects["a"].get(axis[0])) < float(rects["b"].get(axis[0]))


def test_a_frame_holds_its_boxes_and_no_others():
    picture = Picture(node_attr={"shape": "box"})
    with picture.subgraph(name="cluster_a", graph_attr={"label": "a"}) as inner:
        inner.edges([("1", "3"), ("2", "3")])
    picture.edges([("0", "3"), ("3", "4")])
    root = ET.fromstring(picture.svg("built-in"))
    [frame] = [g.find(f"{SVG}polygon") for g in root.iter(f"{SVG}g") if g.get("class") == "cluster"]
    corners = [tuple(map(float, pair.split(","))) for pair in frame.get("points").split()]
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "node":
            rect = {
                key: float(value) for key, value in group.find(f"{SVG}rect").attrib.items() if key in "xywidtheight"
            }
            middle = rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2
            assert inside(middle, corners) == (group.findtext(f"{SVG}text") in "123")


def inside(point, corners):
    """Whether a ray from the point crosses the outline an odd number of times."""
    x, y = point
    count = 0
    for (a, b), (c, d) in pairwise([*corners, corners[0]]):
        if (b > y) != (d > y) and x < a + (y - b) / (d - b) * (c - a):
            count += 1
    return count % 2 == 1


def test_texts_fit_their_boxes():
    """By the estimated width, which is on the wide side of common fonts."""
    E = ag.Value(1.0, name="a name that is rather long") * ag.Value(3.0, name="mmm")
    for group in ET.fromstring(draw(E).svg("built-in")).iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        if group.get("class") == "node" and rect is not None:
            for text in group.iter(f"{SVG}text"):
                end = float(text.get("x")) + width(text.text, bool(text.get("font-weight"))) * float(
                    text.get("font-size")
                )
                assert end <= float(rect.get("x")) + float(rect.get("width"))


def test_the_width_of_a_text():
    assert width("") == 0
    assert width("e\u0301") == width("e")
    assert width("漢字") > 1.5 * width("ab")
    assert width("x", bold=True) > width("x")
