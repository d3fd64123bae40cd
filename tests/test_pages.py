"""Every page, run by Streamlit's own test harness: what it mounts and what it says of bad input."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from streamlit.testing.v1 import AppTest

from vae_core.checkpoints import load_codes

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "checkpoints"


def open_app(**params: str) -> AppTest:
    """The latent map, as its address opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    return app.switch_page("pages/latent_map.py").run()


def open_weight(**params: str) -> AppTest:
    """The page of the KL weight, as its address opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90)
    for name, value in params.items():
        app.query_params[name] = value
    return app.switch_page("pages/kl_weight.py").run()


def without_table(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    del card["table"]
    (folder / "card.json").write_text(json.dumps(card))


def picker(app: AppTest) -> Any:
    """The model picker: buttons side by side for a few models."""
    (found,) = (group for group in app.get("button_group") if group.key == "model")
    return found


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models of its own, with a copy of the digits."""
    folder = tmp_path / "models"
    shutil.copytree(SHIPPED / "digits", folder / "digits")
    monkeypatch.setenv("LATENT_EXPLORER_CHECKPOINTS", str(folder))
    return folder


def test_the_latent_map_opens_on_the_digits_without_a_word_of_complaint() -> None:
    app = open_app()
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert app.title[0].value == "Latent map"
    assert picker(app).value == "digits"
    assert picker(app).options[0] == "Handwritten digits"


def test_the_app_opens_on_the_start_page_without_a_word_of_complaint() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert picker(app).value == "digits"


def test_the_address_chooses_model_and_view() -> None:
    app = open_app(model="mnist", beta="4.5", z="1,-1")
    assert not app.warning
    assert picker(app).value == "mnist"


def test_an_unknown_model_is_named_and_the_page_works_on() -> None:
    app = open_app(model="<b>faces</b>")
    assert not app.exception
    (warning,) = app.warning
    assert "faces" in warning.value
    assert "digits" in warning.value
    assert picker(app).value == "digits"


def test_bad_parameters_each_get_their_sentence() -> None:
    app = open_app(beta="a lot", z="1e9,0")
    assert not app.exception
    (warning,) = app.warning
    first, second = warning.value.split("\n")
    assert "“a lot”" in first
    assert "a number from 0 to 12" in first
    assert "two numbers" in second


def test_an_address_brings_no_markup_onto_the_page() -> None:
    app = open_app(model="![x](http://example.org/x.png)", beta="[link](http://example.org)")
    for warning in app.warning:
        assert "](http" not in warning.value


def damage_truncate(folder: Path) -> str:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    return "model.safetensors"


def damage_alter(folder: Path) -> str:
    file = folder / "codes.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    return "codes.safetensors"


def damage_remove_codes(folder: Path) -> str:
    (folder / "codes.safetensors").unlink()
    return "codes.safetensors"


def damage_card_json(folder: Path) -> str:
    (folder / "card.json").write_text("{")
    return "card.json"


def damage_card_shape(folder: Path) -> str:
    card = json.loads((folder / "card.json").read_text())
    card["config"]["hidden"] = [7, 7, 7]
    (folder / "card.json").write_text(json.dumps(card))
    return "model.safetensors"


@pytest.mark.parametrize(
    "damage", [damage_truncate, damage_alter, damage_remove_codes, damage_card_json, damage_card_shape]
)
def test_a_damaged_model_gets_one_sentence_that_names_the_file_and_others_still_open(
    models: Path, damage: Callable[[Path], str]
) -> None:
    shutil.copytree(models / "digits", models / "broken")
    named = damage(models / "broken")
    app = open_app(model="broken")
    assert not app.exception
    (error,) = app.error
    assert named in error.value.replace("\\", "")
    assert "Traceback" not in error.value
    picker(app).set_value("digits").run()
    assert not app.error
    assert not app.exception


def test_many_models_fold_into_a_list(models: Path) -> None:
    for number in range(6):
        shutil.copytree(models / "digits", models / f"copy-{number}")
    app = open_app(model="copy-3")
    assert not app.exception
    assert app.selectbox[0].value == "copy-3"
    assert app.selectbox[0].options[0] == "Handwritten digits (digits)", "equal titles are told apart"


def test_an_empty_folder_of_models_says_how_to_train_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_EXPLORER_CHECKPOINTS", str(tmp_path))
    app = open_app()
    assert not app.exception
    assert "vae_core train" in app.error[0].value


def test_a_page_that_only_looks_imports_no_torch() -> None:
    import subprocess
    import sys

    script = (
        "import sys; from streamlit.testing.v1 import AppTest; from ui.frame import PAGES\n"
        "app = AppTest.from_file('app.py', default_timeout=60).run()\n"
        "for page in PAGES.values(): assert not app.switch_page(page).run().exception\n"
        "print('torch' in sys.modules, 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_saved_table_holds_every_sample_with_its_rate() -> None:
    from ui import cache, model_card

    model = cache.open_model("digits")
    node = len(model.codes.betas) // 2
    lines = model_card.codes_csv(model, node).splitlines()
    assert lines[0] == "sample,label,mu_1,mu_2,sigma_1,sigma_2,rate"
    assert len(lines) == 1 + 1797
    codes = load_codes(SHIPPED / "digits")
    sample, label, *numbers = lines[1 + 42].split(",")
    mu, sigma = (np.asarray(part[node, 42], dtype=float) for part in (codes.mu, codes.sigma))
    rate = float((0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)).sum())
    assert (int(sample), label) == (42, str(codes.labels[42]))
    assert np.allclose([float(v) for v in numbers], [*mu, *sigma, rate], rtol=1e-4, atol=1e-6)


def test_the_kl_weight_opens_without_a_word_of_complaint() -> None:
    app = open_weight()
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert app.title[0].value == "KL weight"


def test_a_beta_outside_the_trained_range_is_refused_with_the_range() -> None:
    app = open_weight(beta="99", compare="13")
    assert not app.exception
    (warning,) = app.warning
    assert "a number from 0 to 12" in warning.value
    assert "a β from 0 to 12" in warning.value


def test_a_checkpoint_without_the_table_gets_it_computed_and_can_keep_it(models: Path) -> None:
    shipped = json.loads((models / "digits" / "card.json").read_text())["table"]
    without_table(models / "digits")
    before = {file.name: file.read_bytes() for file in (models / "digits").iterdir()}
    app = open_weight()
    assert not app.exception
    assert not app.error
    assert any("no table" in caption.value for caption in app.caption)
    keep = next(button for button in app.button if "Keep the table" in button.label)
    keep.click().run()
    assert not app.exception
    saved = json.loads((models / "digits" / "card.json").read_text())["table"]
    assert [row["beta"] for row in saved] == [row["beta"] for row in shipped]
    for ours, theirs in zip(saved, shipped, strict=True):
        assert ours["mutual_information"] == pytest.approx(theirs["mutual_information"], abs=1e-9)
    for name in ("model.safetensors", "codes.safetensors"):
        assert (models / "digits" / name).read_bytes() == before[name]
    assert not any("Keep the table" in button.label for button in app.button)


def test_a_table_that_makes_no_sense_gets_one_sentence(models: Path) -> None:
    card = json.loads((models / "digits" / "card.json").read_text())
    card["table"][3]["rate"] = None
    (models / "digits" / "card.json").write_text(json.dumps(card))
    app = open_weight()
    assert not app.exception
    (error,) = app.error
    assert "table" in error.value


def test_a_damaged_separately_trained_model_is_left_out_and_the_page_goes_on(models: Path) -> None:
    from ui import cache

    shutil.copytree(SHIPPED / "reference", models / "reference")
    assert len(cache.open_references(cache.open_model("digits"))) == 6
    broken = next((models / "reference" / "digits").iterdir())
    (broken / "codes.safetensors").write_bytes(b"nothing")
    assert len(cache.open_references(cache.open_model("digits"))) == 5
    app = open_weight()
    assert not app.exception
    assert not app.error


def test_the_saved_table_along_beta_has_a_column_for_every_value_and_its_error() -> None:
    from ui import cache, weight_view

    table = cache.open_model("digits").card["table"]
    head, first, *_ = weight_view.table_csv(table).splitlines()
    row = dict(zip(head.split(","), first.split(","), strict=True))
    assert float(row["beta"]) == 0
    assert float(row["kl_to_prior"]) == table[0]["kl_to_prior"][0]
    assert float(row["kl_to_prior_error"]) == table[0]["kl_to_prior"][1]
    assert float(row["marginal_kl_1"]) == table[0]["marginal_kl"][0][0]


@pytest.mark.parametrize(("tensor", "value"), [("mu", np.nan), ("sigma", 0.0), ("sigma", -0.5)])
def test_codes_that_are_no_codes_get_one_sentence_on_the_kl_weight_too(
    models: Path, tensor: str, value: float
) -> None:
    folder = models / "digits"
    tensors = load_file(folder / "codes.safetensors")
    tensors[tensor][3, 5, 1] = value
    save_file(tensors, folder / "codes.safetensors")
    content = (folder / "codes.safetensors").read_bytes()
    card = json.loads((folder / "card.json").read_text())
    card["files"]["codes.safetensors"] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (folder / "card.json").write_text(json.dumps(card))
    app = open_weight()
    assert not app.exception
    (error,) = app.error
    assert tensor in error.value
    assert "expected" in error.value


def test_pictures_travel_for_the_samples_that_are_looked_at_alone() -> None:
    from ui import cache, opening

    model = cache.open_model("mnist")
    assert len(model.chunks) > 2
    assert opening.looked_at(model, {}) == {0}
    far = int(model.chunks.ids(2)[5])
    assert opening.looked_at(model, {"selected": far}) == {0, 2}
    through = [int(model.chunks.ids(chunk)[0]) for chunk in (0, 1, 3)]
    plane = "samples:{},{},{}".format(*through)
    assert opening.looked_at(model, {"selected": far, "plane": plane}) == {0, 1, 2, 3}
    assert not opening.has_small_images(model)
    assert opening.has_small_images(cache.open_model("digits"))


def test_the_start_page_shows_another_model_where_the_chosen_one_will_not_open(models: Path) -> None:
    shutil.copytree(models / "digits", models / "broken")
    damage_truncate(models / "broken")
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["model"] = "broken"
    app.run()
    assert not app.exception
    (error,) = app.error
    assert "broken" in error.value
    assert app.get("bidi_component"), "doors and gallery are still there"
