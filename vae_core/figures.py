"""Plotly figures for notebooks: the latent map, marginals, dimensions, the rate–distortion curve, decodes.

Arrays in, `plotly.graph_objects.Figure` out. Plotly is imported when a figure is made, and nothing else of a screen is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae_core.palette import TEN
from vae_core.posterior import AggregatePosterior
from vae_core.projection import Plane, dimension_table, ellipse_axes, project_codes, ranked

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from vae_core.checkpoints import Codes
    from vae_core.checkpoints.decoding import Decoder

MOST_ELLIPSES = 2_000  # of a figure: more are neither seen nor quick to draw
CORNERS = 33  # of the polygon that stands for an ellipse, its first one twice
START_BETA = 1.0  # where the loss is the true ELBO
CURVE_POINTS = 401


def latent_map(
    codes: Codes,
    *,
    beta: float | None = None,
    plane: Plane | None = None,
    label_names: Sequence[str] | None = None,
    k: float = 1.0,
    most: int = MOST_ELLIPSES,
) -> Figure:
    """Every sample's Gaussian as an ellipse with semi-axes k σ, by class, over the prior's circles at 1, 2 and 3 σ.

    beta: the model's nearest to 1 where none is given. plane: of more than two dimensions; None is the plane of the two
    dimensions of the largest KL. most: of more samples evenly spaced ones are drawn, and the title says how many.
    """
    import plotly.graph_objects as go

    beta, mu, sigma = _at(codes, beta)
    rows = np.linspace(0, len(mu) - 1, min(most, len(mu))).astype(np.int64)
    seen = plane or default_plane(mu, sigma)
    centres, covariance = project_codes(seen, mu[rows], sigma[rows])
    outlines = ellipses(centres, covariance, k)
    figure = go.Figure()
    angle = np.linspace(0, 2 * np.pi, 121)
    for radius in (1, 2, 3):
        figure.add_scatter(
            x=radius * np.cos(angle), y=radius * np.sin(angle), mode="lines", showlegend=False, hoverinfo="skip",
            line={"color": "#8a8f9c", "width": 1, "dash": "dot"},
        )  # fmt: skip
    labels = codes.labels[rows]
    for label in np.unique(labels):
        chosen = outlines[labels == label]
        # One trace per class: its ellipses are one line with gaps.
        path = np.concatenate([chosen, np.full((len(chosen), 1, 2), np.nan)], axis=1).reshape(-1, 2)
        name = str(label_names[label]) if label_names is not None else str(label)
        figure.add_scatter(
            x=path[:, 0], y=path[:, 1], mode="lines", name=name, hoverinfo="name", opacity=0.6,
            line={"color": TEN[label % len(TEN)], "width": 1},
        )  # fmt: skip
    count = f"{len(mu):,} samples" if len(rows) == len(mu) else f"{len(rows):,} of {len(mu):,} samples"
    names = axis_names(seen)
    figure.update_layout(title=f"β = {beta:g}, {count}", template="plotly_white", width=720, height=700)
    figure.update_xaxes(title=names[0], zeroline=False)
    figure.update_yaxes(title=names[1], zeroline=False, scaleanchor="x", scaleratio=1)
    return figure


def marginals(codes: Codes, *, beta: float | None = None, dimensions: Sequence[int] | None = None) -> Figure:
    """The aggregate posterior's marginals q(z_j), exactly, over N(0, 1).

    dimensions: counted from 0; the two of the largest KL where none are given.
    """
    import plotly.graph_objects as go

    beta, mu, sigma = _at(codes, beta)
    chosen = list(ranked(dimension_table(mu, sigma))[:2] if dimensions is None else dimensions)
    q = AggregatePosterior(mu, sigma)
    reach = 1.1 * float(max(4.0, np.abs(mu[:, chosen]).max()))
    x = np.linspace(-reach, reach, CURVE_POINTS)
    figure = go.Figure()
    for place, j in enumerate(chosen):
        colour = {"color": TEN[place % len(TEN)], "width": 2}
        figure.add_scatter(x=x, y=q.marginal(j, x), mode="lines", name=f"q(z{j + 1})", line=colour)
    prior = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    figure.add_scatter(x=x, y=prior, mode="lines", name="N(0, 1)", line={"color": "#444", "dash": "dash", "width": 2})
    figure.update_layout(title=f"Marginals of q(z), β = {beta:g}", template="plotly_white")
    figure.update_xaxes(title="z")
    figure.update_yaxes(title="density")
    return figure


def dimensions(codes: Codes, *, beta: float | None = None) -> Figure:
    """The mean KL of each dimension to N(0, 1), the largest first; collapsed dimensions are grey."""
    import plotly.graph_objects as go

    beta, mu, sigma = _at(codes, beta)
    table = dimension_table(mu, sigma)
    order = ranked(table)
    colours = [TEN[0] if table[j]["active"] else "#b8bcc6" for j in order]
    figure = go.Figure(
        go.Bar(x=[f"z{j + 1}" for j in order], y=[table[j]["kl"] for j in order], marker={"color": colours})
    )
    active = sum(row["active"] for row in table)
    title = f"{active} of {len(table)} dimensions are in use, β = {beta:g}"
    figure.update_layout(title=title, template="plotly_white")
    figure.update_yaxes(title="KL to the prior, nats per sample")
    return figure


def rate_distortion(card: Mapping[str, Any]) -> Figure:
    """Distortion against rate along beta, in nats per sample, of training and of held-out samples."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for part, name, colour in (("train", "training samples", TEN[0]), ("test", "held-out samples", TEN[1])):
        points = [(point["beta"], point[part]) for point in card["curve"] if part in point]
        if points:
            figure.add_scatter(
                x=[found["rate"] for _, found in points], y=[found["distortion"] for _, found in points],
                mode="lines+markers", name=name, marker={"color": colour}, line={"color": colour},
                text=[f"β = {beta:g}" for beta, _ in points], hovertemplate="%{text}<br>R %{x:.2f}, D %{y:.2f}",
            )  # fmt: skip
    figure.update_layout(title=f"Rate and distortion: {card['title']}", template="plotly_white")
    figure.update_xaxes(title="rate R, nats per sample")
    figure.update_yaxes(title="distortion D, nats per sample")
    return figure


def decodes(
    decoder: Decoder,
    *,
    beta: float | None = None,
    plane: Plane | None = None,
    extent: tuple[float, float, float, float] = (-3.0, 3.0, -3.0, 3.0),
    n: int = 15,
) -> Figure:
    """n by n decodes of a plane as one picture, for models of pictures. plane: None is the plane of two dimensions.

    Raises ValueError where the samples are rows of a table.
    """
    import plotly.graph_objects as go

    from vae_core.traversal import grid

    points = grid(extent, n).reshape(-1, 2)
    images = decoder.decode(points if plane is None else plane.lift(points), beta)
    if images.ndim < 3:
        raise ValueError(f"expected a decoder of pictures, got one of rows of {images.shape[1]} numbers")
    height, width, *colours = images.shape[1:]
    sheet = images.reshape(n, n, height, width, *colours).swapaxes(1, 2).reshape(n * height, n * width, *colours)
    values = np.rint(np.clip(sheet, 0, 1) * 255).astype(np.uint8)
    pixels = values if colours else np.repeat(values[..., None], 3, axis=2)
    left, right, bottom, top = extent
    steps = (right - left) / (n * width), (top - bottom) / (n * height)
    figure = go.Figure(go.Image(z=pixels, x0=left + steps[0] / 2, dx=steps[0], y0=top - steps[1] / 2, dy=-steps[1]))
    names = ("z1", "z2") if plane is None else axis_names(plane)
    figure.update_layout(template="plotly_white", width=640, height=640)
    figure.update_xaxes(title=names[0], range=[left, right])
    figure.update_yaxes(title=names[1], range=[bottom, top], scaleanchor=None)
    return figure


def default_plane(mu: NDArray[Any], sigma: NDArray[Any]) -> Plane:
    """The plane of the two dimensions of the largest KL; of two dimensions the only one, as it is."""
    d = mu.shape[1]
    first, second, *_ = ranked(dimension_table(mu, sigma)) if d > 2 else (0, 1)
    return Plane.of_dimensions(first, second, d)


def axis_names(plane: Plane) -> tuple[str, str]:
    """ "z1" of the first dimension; "direction 1" and 2 where an axis is none."""
    names = []
    for place, axis in enumerate(plane.axes, start=1):
        whole = np.flatnonzero(axis == 1)
        names.append(f"z{whole[0] + 1}" if len(whole) else f"direction {place}")
    return names[0], names[1]


def ellipses(centres: NDArray[Any], covariance: NDArray[Any], k: float) -> NDArray[np.float64]:
    """Outlines [N, CORNERS, 2] of the k σ ellipses of Gaussians with centres [N, 2] and covariances [N, 2, 2]."""
    semi, angle = ellipse_axes(covariance)
    t = np.linspace(0, 2 * np.pi, CORNERS)
    u, v = k * semi[:, :1] * np.cos(t), k * semi[:, 1:] * np.sin(t)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    outlines: NDArray[np.float64] = np.stack([u * cos - v * sin, u * sin + v * cos], axis=-1) + centres[:, None]
    return outlines


def _at(codes: Codes, beta: float | None) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    chosen = float(codes.betas[codes.nearest(START_BETA)]) if beta is None else float(beta)
    mu, sigma = codes.at_beta(chosen)
    return chosen, mu.astype(np.float64), sigma.astype(np.float64)
