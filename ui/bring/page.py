"""The page that brings a model: as ONNX files here, by Python or a command elsewhere."""

from __future__ import annotations

import streamlit as st

from ui import controls, frame
from ui.bring import onnx_files
from ui.language import say
from ui.train import owner

PYTHON = """import vae_core

folder = vae_core.export(
    model.encode,    # x -> mu, log_var
    model.decode,    # z -> images
    images, labels,
    name="my-vae", beta=1.0,
)
vae_core.explore(folder)  # or: streamlit run app.py"""
PYTHAE = """python -m vae_core import pythae FOLDER --data digits --name my-vae
python -m vae_core import pythae FOLDER --data mine.npz --family my-vaes"""
ONNX = "python -m vae_core import onnx encoder.onnx decoder.onnx --data digits --name my-vae"


def show() -> None:
    """Draw the page: what there is to bring, and a tab for each way."""
    frame.require()
    controls.head(say("pages.bring.title"))
    owner.remember()
    st.markdown(say("bring.intro"))
    here, python, pythae = st.tabs([say("bring.onnx"), say("bring.python"), say("bring.pythae")])
    with here:
        onnx_files.show()
        st.caption(say("bring.onnx.command"))
        _code(ONNX)
    with python:
        st.markdown(say("bring.python.what"))
        _code(PYTHON)
    with pythae:
        st.markdown(say("bring.pythae.what"))
        _code(PYTHAE)


def _code(text: str) -> None:
    """Plain: Streamlit's colours for code are too faint, and what scrolls sideways no keyboard reaches."""
    st.code(text, language=None, wrap_lines=True)
