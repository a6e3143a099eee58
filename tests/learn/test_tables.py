"""CSV files, whole and broken; every complaint is one line that says where."""

import numpy as np
import pytest

from autograd_mini.learn.tables import MISSING, TableError, load_csv, load_features

GOOD = "a,b,kind\n1,2.5,x\n2,1e3,y\n3,-.5,x\n4, 7 ,y\n"


def written(tmp_path, text, name="data.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_classes_from_text(tmp_path):
    data = load_csv(written(tmp_path, GOOD), "kind")
    assert data.X.tolist() == [[1, 2.5], [2, 1000], [3, -0.5], [4, 7]]
    assert data.y.tolist() == [0, 1, 0, 1]
    assert (data.feature_names, data.class_names, data.target_name) == (("a", "b"), ("x", "y"), "kind")
    assert data.task == "classification"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\n\n"),
        GOOD.replace("x", '"x"').replace("a,", '"a", ', 1),
        GOOD.rstrip("\n"),
        GOOD + ",,\n",
    ],
)
def test_the_same_table_written_differently(tmp_path, text):
    data, plain = load_csv(written(tmp_path, text), "kind"), load_csv(written(tmp_path, GOOD, "plain.csv"), "kind")
    assert np.array_equal(data.X, plain.X)
    assert np.array_equal(data.y, plain.y)
    assert (data.feature_names, data.class_names) == (plain.feature_names, plain.class_names)


def test_other_delimiters_and_encodings_and_columns_left_out(tmp_path):
    path = written(tmp_path, "größe;id;art\n1;a;é\n2;b;à\n3;c;é\n4;d;à\n".encode("latin-1"))
    data = load_csv(path, "art", ignore=["id"], delimiter=";", encoding="latin-1")
    assert (data.feature_names, data.class_names) == (("größe",), ("à", "é"))


@pytest.mark.parametrize(
    ("target", "task", "expected"),
    [
        ([10, 9, 10, 9, 2, 2], None, ("2", "9", "10")),
        ([0.5, 1.5, 0.5, 1.5, 0.5, 1.5], None, ()),
        ([1, 2, 3, 4, 5, 5], None, ()),
        ([1, 2, 1, 2, 1, 2], "regression", ()),
        ([0.5, 1.5, 0.5, 1.5, 0.5, 1.5], "classification", ("0.5", "1.5")),
        (["1", "yes", "yes", "yes", "no", "no"], None, ("1", "no", "yes")),
        (list(range(20)) * 2, None, tuple(map(str, range(20)))),
        (list(range(21)) * 2, None, ()),
    ],
)
def test_the_target_tells_the_task(tmp_path, target, task, expected):
    path = written(tmp_path, "x,t\n" + "".join(f"{i},{t}\n" for i, t in enumerate(target)))
    data = load_csv(path, "t", task=task)
    assert data.class_names == expected
    if expected:
        assert [data.class_names[k] for k in data.y] == [str(t) for t in target]
    else:
        assert data.y.tolist() == [[float(t)] for t in target]


BROKEN = {
    "no file": (None, "data.csv: No such file or directory"),
    "empty": ("", "the file is empty"),
    "blank": ("\n\n", "the file is empty"),
    "header only": ("a,b,kind\n", "0 row of data"),
    "one row": ("a,b,kind\n1,2,x\n", "1 row of data"),
    "no such column": (
        GOOD.replace("kind", "kinds"),
        "no column 'kind'; did you mean 'kinds'? The columns are: 'a', 'b'",
    ),
    "another case": (GOOD.replace("kind", "KIND"), "no column 'kind'; did you mean 'KIND'?"),
    "not a number": (
        GOOD.replace("1e3", "many"),
        "row 3, column 'b': 'many' is not a number; 1 such cell in the column",
    ),
    "behind a blank row": (GOOD.replace("1,2.5", "\n1,oops"), "row 3, column 'b': 'oops' is not a number"),
    "text": ("a,kind\nu,x\nv,y\nw,x\nu,y\n", "row 2, column 'a': 'u' is not a number; nor is any other cell"),
    "decimal comma": (GOOD.replace("2.5", '"2,5"'), "row 2, column 'b': '2,5' is not a number; write a decimal point"),
    "infinite": (GOOD.replace("1e3", "inf"), "row 3, column 'b': 'inf' is too large a number"),
    "too large": (GOOD.replace("1e3", "1e999"), "row 3, column 'b': '1e999' is too large a number"),
    "missing": (GOOD.replace("1e3", ""), "row 3, column 'b': the cell is missing; 1 in this column"),
    "short row": (GOOD.replace(",1e3,y", ""), "row 3, column 'kind': the cell is missing"),
    "missing target": (GOOD.replace("x\n", "?\n"), "row 2, column 'kind': the cell is missing ('?'); 2 in this column"),
    "long row": (GOOD.replace("1e3,y", "1e3,y,z"), "no table: Expected 3 fields in line 3, saw 4"),
    "duplicates": (GOOD.replace("b", "a"), "two columns are called 'a': 1 and 2"),
    "no name": (GOOD.replace("a,b", ",b"), "column 1 has no name"),
    "one class": (GOOD.replace("y", "x"), "the target 'kind' is 'x' in every row"),
    "all different": ("a,kind\n1,u\n2,v\n3,w\n4,x\n", "4 different entries in 4 rows: too few of each"),
    "target alone": ("kind\nx\ny\n", "no column is left to predict 'kind' from"),
    "semicolons": (GOOD.replace(",", ";"), "one column only, 'a;b;kind'; are cells separated by ';', not ','?"),
    "tabs": (GOOD.replace(",", "\t"), "are cells separated by '\\t'"),
    "latin-1": (GOOD.replace("x", "é").encode("latin-1"), "not a text in utf-8-sig"),
    "utf-16": (GOOD.encode("utf-16"), "not a text in utf-8-sig"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "not a text"),
    "no text": (b"\x01\x02" * 50, "control characters"),
    "open quote": (GOOD.replace("2.5", '"2.5'), "no table: EOF inside string"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_said_in_one_line(case, tmp_path):
    text, message = BROKEN[case]
    path = tmp_path / "data.csv"
    if text is not None:
        written(tmp_path, text)
    with pytest.raises(TableError) as caught:
        load_csv(path, "kind")
    assert message in str(caught.value)
    assert str(caught.value).startswith("data.csv: ")
    assert "\n" not in str(caught.value)


def test_a_slip_in_a_column_of_numbers_is_no_class(tmp_path):
    path = written(tmp_path, "a,t\n" + "".join(f"{i},{i / 7 if i != 5 else 'x1'}\n" for i in range(9)))
    with pytest.raises(TableError, match=r"row 7, column 't': 'x1' is not a number"):
        load_csv(path, "t")


def test_a_folder_an_unknown_encoding_and_an_unknown_task(tmp_path):
    with pytest.raises(TableError, match="directory"):
        load_csv(tmp_path, "t")
    path = written(tmp_path, GOOD)
    with pytest.raises(TableError, match="unknown encoding 'utf-9'"):
        load_csv(path, "kind", encoding="utf-9")
    with pytest.raises(TableError, match="no column 'c'"):
        load_csv(path, "kind", ignore=["c"])
    with pytest.raises(ValueError, match="task must be"):
        load_csv(path, "kind", task="clustering")


@pytest.mark.parametrize("cell", sorted(MISSING))
def test_all_ways_to_write_nothing(cell, tmp_path):
    path = written(tmp_path, GOOD.replace("1e3", cell.upper()))
    with pytest.raises(TableError, match="row 3, column 'b': the cell is missing"):
        load_csv(path, "kind")


def test_features_come_in_the_order_asked_for(tmp_path):
    path = written(tmp_path, GOOD)
    assert load_features(path, ["b", "a"]).tolist() == [[2.5, 1], [1000, 2], [-0.5, 3], [7, 4]]
    with pytest.raises(TableError, match="no column 'bb'; did you mean 'b'"):
        load_features(path, ["a", "bb"])
    with pytest.raises(TableError, match="no rows of data"):
        load_features(written(tmp_path, "a,b\n"), ["a"])
