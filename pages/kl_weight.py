"""The KL weight: the aggregate posterior against the prior while β turns."""

from ui import page, units, weight_view
from ui.cache import OpenModel


def explore(model: OpenModel) -> None:
    weight_view.show_weight(model)
    units.show(model.card)


page.show_page("weight", explore)
