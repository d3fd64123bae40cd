"""The KL weight: the aggregate posterior against the prior while β turns."""

from ui import page, units, weight_view
from ui.cache import OpenModel

INTRODUCTION = (
    "A variational autoencoder (VAE) turns each picture into a small cloud on a map, a Gaussian, and a place on the map"
    " back into a picture. It pays for two things: **pictures that come back wrong** (distortion D), and **clouds that"
    " differ from one standard cloud**, the prior N(0, I) (rate R). β is the price of the second: it minimises D + β·R."
    " **Turn β** and watch the average of all clouds, q(z), grow into the prior’s dotted circles."
)


def explore(model: OpenModel) -> None:
    weight_view.show_weight(model)
    units.show(model.card)


page.show_page("KL weight", INTRODUCTION, explore)
