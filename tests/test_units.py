"""The calculator on the page, run by Streamlit's own test harness."""

import pytest
from streamlit.testing.v1 import AppTest


def calculator(model: str) -> AppTest:
    def script(model: str) -> None:
        from ui import units
        from vae_core.checkpoints import load_card

        units.show(load_card(f"checkpoints/{model}"))

    return AppTest.from_function(script, args=(model,), default_timeout=30).run()


def said(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.warning))


@pytest.mark.parametrize(("model", "beta"), [("digits", "512"), ("mnist", "784")])
def test_a_mean_over_pixels_is_multiplied_by_their_number(model: str, beta: str) -> None:
    app = calculator(model)
    app.selectbox(key="units-reconstruction").set_value("mean").run()
    assert not app.exception
    assert f"**β = {beta}**" in said(app)
    assert "far beyond" in said(app)


def test_every_choice_changes_the_result() -> None:
    app = calculator("digits")
    assert "**β = 8**" in said(app)
    app.selectbox(key="units-error-False").set_value("gaussian").run()
    app.number_input(key="units-sigma").set_value(0.25).run()
    assert "**β = 1**" in said(app)
    assert "nothing to convert" in said(app)
    app.number_input(key="units-weight").set_value(3.0).run()
    assert "**β = 3**" in said(app)
    app.selectbox(key="units-kl").set_value("batch sum").run()
    assert "**β = 384**" in said(app)
    assert not app.exception


def test_what_cannot_be_converted_gets_a_sentence() -> None:
    app = calculator("mnist")
    app.selectbox(key="units-error-True").set_value("squared").run()
    assert not app.exception
    assert "no factor makes the two equal" in said(app)
