"""The frame: page settings and navigation. Start it with `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from ui import frame, language
from ui.language import say
from ui.latent_canvas.component import warm_up
from ui.texts import texts_payload

UI = Path(__file__).parent / "ui"

st.set_page_config(page_title=say("pages.app"), page_icon=str(UI / "icon.png"), layout="wide")
st.html(UI / "page.css")
frame.hide_what_is_hidden()
warm_up(texts_payload(language.current()))
frame.navigation().run()
