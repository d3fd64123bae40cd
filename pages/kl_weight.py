"""The KL weight: the aggregate posterior against the prior while β turns."""

import streamlit as st

from ui import cache, controls, frame, units, weight_view
from ui.plain import plain
from vae_core.checkpoints import CheckpointError

INTRODUCTION = (
    "A VAE pays for two things: **how badly it reconstructs** (distortion D) and **how far its Gaussians are from the"
    " prior** N(0, I) (rate R). β is the price of the second: it minimises D + β·R. **Turn β** and watch all samples’"
    " Gaussians together, their average q(z), grow into the prior’s dashed circles."
)


@st.fragment
def explore(name: str) -> None:
    try:
        model = cache.open_model(name)
    except CheckpointError as error:
        st.error(f"The model “{plain(name)}” cannot be opened. {plain(str(error))}")
        return
    weight_view.show_weight(model)
    units.show(model.card)


frame.require()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("KL weight", width="content", anchor=False)
    chosen = controls.pick_model()
controls.explain_missing_model()
st.markdown(INTRODUCTION)
if chosen is not None:
    explore(chosen)
