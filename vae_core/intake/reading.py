"""From the files that came to an upload, by what the files are and not by what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vae_core.intake.arrays import npy_upload
from vae_core.intake.files import EXPECTED, File, kind_of
from vae_core.intake.idx import idx_upload, unpacked
from vae_core.intake.limits import LIMITS, IntakeError, Limits, megabytes
from vae_core.intake.npz import is_npz, npz_upload
from vae_core.intake.picture_files import files_upload, is_hidden, is_picture, zip_upload
from vae_core.intake.table_file import csv_table
from vae_core.intake.table_upload import TableUpload
from vae_core.intake.upload import Upload
from vae_core.intake.words import listed
from vae_core.intake.zipped import Zip


def read_upload(
    files: Sequence[tuple[str, bytes | Path]], *, samples: str | None = None, limits: Limits = LIMITS
) -> Upload:
    """What came, understood: names (with folders where a whole folder came) and contents, or where these are.

    One .npz, .npy, .zip or .csv; one or two IDX files; or several PNG and JPEG files. samples: the array of an .npz
    that holds the samples, where it is not the one that is taken for them. Raises IntakeError, one sentence.

    >>> read_upload([("points.csv", b"x,y\\n1,2\\n3,4\\n")]).samples
    2
    """
    came = [File(name, content) for name, content in files]
    if not came:
        raise IntakeError(f"{EXPECTED}, got no file")
    try:
        return _read(came, samples, limits)
    except MemoryError as error:
        raise IntakeError(
            f"{listed([file.name for file in came])}: expected files that fit into memory, got more"
        ) from error
    except OSError as error:
        raise IntakeError(
            f"{listed([file.name for file in came])}: expected to read it, but {error.strerror or error}"
        ) from error


def _read(came: list[File], samples: str | None, limits: Limits) -> Upload:
    size = sum(file.size for file in came)
    if size > limits.upload_bytes:
        raise IntakeError(f"expected files of at most {megabytes(limits.upload_bytes)} together, got {megabytes(size)}")
    if len(came) > limits.entries:
        raise IntakeError(f"expected at most {limits.entries:,} files, got {len(came):,}")
    if len(came) > 1 and any(is_picture(file.name) and not is_hidden(file.name) for file in came):
        return files_upload(came, limits)
    files, kinds = [], []
    for file in came:
        kind = kind_of(file)
        if kind == "gzip":
            file = unpacked(file, limits)
            kind = kind_of(file)
        files.append(file)
        kinds.append(kind)
    if set(kinds) == {"idx"}:
        return idx_upload(files, limits)
    if set(kinds) == {"picture"}:
        return files_upload(files, limits)
    if len(files) > 1:
        raise IntakeError(
            f"{EXPECTED}, got {len(files)} files that are not one data set: {listed([f.name for f in files])}"
        )
    return _read_one(files[0], kinds[0], samples, limits)


def _read_one(file: File, kind: str, samples: str | None, limits: Limits) -> Upload:
    if kind == "npy":
        return npy_upload(file, limits)
    if kind == "zip":
        archive = Zip(file, limits)
        return npz_upload(archive, file, limits, samples) if is_npz(archive) else zip_upload(archive, file, limits)
    if kind == "text":
        return TableUpload(csv_table(file, limits), title=file.title, limits=limits, labels={})
    raise IntakeError(f"{listed([file.name])}: {EXPECTED}, got a gzip file within another")
