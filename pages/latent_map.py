"""The latent map: every sample's Gaussian as an ellipse, and a point to drag and decode."""

from ui import map_view, model_card, page
from ui.cache import OpenModel

INTRODUCTION = (
    "Every sample became a small Gaussian, drawn as an ellipse: centre μ(x), size σ(x). **Drag the ring** to decode any"
    " place. **Move the β slider** to see what the KL term does."
)


def explore(model: OpenModel) -> None:
    beta = map_view.show_map(model)
    model_card.show(model, beta)


page.show_page("Latent map", INTRODUCTION, explore)
