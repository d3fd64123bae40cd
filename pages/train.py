"""Train: choose data, train a model on it, watch it learn, keep it."""

from ui.train import page

page.show()
