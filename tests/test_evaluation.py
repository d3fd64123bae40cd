"""The figures on a card, for samples that are floats, bytes, or in a file, and for tables."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vae_core import VAE, Dataset, VAEConfig, evaluation
from vae_core.datasets import Column
from vae_core.evaluation import describe, measure, some_images

CONFIG = VAEConfig(input_shape=(3,), hidden=(8,))
COLUMNS = (Column("height", 0.0, 2.5, 2), Column("age", 0.0, 99.0, 0), Column("β", -1.0, 1.0, 3))


def table(count: int = 60) -> Dataset:
    rng = np.random.default_rng(0)
    test = np.zeros(count, bool)
    test[5::6] = True
    labels = np.zeros(count, np.int64)
    return Dataset("own", "Own", rng.integers(0, 256, (count, 3), np.uint8), labels, ("all",), test, columns=COLUMNS)


def floats(data: Dataset) -> Dataset:
    return replace(data, images=data.images.astype(np.float32) / np.float32(255))


def card_of(data: Dataset) -> dict[str, Any]:
    codes, card = describe(VAE(CONFIG), data, (0.0, 1.0, 12.0), draws=2, training={}, table=False)
    return card | {"codes": codes}


def test_bytes_floats_and_files_give_the_same_card_and_codes(tmp_path: Path) -> None:
    data = table()
    np.save(tmp_path / "samples.npy", data.images)
    on_disk = replace(data, images=np.load(tmp_path / "samples.npy", mmap_mode="r"))
    first, second, third = (card_of(form) for form in (floats(data), data, on_disk))
    for other in (second, third):
        assert np.array_equal(other["codes"].mu, first["codes"].mu)
        assert other["curve"] == first["curve"]
        assert other["beta_collapse"] == pytest.approx(first["beta_collapse"])


def test_a_card_has_the_columns_of_a_table_and_none_of_pictures() -> None:
    found = card_of(table())["columns"]
    assert found[0] == {"name": "height", "low": 0.0, "high": 2.5, "decimals": 2}
    assert [column["name"] for column in found] == ["height", "age", "β"]
    assert "columns" not in card_of(replace(table(), columns=()))


def test_some_images_are_the_first_of_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    data = table()
    monkeypatch.setattr(evaluation, "CHUNK", 7)  # several looks at what is held out
    train, test = some_images(data, 12)
    assert np.array_equal(train, data.images[~data.test][:12])
    assert np.array_equal(test, data.images[data.test])  # there are only 10
    extra = replace(data, test=np.zeros(60, bool), extra_images=data.images[::-1])
    assert np.array_equal(some_images(extra, 4)[1], data.images[::-1][:4])


def test_how_many_samples_are_held_at_a_time_does_not_change_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = VAE(CONFIG, seed=3), floats(table())
    whole = measure(model, data.images, 1.0)
    monkeypatch.setattr(evaluation, "CHUNK_VALUES", 3 * 11)  # 11 samples
    assert measure(model, data.images, 1.0)["rate"] == pytest.approx(whole["rate"])
