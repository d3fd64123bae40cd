"""Your own model: bring a trained VAE from elsewhere."""

from ui.bring import page

page.show()
