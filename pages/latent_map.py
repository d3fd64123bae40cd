"""The latent map: every sample's Gaussian as an ellipse, and a point to drag and decode."""

from ui import map_view, model_card, page
from ui.cache import OpenModel


def explore(model: OpenModel) -> None:
    beta = map_view.show_map(model)
    model_card.show(model, beta)


page.show_page("map", explore)
