"""A worker's JSON lines: read on from where the last reading ended, torn or not, over several lives."""

import json
from itertools import pairwise
from pathlib import Path

from vae_core.trainings.progress_log import CURVE_POINTS, ProgressLog


def line(**facts: object) -> str:
    return json.dumps(facts) + "\n"


def progress(step: int, of: int = 10_000) -> str:
    return line(event="progress", step=step, share=step / of, seconds=step / 10, distortion=float(-step), rate=1.0)


def test_progress_is_read_on_from_where_the_last_reading_ended(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    log = ProgressLog(file)
    log.read()
    assert (log.life, log.progress, log.curve) == ("", None, [])
    whole = line(event="started") + progress(1) + progress(2)
    file.write_text(whole[:-9])
    log.read()
    assert [point[1] for point in log.curve] == [1]
    file.write_text(whole)
    log.read()
    assert [point[1] for point in log.curve] == [1, 2]


def test_lines_that_are_torn_or_odd_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    odd = '{"event": "progr\n[]\n"x"\n\n{"event": "progress", "step": NaN}\n{"event": 3}\n\xff\n'
    file.write_text(line(event="started") + odd + progress(5), encoding="latin-1")
    log = ProgressLog(file)
    log.read()
    assert (log.life, [point[1] for point in log.curve]) == ("started", [5])


def test_a_long_curve_keeps_points_from_its_start_to_its_newest(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    log = ProgressLog(file)
    for part in range(8):
        with file.open("a") as stream:
            stream.writelines(progress(step) for step in range(part * 1000 + 1, part * 1000 + 1001))
        log.read()
        steps = [point[1] for point in log.curve]
        assert CURVE_POINTS / 2 - 1 <= len(steps) <= CURVE_POINTS
        assert (steps[0], steps[-1]) == (1, part * 1000 + 1000)
        gaps = {after - before for before, after in pairwise(steps[:-1])}
        assert len(gaps) == 1, "evenly spaced but for the newest"


def test_a_resumed_training_goes_over_its_last_points_and_states_again(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    states = [line(event="state", index=k, step=100 * k, share=k / 39) for k in range(5)]
    file.write_text("".join([*states, progress(100), progress(400)]))
    log = ProgressLog(file)
    log.read()
    again = [line(event="starting"), progress(250), line(event="state", index=3, step=290, share=0.1)]
    with file.open("a") as stream:
        stream.writelines(again)
    log.read()
    assert [point[1] for point in log.curve] == [100, 250]
    assert [(state["index"], state["step"]) for state in log.states] == [(0, 0), (1, 100), (2, 200), (3, 290)]


def test_a_new_life_forgets_how_the_last_one_failed(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    file.write_text(line(event="failed", message="The disk is full."))
    log = ProgressLog(file)
    log.read()
    assert log.ended == {"event": "failed", "message": "The disk is full."}
    with file.open("a") as stream:
        stream.write(line(event="starting"))
    log.read()
    assert (log.life, log.ended) == ("starting", None)
