"""An encoder and a decoder as ONNX files: what was found in them, to be confirmed, and the import."""

from __future__ import annotations

import hashlib
import importlib.util
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from ui import controls, frame
from ui.language import say
from ui.plain import plain, sentence
from ui.train import belongings, facts, owner
from vae_core import library
from vae_core.bring.adapters import READINGS
from vae_core.bring.errors import ImportRefused
from vae_core.bring.onnx_checks import MOST_BYTES
from vae_core.bring.onnx_roles import Roles, as_exported, find_roles, puts_of
from vae_core.checkpoints import CheckpointError
from vae_core.config import LIKELIHOODS
from vae_core.datasets import DatasetError, load_dataset
from vae_core.library import LONGEST_TITLE

MEGABYTES = MOST_BYTES // 2**20
NAME = "imported"  # of the folder in which a model is made, before the library gives it one


@dataclass(frozen=True)
class Loss:
    """What the model was trained with, as its owner says."""

    beta: float
    likelihood: str
    sigma_x: float


def show() -> None:
    """The files, the data, what was found, and the button."""
    missing = [name for name in ("onnx", "onnxruntime") if importlib.util.find_spec(name) is None]
    if missing:
        st.info(say("bring.onnx.missing", packages=" ".join(missing)))
        return
    st.markdown(say("bring.onnx.what"))
    left, right = st.columns(2)
    with left:
        encoder = _file("encoder")
    with right:
        decoder = _file("decoder")
    known = _data_sets()
    titles = {name: about.title for name, about in known.items()}
    name = st.selectbox(say("bring.data"), list(known), format_func=titles.__getitem__, key="bring-data")
    st.caption(say("bring.data.more"))
    if encoder is None or decoder is None or name is None:
        return
    try:
        roles = _confirmed(encoder, decoder, known[name].shape)
    except ImportRefused as error:
        st.error(sentence(str(error)))
        return
    title, loss = _asked()
    if st.button(say("bring.import"), type="primary", icon=":material/download:", key="bring-import"):
        _import(encoder, decoder, roles, name, title, loss)


def _file(kind: str) -> bytes | None:
    file = st.file_uploader(
        say(f"bring.onnx.{kind}"), type=["onnx"], max_upload_size=MEGABYTES, key=f"bring-{kind}"
    )
    return None if file is None else file.getvalue()


def _data_sets() -> dict[str, facts.Facts]:
    """The data sets that are at hand, by name."""
    offers = [*facts.built_in()]
    for name, _ in belongings.mine(owner.current()):
        try:
            offers.append(facts.stored_one(name))
        except DatasetError:
            continue  # deleted meanwhile, or damaged
    return {offer.facts.name: offer.facts for offer in offers if offer.picture is not None}


@st.cache_data(show_spinner=False, max_entries=16)
def _found(
    encoder: bytes, decoder: bytes, shape: tuple[int, ...], mu: str | None = None, second: str | None = None
) -> Roles:
    """As `find_roles`, which runs both graphs: a page is drawn anew at every key that is pressed."""
    return find_roles(encoder, decoder, shape, mu=mu, second=second)


def _confirmed(encoder: bytes, decoder: bytes, shape: tuple[int, ...]) -> Roles:
    """What stands for what, as found, or as the person says otherwise. Raises ImportRefused."""
    roles = _found(encoder, decoder, shape)
    # Of another file nothing was chosen yet.
    own = hashlib.sha256(encoder).hexdigest()[:12]
    with st.container(border=True):
        st.markdown(say("bring.found"))
        st.markdown("\n".join(f"- {plain(reason)}" for reason in roles.reasons))
        if roles.both:
            return roles
        names = [put.name for put in puts_of(encoder, "the encoder")[1]]
        mean, second, reading = st.columns(3)
        with mean:
            mu = st.selectbox("μ", names, index=names.index(roles.mu), key=f"bring-mu-{own}")
        with second:
            width = st.selectbox(say("bring.second"), names, index=names.index(roles.second), key=f"bring-second-{own}")
        with reading:
            labels = {kind: say(f"bring.reading.{kind}") for kind in READINGS}
            read = st.selectbox(
                say("bring.reading"), READINGS, index=READINGS.index(roles.reading), format_func=labels.__getitem__,
                key=f"bring-reading-{own}",
            )  # fmt: skip
    if (mu, width) != (roles.mu, roles.second):
        roles = _found(encoder, decoder, shape, mu, width)
    return replace(roles, reading=read)


def _asked() -> tuple[str, Loss]:
    title = st.text_input(
        say("bring.title"), value=say("bring.title.default"), max_chars=LONGEST_TITLE, key="bring-title"
    )
    st.caption(say("bring.loss"))
    first, second, third = st.columns(3)
    with first:
        beta = st.number_input("β", min_value=0.0, max_value=1e6, value=1.0, key="bring-beta")
    with second:
        names = {kind: say(f"bring.likelihood.{kind}") for kind in LIKELIHOODS}
        likelihood = st.selectbox(
            say("bring.likelihood"), LIKELIHOODS, format_func=names.__getitem__, key="bring-likelihood"
        )
    with third:
        sigma_x = st.number_input(
            "σ_x", min_value=0.001, max_value=1000.0, value=1.0, key="bring-sigma", disabled=likelihood != "gaussian"
        )
    return title, Loss(float(beta), str(likelihood), float(sigma_x))


def _import(encoder: bytes, decoder: bytes, roles: Roles, name: str, title: str, loss: Loss) -> None:
    place = st.empty()
    place.progress(0.0, say("bring.busy"))

    def report(share: float) -> None:
        place.progress(share, say("bring.busy"))

    try:
        kept = _kept(encoder, decoder, roles, name, title, loss, report)
    except (ImportRefused, CheckpointError, DatasetError, OSError) as error:
        place.empty()
        st.error(say("bring.failed", why=sentence(str(error))))
        return
    place.empty()
    controls.choose(kept)
    st.switch_page(frame.PAGES["map"], query_params={"model": kept})


def _kept(
    encoder: bytes,
    decoder: bytes,
    roles: Roles,
    name: str,
    title: str,
    loss: Loss,
    report: Callable[[float], None],
) -> str:
    """Encode, write and put into the library; the name that the model got there."""
    from vae_core.bring.export import export

    data = load_dataset(name)
    with tempfile.TemporaryDirectory() as scratch:
        folder = export(
            **as_exported(encoder, decoder, roles, data), data=data, name=NAME, title=title, out=scratch,
            beta=loss.beta, likelihood=loss.likelihood, sigma_x=loss.sigma_x, source="onnx", described="ONNX",
            variance=roles.variance, progress=report,
        )  # fmt: skip
        return library.keep(folder, title=title, owner=owner.current())
