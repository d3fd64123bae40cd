"""The latent map as a Streamlit component: Gaussians as ellipses, a point to drag, decoding in the browser."""

from ui.latent_canvas.component import CanvasEvents, latent_canvas

__all__ = ["CanvasEvents", "latent_canvas"]
