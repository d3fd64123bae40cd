"""The frame: page settings and navigation. Start it with `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from ui import frame
from ui.latent_canvas.component import warm_up

UI = Path(__file__).parent / "ui"

st.set_page_config(page_title="Latent space explorer", page_icon=str(UI / "icon.png"), layout="wide")
st.html(UI / "page.css")
warm_up()
frame.navigation().run()
