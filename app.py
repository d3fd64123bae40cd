"""The frame: page settings and navigation. Start it with `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from ui import frame, language
from ui.latent_canvas.component import warm_up
from ui.texts import texts_payload

UI = Path(__file__).parent / "ui"

page = frame.navigation()
# The tab says which page it is, so that tabs and the browser's history can be told apart.
st.set_page_config(page_title=frame.tab_title(page), page_icon=str(UI / "icon.png"), layout="wide")
st.html(UI / "page.css")
frame.hide_what_is_hidden(page)
warm_up(texts_payload(language.current()))
page.run()
