"""The address: every query parameter that a page may carry, in one typed table for each page.

address.js writes the same names. What cannot be understood becomes a sentence for the page and is left out of the view.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# Session keys. Widgets and components own theirs under these names.
MODEL = "model"
CHOSEN_MODEL = "chosen_model"  # the picker's last value; it outlives the picker of one page
CANVAS = "canvas"
START_CANVAS = "start_canvas"
STORY_CANVAS = "story_canvas"
LAST_VIEW = "last_view"  # the view as the browser last told it, for coming back to the page
ADDRESS = "address"  # what the address said when a page was first opened: page → (view, complaints)
WEIGHT_CANVAS = "weight_canvas"
FRAMED = "framed"  # the frame has run in this session
LANGUAGE = "language"  # code of the language in use
LANGUAGE_PICKER = "language_picker"
UNKNOWN_LANGUAGE = "unknown_language"  # a language that the address names and nobody has written
UNKNOWN_MODEL = "unknown_model"  # a model that the address names and nobody has

K_RANGE = (0.25, 3.0)
Z_LIMIT = 10.0
MAX_PINS = 50


@dataclass(frozen=True)
class Limits:
    """What the model at hand allows."""

    beta_max: float
    samples: int
    classes: int


@dataclass(frozen=True)
class Parameter:
    """One query parameter: the view's field it sets, how its text is read, and what is expected in plain words.

    `read` raises ValueError for any text that does not fit; `nearest` may then know what comes nearest to it.
    """

    field: str
    read: Callable[[str, Limits], Any]
    expected: Callable[[Limits], str]
    nearest: Callable[[str], Any] | None = None


def read_view(
    params: Mapping[str, str], limits: Limits, parameters: Mapping[str, Parameter] | None = None
) -> tuple[dict[str, Any], list[str]]:
    """The part of the view that an address names, and one sentence for each parameter that was not understood.

    parameters: the page's own; those of the latent map where none are given.
    """
    view: dict[str, Any] = {}
    complaints = []
    for name, parameter in (parameters or PARAMETERS).items():
        if name not in params:
            continue
        try:
            view[parameter.field] = parameter.read(params[name], limits)
        except ValueError:
            instead = "It was left out."
            if parameter.nearest is not None:
                view[parameter.field] = parameter.nearest(params[name])
                instead = f"Showing {view[parameter.field]}."
            complaints.append(
                f"The address says {name}={_shorten(params[name])}, but {name} must be {parameter.expected(limits)}."
                f" {instead}"
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


def _compared(text: str, limits: Limits) -> dict[str, Any]:
    beta, *rest = text.split(",")
    if rest not in ([], ["separate"]):
        raise ValueError
    return {"beta": _beta(beta, limits), "separate": bool(rest)}


def _says(text: str) -> Callable[[Limits], str]:
    return lambda _: text


PARAMETERS: dict[str, Parameter] = {
    "beta": Parameter("beta", _beta, lambda limits: f"a number from 0 to {limits.beta_max:g}, this model’s largest β"),
    "z": Parameter(
        "z",
        lambda text, _: _numbers(text, 2, Z_LIMIT),
        _says(f"two numbers from −{Z_LIMIT:g} to {Z_LIMIT:g} with a comma between, like 0.5,-1.2"),
    ),
    "k": Parameter("k", lambda text, _: _number(*K_RANGE)(text), _says("a number from 0.25 to 3")),
    "show": Parameter("show", _choice("all", "class", "selected"), _says("all, class or selected")),
    "only": Parameter(
        "only",
        lambda text, limits: _index(text, limits.classes),
        lambda limits: f"the number of a class, from 0 to {limits.classes - 1}",
    ),
    "sample": Parameter(
        "selected",
        lambda text, limits: _index(text, limits.samples),
        lambda limits: f"the number of a sample, from 0 to {limits.samples - 1:,}",
    ),
    "colour": Parameter("colour", _choice("label", "rate"), _says("label or rate")),
    "hide": Parameter(
        "hidden",
        _indices,
        lambda limits: f"numbers of classes, from 0 to {limits.classes - 1}, with commas between",
    ),
    "grid": Parameter("grid", _flag, _says("0 or 1")),
    "cloud": Parameter("cloud", _flag, _says("0 or 1")),
    "view": Parameter("view", _bounds, _says("four numbers xmin,xmax,ymin,ymax, the smaller of each pair first")),
    "pins": Parameter("pins", _pins, _says("points like 0,0;1,-0.5 with semicolons between")),
    "path": Parameter("through", _choice("straight", "quantiles"), _says("straight or quantiles")),
}

WEIGHT_PARAMETERS: dict[str, Parameter] = {
    **{name: PARAMETERS[name] for name in ("beta", "sample", "view")},
    "ellipses": Parameter("ellipses", _flag, _says("0 or 1")),
    "separate": Parameter("separate", _flag, _says("0 or 1")),
    "compare": Parameter(
        "compare",
        _compared,
        lambda limits: f"a β from 0 to {limits.beta_max:g}, with “,separate” behind it for the VAE trained there alone",
    ),
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
    "step": Parameter("step", _choice(*STEPS), _says(f"one of {', '.join(STEPS)}"), _nearest_step),
}

START_PARAMETERS: dict[str, Parameter] = {name: PARAMETERS[name] for name in ("beta", "z")}

# The parameters of every page, by the page's kind of view.
PAGES = {"start": START_PARAMETERS, "story": STORY_PARAMETERS, "map": PARAMETERS, "weight": WEIGHT_PARAMETERS}
