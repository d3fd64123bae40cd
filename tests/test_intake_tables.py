"""Tables that a person brings: how a CSV is read, missing values, columns that are used, and rows that are pictures."""

import gzip
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from intake_files import csv, grey, made, npy, npz, refused, steps
from sklearn.datasets import load_digits, load_iris

from vae_core import Column
from vae_core.intake import IntakeError, Limits, read_upload
from vae_core.intake.words import unique

ROWS = [[1, 2.5, "x"], [2, 3.5, "y"], [4, 9.0, "x"], [8, 4.5, "y"]]


def table(rows: list[list[Any]] = ROWS, header: list[str] | None = None, **options: Any) -> tuple[str, bytes]:
    return ("table.csv", csv(header or ["a", "b", "kind"], rows, **options))


def test_each_column_is_scaled_from_its_smallest_to_its_largest_value() -> None:
    data = made(table())
    assert data.images.dtype == np.float32
    assert data.columns == (Column("a", 1, 8, 0), Column("b", 2.5, 9, 1))
    values = np.array([row[:2] for row in ROWS])
    low, high = np.array([[c.low, c.high] for c in data.columns]).T
    assert np.allclose(low + data.images * (high - low), values, rtol=1e-6)
    assert data.label_names == ("x", "y")
    assert data.labels.tolist() == [0, 1, 0, 1]


def test_iris_is_read_as_it_is() -> None:
    iris = load_iris()
    rows = [[*row, iris.target_names[label]] for row, label in zip(iris.data, iris.target, strict=True)]
    data = made(("iris.csv", csv([*iris.feature_names, "species"], rows)))
    low, high = np.array([[c.low, c.high] for c in data.columns]).T
    assert np.allclose(low + data.images * (high - low), iris.data, atol=1e-6)
    assert [data.label_names[i] for i in data.labels] == [iris.target_names[i] for i in iris.target]
    assert data.test.sum() == 15


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("bom", [False, True])
def test_delimiters_and_a_byte_order_mark_are_noticed(delimiter: str, bom: bool) -> None:
    data = made(table(delimiter=delimiter, bom=bom))
    assert [column.name for column in data.columns] == ["a", "b"]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_what_spreadsheets_write_is_read(encoding: str) -> None:
    content = "Größe;Härte\n1;2\n3;4\n5;7\n".encode(encoding)
    assert [column.name for column in made(("a.csv", content)).columns] == ["Größe", "Härte"]
    assert ("encoding" in steps(("a.csv", content))) == (encoding == "cp1252")


def test_a_decimal_comma_is_read_where_it_can_be_nothing_else() -> None:
    data = made(("a.csv", b"a;b\n1,5;2\n2,25;3\n4;8\n"))
    assert data.columns == (Column("a", 1.5, 4, 2), Column("b", 2, 8, 0))
    assert "decimal_comma" in steps(("a.csv", b"a;b\n1,5;2\n2,25;3\n4;8\n"))
    thousands = read_upload([("a.csv", b"a;b\n1,500;2\n2,250;3\n4,100;8\n")])
    assert [info.kind for info in thousands.columns] == ["text", "numeric"]
    mixed = read_upload([("a.csv", b"a;b\n1,5;2.5\n2,2;3.5\n4,1;8.5\n")])
    assert [info.kind for info in mixed.columns] == ["text", "numeric"]


def test_a_table_without_a_header_gets_names_for_its_columns() -> None:
    data = made(("a.csv", csv(None, ROWS)))
    assert [column.name for column in data.columns] == ["column 1", "column 2"]
    assert len(data.images) == 4
    named = made(("a.csv", csv(["0", "1", "kind"], [[*row[:2], i] for i, row in enumerate(ROWS)])))
    assert len(named.images) == 4  # "kind" stands above numbers


def test_names_of_columns_are_made_different_and_kept_as_text() -> None:
    rows = [[1, 2, 3, 4], [2, 3, 5, 1], [5, 1, 1, 9]]
    data = made(("a.csv", csv(["a", "a", "", "<img src=x>"], rows)))
    assert [column.name for column in data.columns] == ["a", "a (2)", "column 3", "<img src=x>"]


def test_quoted_cells_may_hold_delimiters_and_line_breaks() -> None:
    data = made(("a.csv", b'a,b,kind\n1,"2","x, y"\n3,4,"x\ny"\n5,1,"x, y"\n6,1,"x\ny"\n'))
    assert data.label_names == ("x y", "x, y")


def test_rows_with_missing_values_are_dropped_or_filled_as_chosen() -> None:
    rows = [[i, i * i % 17 if i % 10 else missing, i % 3] for i in range(60) for missing in [["", "NA", "?"][i % 3]]]
    upload = read_upload([("a.csv", csv(["a", "b", "class"], rows))])
    assert upload.defaults().missing == "median"  # a tenth of the rows would go
    dropped = upload.dataset(replace(upload.defaults(), missing="drop"))
    assert len(dropped.images) == 54
    assert [
        step.values for step in upload.steps(replace(upload.defaults(), missing="drop")) if step.kind == "drop_rows"
    ] == [{"rows": 6, "samples": 60}]
    filled = upload.dataset(upload.defaults())
    assert len(filled.images) == 60
    column = filled.columns[1]
    there = [row[1] for row in rows if isinstance(row[1], int)]
    assert column.low + filled.images[20, 1] * (column.high - column.low) == pytest.approx(np.median(there))


def test_few_missing_values_drop_their_rows_by_default() -> None:
    rows = [[i, (i * 7) % 23 if i != 31 else "nan", i % 5 + 0.5] for i in range(60)]
    upload = read_upload([("a.csv", csv(["a", "b", "c"], rows))])
    assert upload.defaults().missing == "drop"
    assert len(upload.dataset(upload.defaults()).images) == 59


def test_labels_go_with_their_rows_and_missing_ones_have_a_class() -> None:
    rows = [[i, "" if i == 3 else i % 7, ["x", "y", ""][i % 3]] for i in range(60)]
    data = made(("a.csv", csv(["a", "b", "label"], rows)))
    assert data.label_names == ("unlabelled", "x", "y")
    expected = [row[2] or "unlabelled" for row in rows if row[1] != ""]
    assert [data.label_names[i] for i in data.labels] == expected


def test_a_value_that_is_no_number_counts_as_missing_and_is_shown() -> None:
    rows = [[i, "1_000" if i == 5 else i % 9] for i in range(60)]
    said = steps(("a.csv", csv(["a", "b"], rows)))
    assert said["not_numbers"] == {"column": "b", "count": 1, "example": "1_000"}
    assert said["drop_rows"]["rows"] == 1


def test_the_column_that_looks_like_classes_is_suggested_and_another_can_be_chosen() -> None:
    rows = [[i % 2, i * 0.5, ["lo", "hi"][i % 2], f"name {i}"] for i in range(60)]
    upload = read_upload([("a.csv", csv(["flag", "x", "level", "person"], rows))])
    assert upload.defaults().label_column == "level"
    assert upload.label_options == ("flag", "level")
    assert upload.label_names == ("hi", "lo")
    other = upload.dataset(replace(upload.defaults(), label_column="flag"))
    assert other.label_names == ("0", "1")
    assert upload.dataset(replace(upload.defaults(), label_column=None)).label_names == ("all",)
    with pytest.raises(IntakeError, match="'person': expected one of 'flag', 'level'"):
        upload.dataset(replace(upload.defaults(), label_column="person"))


def test_columns_that_never_change_or_only_count_are_left_out_and_said() -> None:
    rows = [[i, 7, i * i % 13, i % 11, "t" * (i % 5)] for i in range(60)]
    file = ("a.csv", csv(["id", "same", "u", "v", "word"], rows))
    assert [column.name for column in made(file).columns] == ["u", "v"]
    said = steps(file)
    assert said["constant_columns"] == {"count": 1, "names": "'same'"}
    assert said["number_columns"] == {"names": "'id'"}


def test_five_thousand_columns_use_the_first_256_and_say_so() -> None:
    rng = np.random.default_rng(0)
    content = csv([f"c{j}" for j in range(5_000)], rng.random((6, 5_000)).round(3).tolist())
    assert [column.name for column in made(("a.csv", content)).columns] == [f"c{j}" for j in range(256)]
    assert steps(("a.csv", content))["too_many_columns"] == {"count": 5_000, "most": 256}
    upload = read_upload([("a.csv", content)])
    with pytest.raises(IntakeError, match="at most 256 columns, got 300"):
        upload.dataset(replace(upload.defaults(), columns=tuple(f"c{j}" for j in range(300))))


def test_a_table_of_pixels_becomes_pictures_and_can_stay_a_table() -> None:
    digits = load_digits()
    rows = [[label, *map(int, row)] for row, label in zip(digits.data, digits.target, strict=True)]
    upload = read_upload([("digits.csv", csv(["label", *(f"pixel{i}" for i in range(64))], rows))])
    data = upload.dataset(upload.defaults())
    assert np.abs(data.images / 255 * 16 - digits.images).max() <= 0.04
    assert np.array_equal(data.labels, digits.target)
    assert upload.preview(upload.defaults()).sheet is not None
    as_table = upload.dataset(replace(upload.defaults(), shape=None))
    assert as_table.images.ndim == 2
    assert len(as_table.columns) == 61  # three corners are always empty


def test_random_columns_are_no_pictures() -> None:
    upload = read_upload([("a.npy", npy(np.random.default_rng(0).random((80, 64))))])
    assert upload.shapes == ((8, 8),)
    assert upload.defaults().shape is None


def test_the_preview_shows_rows_as_they_came() -> None:
    upload = read_upload([table([*ROWS, [9, 9.5, "<b>x</b>"]])])
    preview = upload.preview(replace(upload.defaults(), label_column="kind"))
    assert preview.header == ("kind", "a", "b")
    assert preview.rows is not None
    assert preview.rows[0] == ["x", "1", "2.5"]
    assert preview.rows[4] == ["<b>x</b>", "9", "9.5"]


def test_rows_of_an_array_have_numbered_columns_and_labels_from_beside() -> None:
    points = np.random.default_rng(0).normal(size=(60, 3))
    points[7, 1] = np.nan
    data = made(("a.npz", npz(X=points, y=np.arange(60) % 2)))
    assert [column.name for column in data.columns] == ["column 1", "column 2", "column 3"]
    assert len(data.images) == 59
    assert data.labels.tolist() == [i % 2 for i in range(60) if i != 7]


@pytest.mark.parametrize(
    ("values", "decimals"), [([1, 2, 3], 0), ([1.5, 2, 3], 1), ([0.12345, 1, 2], 4), ([1e300, 1, 2], 0)]
)
def test_decimals_are_those_that_the_data_shows(values: list[float], decimals: int) -> None:
    assert made(("a.csv", csv(["a"], [[value] for value in values]))).columns[0].decimals == decimals


# What cannot be used.


def test_a_table_without_a_column_of_numbers_is_refused() -> None:
    sentence = refused(("a.csv", csv(["a", "b"], [["x", "y"], ["z", "w"], ["x", "w"]])))
    assert sentence == "'a.csv': expected at least one column of numbers, got 2 of text: 'a', 'b'"


def test_rows_of_different_lengths_are_refused_with_the_first_of_them() -> None:
    assert "expected 3 values in every row, as in the first one, got 2 in row 4" in refused(
        ("a.csv", b"a,b,c\n1,2,3\n4,5,6\n7,8\n")
    )


@pytest.mark.parametrize("delimiter", [" ", ":", "/"])
def test_another_delimiter_is_refused_with_those_that_are_understood(delimiter: str) -> None:
    assert "a comma, a semicolon or a tab" in refused(table(delimiter=delimiter))


def test_infinite_values_are_counted_with_the_first_place() -> None:
    rows = [[i, "inf" if i in (4, 9) else i % 7] for i in range(20)]
    sentence = refused(("a.csv", csv(["a", "b"], rows)))
    assert (
        sentence == "'b': expected finite numbers, got infinite or too large values (2 of them, the first in sample 5)"
    )
    array = np.ones((20, 3))
    array[3, 2] = -np.inf
    assert "got infinite values (1 of them, the first at index (3, 2))" in refused(("a.npy", npy(array)))


def test_numbers_too_large_to_calculate_with_are_refused_and_tiny_ones_are_not() -> None:
    rows = [[value, i] for i, value in enumerate([-1e308, 1e308, 0] * 4)]
    assert "got -1e+308 to 1e+308" in refused(("a.csv", csv(["a", "b"], rows)))
    tiny = made(("a.csv", csv(["a", "b"], [[i * 1e-300, i % 3] for i in range(12)])))
    assert np.allclose(tiny.images[:, 0], np.arange(12) / 11)
    huge = read_upload(
        [("a.csv", csv(["a", "b"], [["" if i == 2 else 1.7e308 - i * 1e306, i % 3] for i in range(12)]))]
    )
    filled = huge.dataset(replace(huge.defaults(), missing="median"))
    assert np.isfinite([filled.columns[0].low, filled.columns[0].high]).all()


def test_one_row_no_row_and_rows_all_alike_are_refused() -> None:
    assert "at least 2 rows of values to train on, got 1" in refused(("a.csv", b"a,b\n1,2\n"))
    assert "got 0" in refused(("a.csv", b"a,b\n"))
    assert "got no text" in refused(("a.csv", b"\n \n"))
    assert "expected samples that differ" in refused(("a.csv", csv(["a", "b"], [[1, 2]] * 9)))


def test_nothing_left_after_dropping_rows_is_said_with_the_way_out() -> None:
    upload = read_upload([("a.csv", b"a,b\n1,\n,2\n3,4\n")])
    with pytest.raises(IntakeError, match="at least 2 rows without a missing value, got 1 of 3: fill"):
        upload.dataset(replace(upload.defaults(), missing="drop"))


def test_a_row_that_never_ends_is_refused() -> None:
    assert "characters" in refused(("a.csv", b"a,b\n" + b"1," * 2_500_000))
    assert "expected" in refused(("a.csv", b'a,b\n"' + b"1,2\n" * 60_000))


def test_more_columns_than_any_table_has_are_refused() -> None:
    assert "at most 20,000 columns, got 20,002" in refused(("a.csv", b"1," * 20_001 + b"1\n"))
    assert "at most 20,000 columns, got 20,001" in refused(("a.npy", npy(np.zeros((2, 20_001)))))


def test_a_small_packed_table_of_more_numbers_than_memory_may_hold_is_refused() -> None:
    content = gzip.compress(csv(["a", "b", "c"], [[0, 1, 2]] * 1000))
    sentence = refused(("a.csv.gz", content), limits=Limits(unpacked_bytes=20_000))
    assert sentence == (
        "'a.csv': expected a table whose numbers take at most 20,000 bytes, 8 bytes each, got more than 833 rows of"
        " 3 columns"
    )


def test_a_table_never_is_a_matrix_of_eight_bytes_a_value() -> None:
    upload = read_upload([("a.npy", npy(np.random.default_rng(0).integers(0, 255, (5_000, 200), dtype=np.uint8)))])
    choices = upload.defaults()
    tracemalloc.start()
    try:
        upload.preview(choices)
        upload.steps(choices)
        looked = tracemalloc.get_traced_memory()[1]
        data = upload.dataset(choices)
        peak, kept = tracemalloc.get_traced_memory()[1], tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert data.images.nbytes == 4_000_000
    assert looked < 500_000
    assert peak < 5_500_000
    assert kept < 4_500_000


@pytest.mark.parametrize("part", ["steps", "preview", "dataset"])
def test_too_little_memory_is_said(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = read_upload([table()])

    def full(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(upload, "_checked", full)
    with pytest.raises(IntakeError, match="'table': expected samples that fit into memory"):
        getattr(upload, part)(upload.defaults())


def test_twenty_thousand_columns_of_one_name_are_told_apart_at_once() -> None:
    assert unique(["a", "b", "a (2)", "a", "a", "b"]) == ["a", "b", "a (2)", "a (3)", "a (4)", "b (2)"]
    assert unique(["x"] * 20_000)[-1] == "x (20000)"


def test_choices_that_do_not_fit_are_refused() -> None:
    upload = read_upload([table()])
    for columns, wrong in [(("kind",), "numeric column"), (("zzz",), "numeric column"), ((), "at least one numeric")]:
        with pytest.raises(IntakeError, match=wrong):
            upload.steps(replace(upload.defaults(), columns=columns))
    with pytest.raises(IntakeError, match="expected 64 columns for pictures of 8×8 pixels, got 2"):
        upload.dataset(replace(upload.defaults(), shape=(8, 8)))
    with pytest.raises(IntakeError, match="at least 2 samples"):
        upload.dataset(replace(upload.defaults(), limit=1))


def test_more_samples_than_may_be_are_drawn_from() -> None:
    upload = read_upload([("a.csv", csv(["a"], [[i] for i in range(100)]))], limits=Limits(samples=80))
    assert upload.defaults().limit == 80
    assert len(upload.dataset(upload.defaults()).images) == 80


def test_pictures_are_not_tables() -> None:
    assert read_upload([("a.npy", npy(grey(4)))]).columns == ()
