"""What is said where a model cannot be brought in."""


class ImportRefused(ValueError):
    """A model, its data or an option that cannot be used; the message is one sentence: what was expected, what came."""
