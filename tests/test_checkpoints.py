"""Models on disk: what was saved comes back, what is damaged is named, what was there is never lost."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from vae_core import VAE, CheckpointError, Codes, VAEConfig, beta_nodes, list_models, load_card, load_codes, load_model
from vae_core import checkpoints as checkpoints_module
from vae_core.checkpoints import load_weights, save, save_table

CONFIG = VAEConfig(input_shape=(2, 3), hidden=(5,), beta_max=6.0, beta_train_max=8.0)
BETAS = np.array(beta_nodes(6.0, 9))
SHIPPED = Path(__file__).parents[1] / "checkpoints" / "digits"


def codes(samples: int = 4, seed: int = 0) -> Codes:
    rng = np.random.default_rng(seed)
    shape = (len(BETAS), samples, 2)
    mu, sigma = rng.normal(size=shape).astype(np.float16), rng.uniform(0.01, 1, shape).astype(np.float16)
    return Codes(BETAS, mu, sigma, np.zeros(samples, np.int32), np.zeros(samples, bool))


def card(**changes: Any) -> dict[str, Any]:
    return {
        "name": "tiny", "title": "Tiny", "dataset": "digits", "label_names": ["a"], "beta_collapse": 2.0,
        "training": {}, "curve": [], **changes,
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path / "tiny", VAE(CONFIG, seed=1), codes(), card())
    return tmp_path / "tiny"


def test_a_saved_model_comes_back_with_weights_rounded_to_half_precision(folder: Path) -> None:
    original, loaded = VAE(CONFIG, seed=1).weights(), load_model(folder)
    assert not loaded.training
    assert loaded.card["title"] == "Tiny"
    for name, value in loaded.weights().items():
        assert np.array_equal(value, original[name].astype(np.float16).astype(np.float32))


def test_saved_codes_come_back(folder: Path) -> None:
    ours, theirs = codes(), load_codes(folder)
    assert np.array_equal(theirs.betas, ours.betas)
    assert np.array_equal(theirs.mu, ours.mu)
    assert np.array_equal(theirs.sigma, ours.sigma)


def test_codes_are_exact_at_the_nodes_and_linear_in_u_between_them() -> None:
    ours = codes()
    for k in (0, 3, 8):
        mu, sigma = ours.at_beta(float(BETAS[k]))
        assert np.array_equal(mu, ours.mu[k].astype(np.float32))
        assert np.array_equal(sigma, ours.sigma[k].astype(np.float32))
    low, high = np.log(BETAS[3] + 0.003), np.log(BETAS[4] + 0.003)
    mu, sigma = ours.at_beta(float(np.exp(0.75 * low + 0.25 * high) - 0.003))
    assert np.allclose(mu, 0.75 * ours.mu[3].astype(float) + 0.25 * ours.mu[4].astype(float), atol=1e-6)
    logs = 0.75 * np.log(ours.sigma[3].astype(float)) + 0.25 * np.log(ours.sigma[4].astype(float))
    assert np.allclose(np.log(sigma), logs, atol=1e-5)


def test_a_beta_outside_the_codes_is_refused_with_the_range() -> None:
    with pytest.raises(ValueError, match="0 to 6"):
        codes().at_beta(7.0)


def test_codes_are_read_without_torch() -> None:
    import subprocess
    import sys

    script = f"import sys; from vae_core import load_codes; load_codes({str(SHIPPED)!r}); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_list_of_models_holds_folders_with_a_card_alone(folder: Path) -> None:
    (folder.parent / "empty").mkdir()
    (folder.parent / ".tiny.new-1").mkdir()
    (folder.parent / ".tiny.new-1" / "card.json").write_text("{}")
    (folder.parent / "notes.txt").write_text("")
    assert list_models(folder.parent) == ["tiny"]
    assert list_models(folder.parent / "nowhere") == []


def edit_card(folder: Path, **changes: Any) -> None:
    record = json.loads((folder / "card.json").read_text())
    record.update(changes)
    (folder / "card.json").write_text(json.dumps({k: v for k, v in record.items() if v is not None}))


def replace_tensors(folder: Path, file: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change tensors and give the card the new fingerprint: the files agree, the contents do not fit."""
    tensors = load_file(folder / file)
    change(tensors)
    save_file(tensors, folder / file)
    record = json.loads((folder / "card.json").read_text())
    record["files"][file] = checkpoints_module.fingerprint((folder / file).read_bytes())
    (folder / "card.json").write_text(json.dumps(record))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-7])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 255
    file.write_bytes(bytes(content))


DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no card": (lambda f: (f / "card.json").unlink(), "card.json.*missing"),
    "card is no JSON": (lambda f: (f / "card.json").write_text("{nope"), "card.json.*expected JSON"),
    "card is a list": (lambda f: (f / "card.json").write_text("[]"), "card.json.*expected a JSON object, got list"),
    "card is of another format": (lambda f: edit_card(f, format=99), "card.json.*expected format 1, got 99"),
    "field missing": (lambda f: edit_card(f, label_names=None), "card.json.*'label_names' is missing"),
    "field of another type": (lambda f: edit_card(f, samples="four"), "card.json.*'samples'.*int, got str"),
    "betas fall": (lambda f: edit_card(f, betas=[0, 3, 2, 6.0]), "card.json.*rise from 0"),
    "weights missing": (lambda f: (f / "model.safetensors").unlink(), "model.safetensors.*missing"),
    "weights cut": (lambda f: cut(f / "model.safetensors"), r"model.safetensors.*expected \d+ bytes, got \d+"),
    "weights altered": (lambda f: flip(f / "model.safetensors"), "model.safetensors.*SHA-256"),
    "codes missing": (lambda f: (f / "codes.safetensors").unlink(), "codes.safetensors.*missing"),
    "codes cut": (lambda f: cut(f / "codes.safetensors"), r"codes.safetensors.*expected \d+ bytes"),
    "codes altered": (lambda f: flip(f / "codes.safetensors"), "codes.safetensors.*SHA-256"),
    "a tensor too many": (
        lambda f: replace_tensors(f, "model.safetensors", lambda t: t.update(extra=np.zeros(2, np.float16))),
        "model.safetensors.*'extra'",
    ),
    "a tensor too few": (
        lambda f: replace_tensors(f, "model.safetensors", lambda t: t.pop("decoder.0.bias")),
        "model.safetensors.*'decoder.0.bias'.*got none",
    ),
    "a tensor of another shape": (
        lambda f: replace_tensors(
            f, "model.safetensors", lambda t: t.update({"encoder.0.bias": np.zeros(9, np.float16)})
        ),
        r"model.safetensors.*'encoder.0.bias'.*\(5,\).*\(9,\)",
    ),
    "a weight that is no number": (
        lambda f: replace_tensors(f, "model.safetensors", lambda t: t["decoder.0.bias"].fill(np.nan)),
        "model.safetensors.*NaN or infinity in 'decoder.0.bias'",
    ),
    "a sigma of zero": (
        lambda f: replace_tensors(f, "codes.safetensors", lambda t: t["sigma"].fill(0)),
        "codes.safetensors.*sigma to be positive",
    ),
    "a label that has no name": (
        lambda f: replace_tensors(f, "codes.safetensors", lambda t: t["labels"].fill(3)),
        "codes.safetensors.*labels from 0 to 0",
    ),
    "codes of fewer samples": (
        lambda f: replace_tensors(f, "codes.safetensors", lambda t: t.update(mu=t["mu"][:, :2].copy())),
        r"codes.safetensors.*'mu'",
    ),
    "not a tensor file": (
        lambda f: ((f / "codes.safetensors").write_bytes(b"x" * 50), edit_fingerprint(f, "codes.safetensors")),
        "codes.safetensors.*expected a safetensors file",
    ),
}  # fmt: skip


def edit_fingerprint(folder: Path, file: str) -> None:
    record = json.loads((folder / "card.json").read_text())
    record["files"][file] = checkpoints_module.fingerprint((folder / file).read_bytes())
    (folder / "card.json").write_text(json.dumps(record))


def load_all(folder: Path) -> None:
    load_weights(folder)
    load_codes(folder)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder_is_answered_with_one_sentence_that_names_the_file(folder: Path, damage: str) -> None:
    harm, sentence = DAMAGE[damage]
    harm(folder)
    with pytest.raises(CheckpointError, match=sentence) as caught:
        load_all(folder)
    assert "\n" not in str(caught.value)


class Interrupted(BaseException):
    """Stands for Ctrl-C or a full disk in the middle of saving."""


@pytest.mark.parametrize("survives", [0, 1, 2])
def test_a_save_that_breaks_off_leaves_the_old_model_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch, survives: int
) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    written = [0]
    write = Path.write_bytes

    def breaking(self: Path, content: bytes) -> int:
        if written[0] == survives:
            raise Interrupted
        written[0] += 1
        return write(self, content)

    monkeypatch.setattr(Path, "write_bytes", breaking)
    with pytest.raises(Interrupted):
        save(folder, VAE(CONFIG, seed=2), codes(), card(title="New"))
    monkeypatch.undo()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert [item.name for item in folder.parent.iterdir()] == ["tiny"], "nothing half-written stays"
    load_model(folder)


def test_a_swap_that_breaks_off_brings_the_old_model_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def breaking(self: Path, target: Path) -> Path:
        if ".new-" in self.name:
            raise Interrupted
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", breaking)
    with pytest.raises(Interrupted):
        save(folder, VAE(CONFIG, seed=2), codes(), card(title="New"))
    monkeypatch.undo()
    assert load_card(folder)["title"] == "Tiny"


def test_saving_again_replaces_the_model(folder: Path) -> None:
    save(folder, VAE(CONFIG, seed=2), codes(7), card(title="New"))
    assert load_card(folder)["title"] == "New"
    assert len(load_codes(folder).labels) == 7


def test_a_folder_that_is_no_model_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("years of work")
    with pytest.raises(CheckpointError, match=r"chapter1\.tex"):
        save(tmp_path / "thesis", VAE(CONFIG), codes(), card())
    assert (tmp_path / "thesis" / "chapter1.tex").read_text() == "years of work"


def test_the_codes_that_ship_are_what_the_encoder_that_ships_computes() -> None:
    from vae_core import load_dataset

    model, stored, data = load_model(SHIPPED), load_codes(SHIPPED), load_dataset("digits")
    for k in (0, 30, 64):
        with torch.no_grad():
            posterior = model.encode(torch.from_numpy(data.images), beta=float(stored.betas[k]))
        assert np.abs(posterior.loc.numpy() - stored.mu[k]).max() < 4e-3
        assert np.allclose(posterior.scale.numpy(), stored.sigma[k], rtol=1e-3, atol=1e-4)
    assert np.array_equal(stored.test, data.test)


def record(beta: float) -> dict[str, Any]:
    pair = [1.0, 0.001]
    return {
        "beta": beta, "rate": 2.0, "mutual_information": pair, "kl_to_prior": pair, "total_correlation": pair,
        "marginal_kl": [pair, pair], "mean_sigma": 0.5, "min_sigma": 0.1, "active_units": 2, "holes": [0.0, 0.1],
        "method": "grid",
    }  # fmt: skip


def test_a_table_is_kept_in_the_card_and_nothing_else_changes(folder: Path) -> None:
    before, files = load_card(folder), {file.name: file.read_bytes() for file in folder.iterdir()}
    table = [record(float(beta)) for beta in BETAS]
    assert save_table(folder, table)["table"] == table
    assert load_card(folder) == {**before, "table": table}
    assert {file.name for file in folder.iterdir()} == set(files)
    for name in ("model.safetensors", "codes.safetensors"):
        assert (folder / name).read_bytes() == files[name]


@pytest.mark.parametrize(
    "break_it",
    [
        lambda table: table.pop(),
        lambda table: table.reverse(),
        lambda table: table[2].pop("rate"),
        lambda table: table[2].update(rate="2"),
        lambda table: table[2].update(kl_to_prior=[1.0]),
        lambda table: table[2].update(kl_to_prior=[1.0, -0.1]),
        lambda table: table[2].update(marginal_kl=[]),
        lambda table: table[2].update(holes=[0.5, float("nan")]),
        lambda table: table[2].update(distortion=[1.0, None]),
    ],
)
def test_a_table_that_does_not_fit_is_refused_and_the_card_stays_as_it_was(
    folder: Path, break_it: Callable[[list[dict[str, Any]]], object]
) -> None:
    before = (folder / "card.json").read_bytes()
    table = [record(float(beta)) for beta in BETAS]
    break_it(table)
    with pytest.raises(CheckpointError, match="table"):
        save_table(folder, table)
    assert (folder / "card.json").read_bytes() == before
    assert len(list(folder.iterdir())) == 3


def test_a_card_that_cannot_be_written_stays_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (folder / "card.json").read_bytes()

    def fail(self: Path, target: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        save_table(folder, [record(float(beta)) for beta in BETAS])
    assert (folder / "card.json").read_bytes() == before
    assert len(list(folder.iterdir())) == 3
