"""The trainer: going on from a state, lengths as times, samples as bytes and files, the order of many samples."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core import Dataset, TrainConfig, TrainingError, VAEConfig
from vae_core.engine import batches as batches_module
from vae_core.engine.adam import Adam
from vae_core.engine.batches import Batches
from vae_core.training import Trainer, learning_rate_factor

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
TINY = VAEConfig(input_shape=(4,), hidden=(16, 16), beta_max=6.0, beta_train_max=8.0)
QUICK = TrainConfig(epochs=40, batch=32, warmup_steps=5)
LONG = replace(QUICK, epochs=10**6)


def bytes_data(count: int = 250, held_out: int = 0) -> Dataset:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 4), np.uint8)
    test = np.zeros(count, bool)
    test[rng.permutation(count)[:held_out]] = True
    return Dataset("noise", "Noise", images, np.zeros(count, np.int64), ("all",), test)


def weights(trainer: Trainer) -> np.ndarray:  # type: ignore[type-arg]
    return trainer.state()[0]["weights"]


def through_json(state):  # type: ignore[no-untyped-def]
    """A state as it comes back from a file."""
    return {name: value.copy() for name, value in state[0].items()}, json.loads(json.dumps(state[1]))


# Within an epoch of 7 steps and a block of 64 drawn steps, at their ends, and far on.
@pytest.mark.parametrize("stop", [1, 7, 64, 100])
def test_going_on_from_a_state_is_bit_for_bit_the_same_as_never_having_stopped(stop: int) -> None:
    data = bytes_data(held_out=10)
    whole, first = (Trainer(data, TINY, options=QUICK, seed=5) for _ in range(2))
    whole.advance(steps=stop)
    expected = whole.advance(steps=60)
    first.advance(steps=stop)
    second = Trainer.resume(data, *through_json(first.state()))
    found = second.advance(steps=60)
    assert np.array_equal(weights(second), weights(whole))
    assert (found.step, found.epoch, found.distortion, found.rate) == (
        expected.step,
        expected.epoch,
        expected.distortion,
        expected.rate,
    )
    assert all(np.array_equal(a, b) for a, b in zip(second.state()[0].values(), whole.state()[0].values(), strict=True))


def test_a_state_knows_how_long_the_training_took() -> None:
    data = bytes_data()
    first = Trainer(data, TINY, options=LONG)
    first.advance(seconds=0.05)
    second = Trainer.resume(data, *through_json(first.state()))
    assert second.seconds == first.seconds >= 0.05
    assert second.step == first.step


def test_a_training_that_was_done_is_done_again_with_its_last_figures() -> None:
    first = Trainer(bytes_data(), TINY, options=replace(QUICK, epochs=1))
    last = first.advance()
    again = Trainer.resume(bytes_data(), *through_json(first.state())).advance()
    assert (again.step, again.distortion, again.rate) == (last.step, last.distortion, last.rate)
    assert again.model is not None


def test_how_the_steps_are_divided_into_calls_does_not_matter() -> None:
    one, two = (Trainer(bytes_data(), TINY, options=QUICK, seed=1) for _ in range(2))
    one.advance(steps=90)
    for _ in range(30):
        two.advance(steps=3)
    assert np.array_equal(weights(one), weights(two))


def test_the_state_of_another_data_set_is_refused() -> None:
    tensors, facts = Trainer(bytes_data(), TINY, options=QUICK).state()
    with pytest.raises(TrainingError, match=r"250 samples, and the data set has 99"):
        Trainer.resume(bytes_data(99), tensors, facts)


@pytest.mark.parametrize("change", ["missing", "shape", "nan", "format", "options"])
def test_a_state_that_is_none_is_refused_in_one_sentence(change: str) -> None:
    tensors, facts = Trainer(bytes_data(), TINY, options=QUICK).state()
    if change == "missing":
        del tensors["mean"]
    elif change == "shape":
        tensors["square"] = tensors["square"][:-1]
    elif change == "nan":
        tensors["weights"][3] = np.nan
    elif change == "format":
        facts["format"] = 99
    else:
        facts["options"] = {"speed": 1}
    with pytest.raises(TrainingError, match=r"^state: expected"):
        Trainer.resume(bytes_data(), tensors, facts)


def test_a_training_as_long_as_a_time_ends_then_and_lowers_its_learning_rate() -> None:
    trainer = Trainer(bytes_data(), TINY, options=replace(QUICK, seconds=0.3))
    assert trainer.steps is None
    assert trainer.share == 0
    half = trainer.advance(seconds=0.15)
    assert 0.5 <= half.share < 1
    assert half.seconds_left == pytest.approx(0.3 - half.seconds)
    last = trainer.advance()
    assert trainer.done
    assert last.share == 1
    assert last.seconds >= 0.3
    assert last.model is not None
    factors = [learning_rate_factor(1000, None, QUICK, share=share) for share in (0.5, 0.85, 1.0)]
    assert factors == pytest.approx([1.0, 0.5, 0.0])


def test_pauses_do_not_count() -> None:
    trainer = Trainer(bytes_data(), TINY, options=LONG)
    trainer.advance(steps=2)
    before = trainer.seconds
    time.sleep(0.4)
    assert trainer.advance(steps=1).seconds - before < 0.3


def test_a_training_that_is_done_stays_as_it_is() -> None:
    trainer = Trainer(bytes_data(), TINY, options=replace(QUICK, epochs=1))
    last = trainer.advance()
    assert trainer.advance(steps=5) is last
    assert trainer.step == trainer.steps == last.step


def test_a_snapshot_does_not_change_when_training_goes_on() -> None:
    trainer = Trainer(bytes_data(), TINY, options=QUICK)
    trainer.advance(steps=5)
    model = trainer.snapshot()
    before = {name: value.copy() for name, value in model.weights().items()}
    trainer.advance(steps=5)
    assert all(np.array_equal(value, before[name]) for name, value in model.weights().items())
    assert not model.training


def test_a_model_that_was_trained_can_be_trained_further_by_autograd() -> None:
    model = Trainer(bytes_data(), TINY, options=replace(QUICK, epochs=1)).advance().model
    assert model is not None
    model.encode(torch.zeros(3, 4), 1.0).loc.sum().backward()  # type: ignore[no-untyped-call]
    assert model.get_parameter("encoder.0.weight").grad is not None


def test_bytes_and_floats_and_files_train_the_same(tmp_path: Path) -> None:
    data = bytes_data(held_out=20)
    np.save(tmp_path / "samples.npy", data.images)
    forms = (
        data,
        replace(data, images=data.images.astype(np.float32) / np.float32(255)),
        replace(data, images=np.load(tmp_path / "samples.npy", mmap_mode="r")),
    )
    found = []
    for form in forms:
        trainer = Trainer(form, TINY, options=QUICK)
        trainer.advance(steps=40)
        found.append(weights(trainer))
    assert np.array_equal(found[0], found[2])
    assert np.allclose(found[0], found[1], atol=1e-5)


def test_an_epoch_has_every_sample_once_but_for_the_held_out_ones() -> None:
    data = bytes_data(held_out=50)
    batches = Batches(data, size=20, seed=3, device=CPU)
    orders = [batches.indices(epoch, 0, 200) for epoch in (0, 1)]
    for order in orders:
        assert sorted(order) == np.flatnonzero(~data.test).tolist()
    assert not np.array_equal(*orders)


def test_many_samples_are_shuffled_in_blocks_and_come_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches_module, "WHOLE", 100)
    monkeypatch.setattr(batches_module, "BLOCK", 16)
    monkeypatch.setattr(batches_module, "BUFFER", 4)
    data = bytes_data(1000, held_out=100)
    batches = Batches(data, size=30, seed=3, device=CPU)
    assert len(batches) == 900
    order = np.concatenate([batches.indices(0, start, start + 30) for start in range(0, 900, 30)])
    assert sorted(order) == np.flatnonzero(~data.test).tolist()
    # A buffer mixes a few blocks from all over the file, and holds no others.
    first = order[: batches._ends[0]]
    assert len(np.unique(first // 16)) == 4
    assert (np.diff(first) < 0).mean() > 0.3
    # The same place of an epoch holds the same samples, whatever was asked for before.
    assert np.array_equal(batches.indices(0, 300, 330), order[300:330])
    again = Batches(data, size=30, seed=3, device=CPU)
    assert np.array_equal(again.indices(0, 300, 330), order[300:330])


def test_adam_makes_the_steps_of_pytorchs() -> None:
    generator = torch.Generator().manual_seed(0)
    values, gradient = torch.randn(40, generator=generator), torch.zeros(40)
    twin = torch.nn.Parameter(values.clone())
    ours, theirs = Adam(values, gradient, clip_norm=3.0), torch.optim.Adam([twin], lr=0.01)
    for number in range(1, 6):
        raw = number * torch.randn(40, generator=generator)
        gradient.copy_(raw)
        twin.grad = raw.clone()
        torch.nn.utils.clip_grad_norm_([twin], 3.0)
        ours.step(number, 0.01)
        theirs.step()
        assert torch.allclose(values, twin, atol=1e-6)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_length_that_is_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds: expected a positive number"):
        TrainConfig(seconds=seconds)
