"""Watching a training: the live view, fed while somebody looks, and what its buttons ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from ui import language, opening, state
from ui.language import say
from ui.latent_canvas import CanvasEvents, latent_canvas
from ui.latent_canvas.component import send
from ui.plain import sentence
from ui.train import facts, parts, runner
from vae_core.datasets import DatasetError, check_images
from vae_core.trainings import Training, TrainingsError

# Seconds between two looks at a training, by its status; those that have ended are not looked at again.
EVERY = {"waiting": 1.0, "running": 0.15, "paused": 0.2, "measuring": 0.5}

# Single steps that one message can ask for: more presses no hand makes between two looks.
MOST_STEPS = 50
# What the map's view consists of.
MAP_FIELDS = frozenset(parameter.field for parameter in state.PARAMETERS.values())


def show(training: Training, owner: str) -> None:
    """Mount the training's view; it is fed by itself for as long as the training is under way."""
    st.fragment(_look, run_every=EVERY.get(training.status))(training.id, owner, training.status)


def _look(identity: str, owner: str, status: str) -> None:
    """One look: what is new is sent, and a command is carried out."""
    trainings = runner.trainings()
    if status in EVERY:
        trainings.watch(identity)
    training = trainings.get(identity)
    # What stands around the view, and how often it is looked at, depend on the status.
    if training is None or EVERY.get(training.status) != EVERY.get(status):
        st.rerun()
    opened = parts.opening(training)
    if opened is None and training.status in ("failed", "interrupted"):
        _say_status(training)
        return
    # Before the first state there is the view already, and nothing on it: later nothing jumps.
    missing = _why_no_originals(training, opened) if opened else ""
    events = latent_canvas(_data(training, opened, missing), key=state.TRAIN_CANVAS, digest=identity, on_view=_remember)
    if opened is not None:
        with opening.parts():
            _send(training, opened, events, originals=not missing)
    _obey(identity, owner, events)


def _data(training: Training, opened: parts.Opening | None, missing: str) -> dict[str, Any]:
    """What the view is told in every run; opened: None before the first state."""
    names = ("step", "share", "epoch", "seconds", "seconds_left", "distortion", "rate")
    return {
        "kind": "train",
        "language": language.current(),
        "digest": training.id,
        "model": training.id,
        "table": len(opened.card["config"]["input_shape"]) == 1 if opened else _is_table(training.request.dataset),
        "title": training.request.title,
        "initial": _last_view(training.id),
        "start": min(opening.START_BETA, float(opened.card["config"]["beta_max"])) if opened else opening.START_BETA,
        "status": training.status,
        "place": training.place if _has_to_wait(training) else None,
        "measured": training.measured,
        "progress": training.progress and {name: training.progress.get(name) for name in names},
        "curve": training.curve,
        "states": training.states,
        "owner": True,
        "originals": not missing,
        "missing": missing,
        "message": training.message,
        "pace": training.pace,
        "renderer": st.query_params.get("renderer"),
    }


def _send(training: Training, opened: parts.Opening, events: CanvasEvents, *, originals: bool) -> None:
    """Mount the parts. What has not changed since the last run does not travel again."""
    send(opened.model, key=f"model-{training.id}")
    send(opened.codes, key=f"codes-{training.id}-0")
    if originals:
        send(parts.originals(training.request.dataset, training.id, opened.ids), key=f"originals-{training.id}-0")
    if newest := parts.newest(training, opened.card):
        send(newest, key=f"live-{training.id}")
    for index in events.wants_states:
        if moment := parts.stored(training, opened.card, index):
            send(moment, key=f"state-{training.id}-{index}")


def _obey(identity: str, owner: str, events: CanvasEvents) -> None:
    """Carry out what a button of the view asks for."""
    act = events.act
    if act is None:
        return
    trainings = runner.trainings()
    actions: dict[str, Callable[..., None]] = {
        "pause": trainings.pause,
        "go": trainings.go,
        "slow": trainings.slow,
        "step": trainings.step_once,
        "stop": trainings.stop,
        "resume": trainings.resume,
    }
    try:
        for _ in range(_times(act)):
            actions[act["action"]](identity, owner=owner)
    except (TrainingsError, OSError) as error:
        st.toast(say("train.refused", why=sentence(str(error))), icon=":material/error:")
        return
    if act["action"] in ("stop", "resume"):
        st.rerun()


def _times(act: Mapping[str, Any]) -> int:
    """How often an action is to be done: once, or as many single steps as were asked for since the last one heard of.

    Of two presses between two runs Streamlit passes on the second alone; so the view says how many steps it has asked
    for so far.
    """
    view, steps = act.get("view"), act.get("steps")
    if type(steps) is not int:
        return 1
    known_view, known = st.session_state.get(state.TRAIN_STEPS, (view, 0))
    st.session_state[state.TRAIN_STEPS] = (view, steps)
    if act["action"] != "step":
        return 1
    return min(max(steps - (known if known_view == view else 0), 0), MOST_STEPS)


def _remember() -> None:
    told = st.session_state[state.TRAIN_CANVAS].get("view")
    if isinstance(told, Mapping):
        st.session_state[state.TRAIN_VIEW] = dict(told)


def _last_view(identity: str) -> dict[str, Any]:
    """Where the view stood when it told last: it is made anew where the language changes, or on coming back."""
    told = st.session_state.get(state.TRAIN_VIEW) or {}
    if told.get("digest") != identity:
        return {}
    return {name: value for name, value in told.items() if name in MAP_FIELDS}


def _is_table(dataset: str) -> bool:
    """Whether the samples are rows of a table, before a worker has said so."""
    try:
        return facts.is_table(dataset)
    except (DatasetError, OSError):
        return False


def _has_to_wait(training: Training) -> bool:
    """Whether other trainings come first; one that may start at once does so within a second."""
    trainings = runner.trainings()
    return training.place is not None and training.place + len(trainings.busy()) > trainings.slots


def _say_status(training: Training) -> None:
    """A sentence in the view's place, where a training has ended before there was anything to draw."""
    if training.status == "failed":
        st.error(say("train.watch.failed", why=sentence(training.message)))
    else:
        st.warning(say("train.watch.interrupted"))


def _why_no_originals(training: Training, opened: parts.Opening) -> str:
    """ "" where the samples of the data set are at hand, else a few words."""
    try:
        check_images(training.request.dataset)
        parts.originals(training.request.dataset, training.id, opened.ids)
    except (DatasetError, OSError, ValueError):
        return say("pages.not_on_this_computer")
    return ""
