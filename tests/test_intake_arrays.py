"""Arrays that a person brings (.npy, .npz, IDX): what becomes of them, and what is said where nothing can."""

import gzip
import io
import pickle
import re
import zipfile
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from intake_files import colour, grey, idx, made, npy, npz, refused, steps, zipped
from numpy.typing import NDArray

from vae_core.intake import IntakeError, Limits, read_upload


def test_bytes_stay_bytes() -> None:
    pictures = grey(60)
    data = made(("drawings.npy", npy(pictures)))
    assert data.images.dtype == np.uint8
    assert np.array_equal(data.images, pictures)
    assert data.title == "drawings"
    assert data.label_names == ("all",)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (np.linspace(0, 1, 96), 0, 1),
        (np.linspace(0.2, 0.9, 96), 0, 1),
        (np.linspace(-1, 1, 96), -1, 1),
        (np.linspace(0, 254.5, 96), 0, 255),
        (np.linspace(3, 16, 96), 3, 16),
        (np.linspace(-5, 70_000, 96), -5, 70_000),
        (np.arange(96) % 7 % 2, 0, 1),
        (np.arange(96, dtype=np.uint8) % 17, 0, 16),
        (np.linspace(0, 60_000, 96).astype(np.uint16), 0, 65_535),
        (np.linspace(-1, 1, 96) * 1e308, -1e308, 1e308),
    ],
    ids=["unit", "within unit", "minus one", "to 255", "other", "wide", "binary", "small bytes", "16 bits", "huge"],
)
def test_values_are_scaled_by_the_range_they_are_known_to_have(values: NDArray[Any], low: float, high: float) -> None:
    data = made(("a.npy", npy(values.reshape(6, 4, 4))))
    exact = (values.astype(np.longdouble) - low) / (np.longdouble(high) - low)
    assert np.abs(data.images.ravel() / 255 - exact.astype(float)).max() <= 0.51 / 255
    assert steps(("a.npy", npy(values.reshape(6, 4, 4))))["scale"] == {"low": low, "high": high}


def test_colour_is_kept_and_channels_may_come_first() -> None:
    pictures = colour(60)
    assert np.array_equal(made(("a.npy", npy(pictures))).images, pictures)
    first = np.moveaxis(pictures, 3, 1)
    assert np.array_equal(made(("a.npy", npy(first))).images, pictures)
    assert "channels_first" in steps(("a.npy", npy(first)))


def test_a_single_channel_is_grey_and_what_is_transparent_lies_on_white() -> None:
    pictures = colour(60)
    assert made(("a.npy", npy(pictures[..., :1]))).input_shape == (12, 10)
    with_opacity = np.concatenate([pictures, np.full((60, 12, 10, 1), 255, np.uint8)], axis=3)
    with_opacity[:, :6, :, 3] = 0
    images = made(("a.npy", npy(with_opacity))).images
    assert np.array_equal(images[:, 6:], pictures[:, 6:])
    assert (images[:, :6] == 255).all()
    assert "opacity" in steps(("a.npy", npy(with_opacity)))


def test_large_pictures_are_offered_smaller_in_their_own_shape() -> None:
    upload = read_upload([("a.npy", npy(grey(4, 200, 100)))])
    assert upload.size_options == ((16, 8), (28, 14), (32, 16), (64, 32))
    assert upload.defaults().size == (64, 32)


def test_each_new_pixel_is_the_mean_of_the_area_it_covers() -> None:
    pictures = grey(4, 128, 128)
    means = pictures.reshape(4, 64, 2, 64, 2).mean(axis=(2, 4))
    assert np.abs(made(("a.npy", npy(pictures))).images - means).max() <= 1


def test_fortran_order_and_big_endian_numbers_are_read_right() -> None:
    values = np.asfortranarray(grey(60).astype(">f4"))
    assert np.array_equal(made(("a.npy", npy(values))).images, grey(60))


def test_labels_are_found_by_name_in_an_npz_and_sorted_as_people_count() -> None:
    labels = np.array(["c10", "c9", "c2"])[np.arange(60) % 3]
    data = made(("a.npz", npz(images=grey(60), y=labels, other=np.arange(7))))
    assert data.label_names == ("c2", "c9", "c10")
    assert [data.label_names[i] for i in data.labels] == labels.tolist()
    assert steps(("a.npz", npz(images=grey(60), y=labels, other=np.arange(7))))["unused_arrays"]["names"] == "'other'"


def test_one_hot_labels_are_classes() -> None:
    data = made(("a.npz", npz(x=grey(60), y=np.eye(4)[np.arange(60) % 4])))
    assert data.label_names == ("0", "1", "2", "3")
    assert np.array_equal(data.labels, np.arange(60) % 4)


def test_test_samples_that_came_are_the_ones_held_out() -> None:
    train, test = grey(70), grey(20, seed=1)
    labels = {"y_train": np.arange(70) % 3, "y_test": np.arange(20) % 3}
    data = made(("a.npz", npz(x_train=train, x_test=test, **labels)))
    assert np.array_equal(data.train_images, train)
    assert np.array_equal(data.test_images, test)
    assert np.array_equal(data.test_labels, labels["y_test"])


def test_another_array_of_an_npz_can_be_the_samples() -> None:
    content = npz(images=grey(60), points=np.random.default_rng(0).normal(size=(60, 5)))
    assert read_upload([("a.npz", content)]).kind == "images"
    other = read_upload([("a.npz", content)], samples="points")
    assert other.kind == "table"
    assert {info.name: info.role for info in other.arrays} == {"images": "samples", "points": "samples"}
    assert "'labels'" in refused(("a.npz", content), samples="labels")


def test_more_than_fifty_labels_make_one_class_and_that_is_said() -> None:
    content = npz(x=grey(60), y=np.arange(60))
    assert made(("a.npz", content)).label_names == ("all",)
    assert steps(("a.npz", content))["labels_too_many"] == {"source": "y", "count": 60, "most": 50}


@pytest.mark.parametrize(("count", "held_out"), [(49, 0), (50, 5), (123, 12)])
def test_a_tenth_is_held_out_from_fifty_samples_on_and_always_the_same(count: int, held_out: int) -> None:
    data = made(("a.npy", npy(grey(count))))
    assert data.test.sum() == held_out
    assert np.array_equal(data.test, made(("a.npy", npy(grey(count)))).test)


def test_a_limit_draws_samples_with_their_labels() -> None:
    pictures = grey(90)
    upload = read_upload([("a.npz", npz(x=pictures, y=np.arange(90) % 7))])
    data = upload.dataset(replace(upload.defaults(), limit=40))
    places = [int(np.flatnonzero((pictures == image).all(axis=(1, 2)))[0]) for image in data.images]
    assert len(set(places)) == 40
    assert places == sorted(places)
    assert [int(data.label_names[i]) for i in data.labels] == [place % 7 for place in places]


def test_a_pair_of_idx_files_is_read_packed_or_not_in_any_order() -> None:
    pictures, labels = grey(60), (np.arange(60) % 10).astype(np.uint8)
    for packed in (True, False):
        files = [("labels-idx1-ubyte", idx(labels, packed=packed)), ("images-idx3-ubyte", idx(pictures, packed=packed))]
        upload = read_upload(files)
        data = upload.dataset(upload.defaults())
        assert np.array_equal(data.images, pictures)
        assert np.array_equal(data.labels, labels)


def test_idx_pictures_may_come_alone_or_with_a_test_part() -> None:
    assert made(("train-images-idx3-ubyte.gz", idx(grey(60)))).label_names == ("all",)
    labels = [(np.arange(n) % 5).astype(np.uint8) for n in (60, 20)]
    files = [("a", idx(labels[1])), ("b", idx(grey(20, seed=1))), ("c", idx(labels[0])), ("d", idx(grey(60)))]
    upload = read_upload(files)
    data = upload.dataset(upload.defaults())
    assert np.array_equal(data.test_images, grey(20, seed=1))
    assert np.array_equal(data.test_labels, labels[1])


def test_an_array_on_disk_is_not_read_into_memory(tmp_path: Any) -> None:
    file = tmp_path / "large.npy"
    file.write_bytes(npy(grey(60)))
    upload = read_upload([("large.npy", file)])
    assert isinstance(upload.dataset(upload.defaults()).images, np.memmap)


# What cannot be used.


def test_pickled_arrays_are_never_read() -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("a pickle was opened",))

    objects = np.array([Bomb(), Bomb()], dtype=object)
    assert "pickled" in refused(("a.npy", npy(objects, allow_pickle=True)))
    assert "pickled" in refused(("a.npz", zipped({"x.npy": npy(objects, allow_pickle=True)})))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert "got a pickle, which can run code" in refused(("weights.npy", pickle.dumps(Bomb(), protocol)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_counted_and_the_first_is_named(value: float) -> None:
    pictures = np.random.default_rng(0).random((60, 3, 3)).astype(np.float32)
    pictures[41, 1, 2] = pictures[50, 0, 0] = value
    sentence = refused(("a.npy", npy(pictures)))
    assert "got NaN or infinite values (2 of them, the first is " in sentence
    assert f"{value} at index (41, 1, 2)" in sentence


@pytest.mark.parametrize(
    ("array", "wrong"),
    [
        (np.zeros((1, 4, 4), np.uint8), "at least 2 samples.*1×4×4"),
        (np.zeros((0, 4, 4), np.uint8), "got the shape 0×4×4"),
        (np.zeros((9, 4, 4), np.uint8), "samples that differ, got 9 all the same"),
        (np.zeros(9), "got the shape 9"),
        (np.float64(3), "a single number"),
        (np.zeros((2, 2, 2, 2, 3)), "2×2×2×2×3"),
        (np.zeros((4, 5, 6, 7)), "4×5×6×7"),
        (np.zeros((4, 5), complex), "complex128"),
        (np.array([["a", "b"]] * 4), "<U1"),
        (np.zeros((4, 5), "M8[s]"), "datetime64"),
        (np.zeros((4, 5), [("a", "f4")]), "real numbers"),
    ],
    ids=["one", "none", "alike", "flat", "scalar", "five", "channels", "complex", "text", "dates", "records"],
)
def test_arrays_of_another_kind_are_refused_with_what_was_expected(array: NDArray[Any], wrong: str) -> None:
    sentence = refused(("a.npy", npy(array)))
    assert sentence.startswith(("'a.npy': expected", "'a': expected"))
    assert re.search(wrong, sentence)


def test_damaged_arrays_are_said_to_be() -> None:
    whole = npy(grey(60))
    assert "damaged" in refused(("a.npy", whole[:-5]))
    assert "expected a NumPy array" in refused(("a.npy", whole[:40]))
    archive = bytearray(npz(x=grey(60)))
    archive[200:240] = b"\0" * 40
    assert "damaged" in refused(("a.npz", bytes(archive)))
    assert "zip archive" in refused(("a.npz", bytes(archive[:-30])))


def test_an_npz_without_samples_says_what_is_in_it() -> None:
    assert "got 'y' of type int64 and the shape 9" in refused(("a.npz", npz(y=np.arange(9))))


def test_idx_files_that_do_not_pair_up_are_refused() -> None:
    labels = np.zeros(59, np.uint8)
    assert "expected 60 labels" in refused(("i", idx(grey(60))), ("l", idx(labels)))
    assert "0 of pictures and 1 of labels" in refused(("l", idx(labels)))
    assert "for the shape 60×12×10" in refused(("i", idx(grey(60), packed=False)[:-3]))
    assert "cut off" in refused(("i.gz", idx(grey(60))[:-20]))
    assert "gzip file within another" in refused(("i.gz", gzip.compress(gzip.compress(b"12"))))


def test_more_than_may_be_unpacked_is_refused_before_it_is() -> None:
    small = Limits(unpacked_bytes=5_000)
    assert "at most 5,000 bytes unpacked" in refused(("a.npz", npz(x=grey(60))), limits=small)
    assert "array of at most" in refused(("a.npy", npy(grey(60))), limits=small)
    assert "expected to unpack to at most" in refused(("a.gz", idx(grey(60))), limits=small)
    bomb = Limits(ratio_from=10_000)
    zeros = np.zeros((400, 40, 40), np.uint8)
    assert "200 times" in refused(("a.npz", npz(x=zeros)), limits=bomb)
    assert "200 times" in refused(("a.gz", idx(zeros)), limits=bomb)


def test_a_gzip_file_of_several_members_is_read_whole() -> None:
    members = [gzip.compress(b"a,b\n"), *(gzip.compress(f"{i},{i % 7}\n".encode()) for i in range(60)), b"\0" * 9]
    assert read_upload([("a.csv.gz", b"".join(members))]).samples == 60
    assert "cut off" in refused(("a.csv.gz", b"".join(members[:-1])[:-3]))
    assert "damaged" in refused(("a.csv.gz", b"".join(members[:-1]) + b"no member"))
    assert "at most 200 bytes" in refused(("a.csv.gz", b"".join(members)), limits=Limits(unpacked_bytes=200))


def test_a_header_that_promises_more_than_may_be_is_refused_unread() -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (99_999, 99_999, 9)})
    assert "at most 1,000 MB, got 719,986 MB (99999×99999×9)" in refused(("a.npy", header.getvalue()))


def test_files_over_the_limit_are_refused() -> None:
    sentence = refused(("a.npy", npy(grey(60))), limits=Limits(upload_bytes=1_000))
    assert sentence == "expected files of at most 1,000 bytes together, got 7,328 bytes"


@pytest.mark.parametrize(
    "name", ["../../a/b.npy", "a\x00\x1b[31mb.npy", "🐈‍⬛ <script>alert(1)</script>.npy", "x" * 500 + ".npy", ".", ""]
)
def test_names_are_only_ever_text(name: str) -> None:
    data = made((name, npy(grey(60))))
    assert 0 < len(data.title) <= 60
    assert "/" not in data.title or "<" in name
    assert data.title.isprintable() or "🐈" in name


def test_files_that_are_no_data_are_named_for_what_they_are() -> None:
    for content, kind in [
        (b"", "expected an .npz file, as its name says, got an empty file"),
        (b"%PDF-1.7", "a PDF"),
        (b"PAR1\0", "Parquet"),
        (b"\0\1\2\3", "another kind"),
        (b"some words", "'a.npz': expected an .npz file, as its name says, got plain text"),
    ]:
        assert kind in refused(("a.npz", content))
    assert "not one data set" in refused(("a.npy", npy(grey(4))), ("b.npy", npy(grey(4))))
    with pytest.raises(IntakeError, match="got no file"):
        read_upload([])


def test_a_zip_packed_in_a_way_that_cannot_be_bounded_is_refused() -> None:
    content = zipped({"x.npy": npy(grey(60))}, method=zipfile.ZIP_BZIP2)
    assert "packed in another way" in refused(("a.npz", content))
