"""The page that brings a model from elsewhere."""
