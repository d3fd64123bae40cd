"""The loop of a training that can be watched, paused, slowed down, stepped and stopped while it runs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, TypedDict

from vae_core.engine.parallel import Group
from vae_core.training import Progress, Trainer
from vae_core.trainings import folder as names
from vae_core.worker.live_folder import LiveFolder, share_of_state, state_at
from vae_core.worker.stop_signal import StopSignal
from vae_core.worker.voices import Voice

SLICE_SECONDS = 0.05  # of training between two looks at what is asked for
SLOW_SECONDS = 0.25  # from one step to the next in slow motion
IDLE_SECONDS = 0.05  # between two looks while nothing is to be done
# A paused training that nobody looks at gives its place to others; it can be resumed.
PATIENCE_SECONDS = 15 * 60.0
# Slow motion is for eyes: where nobody has looked for so long, it runs at full speed until somebody does again.
SLOW_PATIENCE_SECONDS = 30.0

RUN, HOLD, STEP = "run", "hold", "step"  # what the loop may do next


class Bounds(TypedDict, total=False):
    """Of a slice of training, as `Trainer.advance` takes them."""

    steps: int
    seconds: float


class Worker:
    """One training from where it stands to its end, or to where it is stopped.

    folder: the training's folder, or None where nobody looks; between: called after every slice of training with the
    progress (drafts are saved there). All processes of `group` run the same loop; the one that writes decides, and it
    alone has the folder: `stores` says to all whether there is one.
    """

    def __init__(
        self,
        trainer: Trainer,
        voice: Voice,
        *,
        group: Group,
        stop: StopSignal,
        folder: LiveFolder | None = None,
        stores: bool | None = None,
        between: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self._trainer, self._voice, self._group, self._stop = trainer, voice, group, stop
        self._folder, self._between = folder, between
        self._stores = folder is not None if stores is None else stores
        self._pace, self._steps_done = "run", 0
        self._next_slow = self._seen_at = 0.0
        self.facts = self._facts(None)
        self.parked = False

    def train(self) -> bool:
        """Train; returns whether it came to the end, which it does not where it is stopped or `parked`."""
        self._begin()
        while not self._trainer.done:
            if self._group.any(self._is_stopped()):
                break
            todo = self._agreed(self._next())
            if self._group.any(self.parked):
                break
            if todo == HOLD:
                time.sleep(IDLE_SECONDS)
                continue
            self._advance(todo)
        self._end()
        return self._trainer.done

    def _is_stopped(self) -> bool:
        return self._stop.asked or (self._folder is not None and self._folder.stop_asked())

    def _next(self) -> str:
        """What is asked for now; also sees to it that what is on disk is up to date before a pause."""
        if self._folder is None:
            return RUN
        pace, steps = names.read_control(self._folder.folder)
        if pace != self._pace:
            self._change(pace)
        if pace == "pause":
            if self._steps_done < steps:
                self._steps_done += 1
                return STEP
            self.parked = self._unwatched(self._folder) > PATIENCE_SECONDS
            return HOLD
        self._steps_done = steps
        if pace == "run" or self._unwatched(self._folder) > SLOW_PATIENCE_SECONDS:
            return RUN
        if time.monotonic() < self._next_slow:
            return HOLD
        self._next_slow = time.monotonic() + SLOW_SECONDS
        return STEP

    def _unwatched(self, folder: LiveFolder) -> float:
        """Seconds since somebody last looked, or changed the pace."""
        now = time.monotonic()
        if folder.watched():
            self._seen_at = now
        return now - self._seen_at

    def _change(self, pace: str) -> None:
        assert self._folder is not None
        self._pace, self._seen_at = pace, time.monotonic()
        self.facts["pace"] = pace
        if pace == "pause":
            self._folder.write_live(self._trainer, self.facts)
            self._folder.write_resume(self._trainer)
        self._tell()

    def _agreed(self, todo: str) -> str:
        """What the process that writes wants to do, in all of them."""
        if self._group.any(self._group.writes and todo == HOLD):
            return HOLD
        return STEP if self._group.any(self._group.writes and todo == STEP) else RUN

    def _advance(self, todo: str) -> None:
        single = todo == STEP
        bounds: Bounds = {"steps": 1} if single else self._slice()
        progress = self._trainer.advance(**bounds)
        self.facts = self._facts(progress)
        shown = single and (self._pace == "pause" or (self._folder is not None and self._folder.watched()))
        self._voice.progress(self.facts, now=shown)
        if self._folder is not None:
            self._write(self._folder, now=shown)
        self._between(progress)

    def _slice(self) -> Bounds:
        """How far to train at once: no farther than to the next state to be stored, the same in all processes."""
        trainer = self._trainer
        if not self._stores:
            return {"seconds": SLICE_SECONDS}
        share = share_of_state(state_at(trainer.share) + 1)
        if trainer.steps is not None:
            return {"seconds": SLICE_SECONDS, "steps": max(1, math.ceil(share * trainer.steps) - trainer.step)}
        length = trainer.options.seconds or 0.0
        return {"seconds": min(SLICE_SECONDS, max(0.0, share * length - trainer.seconds))}

    def _write(self, folder: LiveFolder, *, now: bool) -> None:
        if now or folder.live_is_due():
            folder.write_live(self._trainer, self.facts)
        index = folder.state_is_due(self._trainer.share)
        if index is not None:
            self._write_state(folder, index)
        if folder.resume_is_due():
            folder.write_resume(self._trainer)

    def _write_state(self, folder: LiveFolder, index: int) -> None:
        folder.write_state(index, self._trainer, self.facts)
        self._voice.say("state", index=index, step=self._trainer.step, share=round(self._trainer.share, 6))

    def _begin(self) -> None:
        folder = self._folder
        if folder is None:
            return
        self._pace, _ = names.read_control(folder.folder)
        self.facts["pace"] = self._pace
        self._seen_at = time.monotonic()
        folder.write_live(self._trainer, self.facts)
        folder.pass_over(self._trainer.share)
        first = folder.state_is_due(self._trainer.share)
        if first is not None:
            self._write_state(folder, first)
        folder.write_resume(self._trainer)

    def _end(self) -> None:
        folder = self._folder
        self._tell()
        if folder is None:
            return
        folder.write_live(self._trainer, self.facts)
        folder.write_resume(self._trainer)
        last = None if self.parked else folder.last_index(self._trainer)
        if last is not None:
            self._write_state(folder, last)

    def _tell(self) -> None:
        if self.facts["distortion"] is not None:
            self._voice.progress(self.facts, now=True)

    def _facts(self, progress: Progress | None) -> dict[str, Any]:
        """Where the training stands, for JSON; D and R are None before the first step of this process."""
        trainer = self._trainer
        return {
            "step": trainer.step,
            "steps": trainer.steps,
            "share": round(trainer.share, 6),
            "epoch": trainer.epoch,
            "epochs": None if trainer.steps is None else trainer.options.epochs,
            "seconds": round(trainer.seconds, 3),
            "seconds_left": None if progress is None else round(progress.seconds_left, 3),
            "distortion": None if progress is None else progress.distortion,
            "rate": None if progress is None else progress.rate,
            "pace": self._pace,
        }
