"""The trainings of all who use this machine, without PyTorch: what was asked, the queue, what a folder holds."""

from vae_core.trainings.request import Request, TrainingsError
from vae_core.trainings.store import ACTIVE, MOST_OF_AN_OWNER, Training, Trainings

__all__ = ["ACTIVE", "MOST_OF_AN_OWNER", "Request", "Training", "Trainings", "TrainingsError"]
