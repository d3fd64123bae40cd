"""Data sets: the digits against scikit-learn, IDX files made here, and what is said of missing and broken ones."""

import gzip
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from vae_core import Dataset, DatasetError, load_dataset, load_images_uint8
from vae_core.datasets import check_images, read_idx


def idx(array: NDArray[np.uint8]) -> bytes:
    """The IDX format as its description has it: 0 0 8 dimensions, sizes big-endian, bytes."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_mnist(folder: Path, *, train: int = 5, test: int = 3, packed: bool = True) -> dict[str, NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    arrays = {
        "train-images-idx3-ubyte": rng.integers(0, 256, (train, 28, 28), dtype=np.uint8),
        "train-labels-idx1-ubyte": rng.integers(0, 10, train, dtype=np.uint8),
        "t10k-images-idx3-ubyte": rng.integers(0, 256, (test, 28, 28), dtype=np.uint8),
        "t10k-labels-idx1-ubyte": rng.integers(0, 10, test, dtype=np.uint8),
    }
    (folder / "mnist").mkdir()
    for name, array in arrays.items():
        content = gzip.compress(idx(array)) if packed else idx(array)
        (folder / "mnist" / (f"{name}.gz" if packed else name)).write_bytes(content)
    return arrays


def test_digits_are_scikit_learns_scaled_to_one() -> None:
    data, reference = load_dataset("digits"), load_digits()
    assert np.array_equal(data.images, (reference.images / 16).astype(np.float32))
    assert np.array_equal(data.labels, reference.target)
    assert data.label_names == tuple("0123456789")


def test_digits_are_split_as_scikit_learn_splits_them_with_seed_0() -> None:
    data = load_dataset("digits")
    _, held_out = train_test_split(np.arange(1797), test_size=0.2, random_state=0)
    assert set(np.flatnonzero(data.test)) == set(held_out)
    assert len(data.train_images) == 1437
    assert len(data.test_images) == 360


def test_the_original_digits_are_bytes_from_0_to_255() -> None:
    images = load_images_uint8("digits")
    assert images.dtype == np.uint8
    assert np.array_equal(images, np.rint(load_digits().images * 255 / 16).astype(np.uint8))


def test_looking_at_original_digits_imports_neither_torch_nor_scikit_learn() -> None:
    script = (
        "import sys; from vae_core import load_images_uint8; load_images_uint8('digits');"
        "print('torch' in sys.modules, 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_is_read_from_idx_files_packed_or_not(tmp_path: Path, packed: bool) -> None:
    arrays = write_mnist(tmp_path, packed=packed)
    data = load_dataset("mnist", tmp_path)
    assert np.allclose(data.images, arrays["train-images-idx3-ubyte"] / 255)
    assert np.array_equal(data.labels, arrays["train-labels-idx1-ubyte"])
    assert np.allclose(data.test_images, arrays["t10k-images-idx3-ubyte"] / 255)
    assert np.array_equal(load_images_uint8("mnist", tmp_path), arrays["train-images-idx3-ubyte"])


def test_the_environment_names_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path)
    monkeypatch.setenv("LATENT_EXPLORER_DATA", str(tmp_path))
    check_images("mnist")
    assert len(load_dataset("mnist").images) == 5


def test_a_missing_folder_is_said_with_the_way_to_fill_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LATENT_EXPLORER_DATA", raising=False)
    for asked in (load_dataset, load_images_uint8, check_images):
        with pytest.raises(DatasetError, match="vae_core data mnist"):
            asked("mnist")
        with pytest.raises(DatasetError, match="is missing"):
            asked("mnist", tmp_path)


def test_an_unknown_data_set_is_answered_with_the_known_ones() -> None:
    with pytest.raises(DatasetError, match="digits, mnist, fashion-mnist"):
        load_dataset("faces")


def test_a_broken_idx_file_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    whole = idx(np.zeros((4, 2, 2), np.uint8))
    for content, wrong in [
        (whole[:-3], "expected 16 bytes"),
        (b"\x00\x00\x09\x03" + whole[4:], "header"),
        (b"", "header"),
    ]:
        file = tmp_path / "images"
        file.write_bytes(content)
        with pytest.raises(DatasetError, match=wrong):
            read_idx(file, dimensions=3)
    packed = tmp_path / "images.gz"
    packed.write_bytes(gzip.compress(whole)[:-10])
    with pytest.raises(DatasetError, match=r"images\.gz"):
        read_idx(packed, dimensions=3)


def test_images_and_labels_that_do_not_pair_up_are_refused(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    (tmp_path / "mnist" / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(4, np.uint8))))
    with pytest.raises(DatasetError, match="5 train images but 4 labels"):
        load_dataset("mnist", tmp_path)


def small(images: NDArray[np.float32]) -> Dataset:
    n = len(images)
    return Dataset("mine", "Mine", images, np.zeros(n, np.int64), ("a",), np.zeros(n, bool))


@pytest.mark.parametrize(
    "images",
    [
        np.full((10, 2, 2), np.nan, np.float32),
        np.full((10, 2, 2), np.inf, np.float32),
        np.full((10, 2, 2), 255.0, np.float32),
        np.zeros((1, 2, 2), np.float32),
        np.zeros((0, 2, 2), np.float32),
        np.zeros((10, 0, 2), np.float32),
    ],
    ids=["nan", "infinite", "not scaled", "one sample", "no sample", "no pixels"],
)
def test_data_that_cannot_be_trained_on_are_refused_with_a_sentence(images: NDArray[np.float32]) -> None:
    with pytest.raises(DatasetError, match="mine"):
        small(images).check()
