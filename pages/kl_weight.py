"""The KL weight: the aggregate posterior against the prior while β turns."""

from ui import page, units, weight_view
from ui.cache import OpenModel

INTRODUCTION = (
    "A VAE pays for two things: **how badly it reconstructs** (distortion D) and **how far its Gaussians are from the"
    " prior** N(0, I) (rate R). β is the price of the second: it minimises D + β·R. **Turn β** and watch all samples’"
    " Gaussians together, their average q(z), grow into the prior’s dashed circles."
)


def explore(model: OpenModel) -> None:
    weight_view.show_weight(model)
    units.show(model.card)


page.show_page("KL weight", INTRODUCTION, explore)
