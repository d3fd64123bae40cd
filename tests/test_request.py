"""A request for a training: what is refused, its JSON, and the command that its worker gets."""

from dataclasses import replace
from pathlib import Path

import pytest

from vae_core.slug import LONGEST_NAME, slug
from vae_core.trainings import folder as names
from vae_core.trainings.request import Request, TrainingsError
from vae_core.trainings.worker_start import worker_command

REQUEST = Request(
    owner="me", dataset="digits", title="Digits", size="small", hidden=(16, 16), epochs=3, created=1000.0
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("owner", ""),
        ("dataset", "../digits"),
        ("dataset", "own-" + "f" * 99),
        ("title", " "),
        ("title", "a\x00b"),
        ("title", "half \ud800"),
        ("title", "x" * 201),
        ("hidden", ()),
        ("hidden", (16, 0)),
        ("hidden", (True,)),
        ("hidden", [16]),
        ("epochs", 0),
        ("epochs", 2.5),
        ("seconds", float("nan")),
        ("seconds", 0),
        ("likelihood", "poisson"),
        ("likelihood", ["gaussian"]),
        ("sigma_x", 0),
        ("sigma_x", float("inf")),
        ("seed", -1),
        ("seed", "1"),
        ("created", float("inf")),
    ],
)
def test_a_wrong_request_is_refused_by_the_name_of_its_field(field: str, value: object) -> None:
    length = {"epochs": None} if field == "seconds" else {}
    with pytest.raises(TrainingsError, match=field):
        replace(REQUEST, **{**length, field: value})


def test_a_request_has_one_length() -> None:
    with pytest.raises(TrainingsError, match="either seconds or epochs"):
        replace(REQUEST, seconds=3.0)
    with pytest.raises(TrainingsError, match="either seconds or epochs"):
        replace(REQUEST, epochs=None)


def test_a_request_survives_its_json() -> None:
    odd = replace(REQUEST, title='a/b.c "quoted" 🎉 <script>', sigma_x=0.3, seed=7)
    assert Request.from_json(odd.to_json()) == odd


def test_any_title_gives_a_plain_name_and_reaches_the_worker_whole(tmp_path: Path) -> None:
    for title in ("../../etc/passwd", "-rf", "数字", "🎉", "CON", "a" * 200, "Ünï.code"):
        name = slug(title)
        assert name.isascii()
        assert name.replace("-", "").isalnum()
        assert len(name) <= LONGEST_NAME
        assert f"--title={title}" in worker_command(tmp_path, replace(REQUEST, title=title))


def test_a_worker_is_told_to_resume_where_there_is_something_to_resume(tmp_path: Path) -> None:
    assert "--resume" not in worker_command(tmp_path, REQUEST)
    (tmp_path / names.RESUME).touch()
    assert "--resume" in worker_command(tmp_path, REQUEST)
