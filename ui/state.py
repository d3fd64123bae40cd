"""The address: every query parameter that a page may carry, in one typed table for each page.

address.js writes the same names. What cannot be understood becomes a sentence for the page and is left out of the view.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ui.texts import FALLBACK, say_in

# Session keys. Widgets and components own theirs under these names.
MODEL = "model"
CHOSEN_MODEL = "chosen_model"  # the picker's last value; it outlives the picker of one page
CANVAS = "canvas"
START_CANVAS = "start_canvas"
STORY_CANVAS = "story_canvas"
LAST_VIEW = "last_view"  # the view as the browser last told it, for coming back to the page
ADDRESS = "address"  # what the address said when a page was first opened: page → (view, its parameters)
WEIGHT_CANVAS = "weight_canvas"
FRAMED = "framed"  # the frame has run in this session
LANGUAGE = "language"  # code of the language in use
LANGUAGE_PICKER = "language_picker"
UNKNOWN_LANGUAGE = "unknown_language"  # a language that the address names and nobody has written
OWNER = "owner"  # the token of this browser's owner (train/owner.py)
TRAIN_CANVAS = "train_canvas"
TRAIN_VIEW = "train_view"  # the live view as the browser last told it, for when it is made anew
TRAIN_STEPS = "train_steps"  # single steps that the live view has asked for so far: (of which view, how many)
TRAIN_OPENED = "train_opened"  # the training that was opened last, for coming back by the browser's Back
TRAIN_DATA = "train_data"  # the data set that is chosen on the page Train: a name, or "upload"
TRAIN_UPLOAD = "train_upload"  # what was made of the uploaded files (train/upload.py)
TRAIN_UPLOADS = "train_uploads"  # how often an upload has been used up: the uploader's key, so that it empties
UNKNOWN_MODEL = "unknown_model"  # a model that the address names and nobody has
CHOSEN_TITLE = "chosen_title"  # the title of the picker's last value, for when it is gone
GONE_MODEL = "gone_model"  # the title of the model that was on the page until somebody deleted it
UPLOADER = "uploader"  # counts the uploaders of models: each one that has done its work is followed by an empty one
REFUSED_UPLOAD = "refused_upload"  # the id of the file that was refused last, and why

K_RANGE = (0.25, 3.0)
Z_LIMIT = 10.0
MAX_PINS = 50


@dataclass(frozen=True)
class Limits:
    """What the model at hand allows."""

    beta_max: float
    samples: int
    classes: int
    latent_dim: int = 2


@dataclass(frozen=True)
class Parameter:
    """One query parameter: the view's field it sets, how its text is read, and the key of what is expected in words.

    `read` raises ValueError for any text that does not fit; `nearest` may then know what comes nearest to it.
    """

    field: str
    read: Callable[[str, Limits], Any]
    wanted: str
    nearest: Callable[[str], Any] | None = None

    def expected(self, limits: Limits, language: str = FALLBACK) -> str:
        """What must stand in the address, in plain words of a language."""
        return say_in(
            language,
            self.wanted,
            beta_max=f"{limits.beta_max:g}",
            last_class=limits.classes - 1,
            last_sample=f"{limits.samples - 1:,}",
            k_min=f"{K_RANGE[0]:g}",
            k_max=f"{K_RANGE[1]:g}",
            z_limit=f"{Z_LIMIT:g}",
            last_dimension=limits.latent_dim,
            steps=", ".join(STEPS),
        )


def read_view(
    params: Mapping[str, str],
    limits: Limits,
    parameters: Mapping[str, Parameter] | None = None,
    *,
    language: str = FALLBACK,
) -> tuple[dict[str, Any], list[str]]:
    """The part of the view that an address names, and one sentence for each parameter that was not understood.

    parameters: the page's own; those of the latent map where none are given. language: that of the sentences.
    """
    view: dict[str, Any] = {}
    complaints = []
    for name, parameter in (parameters or PARAMETERS).items():
        if name not in params:
            continue
        try:
            view[parameter.field] = parameter.read(params[name], limits)
        except ValueError:
            instead = say_in(language, "pages.address.left_out")
            if parameter.nearest is not None:
                view[parameter.field] = parameter.nearest(params[name])
                instead = say_in(language, "pages.address.showing", shown=view[parameter.field])
            complaints.append(
                say_in(
                    language,
                    "pages.address.complaint",
                    name=name,
                    text=_shorten(params[name]),
                    expected=parameter.expected(limits, language),
                    instead=instead,
                )
            )
    return view, complaints


def _shorten(text: str) -> str:
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError
        return value

    return read


def _beta(text: str, limits: Limits) -> float:
    return _number(0.0, limits.beta_max)(text)


def _numbers(text: str, count: int, limit: float) -> list[float]:
    read = _number(-limit, limit)
    values = [read(part) for part in text.split(",")]
    if len(values) != count:
        raise ValueError
    return values


def _index(text: str, count: int) -> int:
    value = int(text)
    if not 0 <= value < count:
        raise ValueError
    return value


def _indices(text: str, limits: Limits) -> list[int]:
    return sorted({_index(part, limits.classes) for part in text.split(",")})


def _choice(*options: str) -> Callable[[str, Limits], str]:
    def read(text: str, _: Limits) -> str:
        if text not in options:
            raise ValueError
        return text

    return read


def _flag(text: str, _: Limits) -> bool:
    return {"0": False, "1": True}[text] if text in ("0", "1") else _fail()


def _fail() -> bool:
    raise ValueError


def _bounds(text: str, _: Limits) -> list[float]:
    xmin, xmax, ymin, ymax = _numbers(text, 4, 1e4)
    if not (xmin < xmax and ymin < ymax):
        raise ValueError
    return [xmin, xmax, ymin, ymax]


def _pins(text: str, _: Limits) -> list[list[float]]:
    pins = [_numbers(pin, 2, Z_LIMIT) for pin in text.split(";")]
    if len(pins) > MAX_PINS:
        raise ValueError
    return pins


def _plane(text: str, limits: Limits) -> str:
    """What the browser calls it, from "pca", two dimensions "z4,z8" or three samples "s12,40,7"."""
    if text == "pca":
        return "pca"
    if text.startswith("s"):
        kind, count, numbers = "samples", 3, [_index(part, limits.samples) for part in text[1:].split(",")]
    else:
        kind, count, numbers = "dims", 2, [_dimension(part, limits) for part in text.split(",")]
    if len(set(numbers)) != count or len(numbers) != count:
        raise ValueError
    return f"{kind}:{','.join(map(str, numbers))}"


def _dimension(text: str, limits: Limits) -> int:
    """Counted from 0, from "z1" of the first."""
    if not text.startswith("z"):
        raise ValueError
    number = _index(text[1:], limits.latent_dim + 1)
    if number == 0:
        raise ValueError
    return number - 1


def _hold(text: str, limits: Limits) -> str:
    """ "sample", or values of dimensions: "z4:0.5;z8:-1" becomes "3:0.5;7:-1"."""
    if text == "sample":
        return text
    parts = [part.split(":") for part in text.split(";")]
    if not all(len(part) == 2 for part in parts):
        raise ValueError
    read = _number(-Z_LIMIT, Z_LIMIT)
    return ";".join(f"{_dimension(j, limits)}:{read(value):g}" for j, value in parts)


def _compared(text: str, limits: Limits) -> dict[str, Any]:
    beta, *rest = text.split(",")
    if rest not in ([], ["separate"]):
        raise ValueError
    return {"beta": _beta(beta, limits), "separate": bool(rest)}


PARAMETERS: dict[str, Parameter] = {
    "beta": Parameter("beta", _beta, "pages.address.beta"),
    "z": Parameter("z", lambda text, _: _numbers(text, 2, Z_LIMIT), "pages.address.z"),
    "k": Parameter("k", lambda text, _: _number(*K_RANGE)(text), "pages.address.k"),
    "show": Parameter("show", _choice("all", "class", "selected"), "pages.address.show"),
    "only": Parameter("only", lambda text, limits: _index(text, limits.classes), "pages.address.only"),
    "sample": Parameter("selected", lambda text, limits: _index(text, limits.samples), "pages.address.sample"),
    "colour": Parameter("colour", _choice("label", "rate"), "pages.address.colour"),
    "hide": Parameter("hidden", _indices, "pages.address.hide"),
    "grid": Parameter("grid", _flag, "pages.address.flag"),
    "cloud": Parameter("cloud", _flag, "pages.address.flag"),
    "view": Parameter("view", _bounds, "pages.address.view"),
    "pins": Parameter("pins", _pins, "pages.address.pins"),
    "path": Parameter("through", _choice("straight", "quantiles"), "pages.address.path"),
    "plane": Parameter("plane", _plane, "pages.address.plane"),
    "hold": Parameter("hold", _hold, "pages.address.hold"),
    "align": Parameter("align", _flag, "pages.address.flag"),
}

WEIGHT_PARAMETERS: dict[str, Parameter] = {
    **{name: PARAMETERS[name] for name in ("beta", "sample", "view", "plane", "hold", "align")},
    "ellipses": Parameter("ellipses", _flag, "pages.address.flag"),
    "separate": Parameter("separate", _flag, "pages.address.flag"),
    "compare": Parameter("compare", _compared, "pages.address.compare"),
}

# The steps of the story in their order; a number with q is the question that comes after that step.
STEPS = ("1", "2", "2q", "3", "4", "4q", "5", "5q", "6")


def _nearest_step(text: str) -> str:
    try:
        return str(round(min(max(float(text.strip("q")), 1), 6)))
    except ValueError:
        return STEPS[0]


STORY_PARAMETERS: dict[str, Parameter] = {
    **{name: PARAMETERS[name] for name in ("beta", "sample")},
    "step": Parameter("step", _choice(*STEPS), "pages.address.step", _nearest_step),
}

START_PARAMETERS: dict[str, Parameter] = {name: PARAMETERS[name] for name in ("beta", "z")}

# Fields of a view that mean the same for every model: not samples, classes and places on one model's map.
FOR_ANY_MODEL = frozenset({"beta", "z", "k", "colour", "grid", "cloud", "step", "ellipses"})


def for_any_model(view: Mapping[str, Any]) -> dict[str, Any]:
    """What of a view can go on when another model is shown."""
    return {field: value for field, value in view.items() if field in FOR_ANY_MODEL}


# The parameters of every page, by the page's kind of view.
PAGES = {"start": START_PARAMETERS, "story": STORY_PARAMETERS, "map": PARAMETERS, "weight": WEIGHT_PARAMETERS}
