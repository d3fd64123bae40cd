"""The latent map: every sample's Gaussian as an ellipse, and a point to drag and decode."""

import streamlit as st

from ui import cache, controls, frame, map_view, model_card
from ui.plain import plain
from vae_core.checkpoints import CheckpointError

INTRODUCTION = (
    "Every sample became a small Gaussian, drawn as an ellipse: centre μ(x), size σ(x). **Drag the ring** to decode any"
    " place. **Move the β slider** to see what the KL term does."
)


@st.fragment
def explore(name: str) -> None:
    try:
        model = cache.open_model(name)
    except CheckpointError as error:
        st.error(f"The model “{plain(name)}” cannot be opened. {plain(str(error))}")
        return
    beta = map_view.show_map(model)
    model_card.show(model, beta)


frame.require()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Latent map", width="content", anchor=False)
    chosen = controls.pick_model()
controls.explain_missing_model()
st.markdown(INTRODUCTION)
if chosen is not None:
    explore(chosen)
