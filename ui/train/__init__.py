"""The page Train: choose data, train a model on it, watch it learn, keep it."""
