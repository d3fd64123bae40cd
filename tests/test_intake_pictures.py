"""Picture files that a person brings, one by one or in a zip: sizes, colour, folders, and what is refused unread."""

import io
import struct
import zipfile
import zlib
from dataclasses import replace

import numpy as np
import pytest
from intake_files import colour, encoded, grey, jpeg, made, npy, png, png_header, refused, steps, zipped
from PIL import Image

from vae_core.intake import IntakeError, Limits, read_upload


def folders(count: int = 60) -> dict[str, bytes]:
    """Pictures in the folders b, c and a."""
    return {f"{'bca'[i % 3]}/{i}.png": png(picture) for i, picture in enumerate(grey(count))}


def test_a_zip_of_pictures_has_its_folders_as_labels() -> None:
    data = made(("letters.zip", zipped(folders())))
    assert data.title == "letters"
    assert data.label_names == ("a", "b", "c")
    pictures = grey(60)
    for label, image in zip(data.labels, data.images, strict=True):
        place = int(np.flatnonzero((pictures == image).all(axis=(1, 2)))[0])
        assert data.label_names[label] == "bca"[place % 3]


@pytest.mark.parametrize(
    "prefix", ["", "all/", "deep/er/", "windows\\"], ids=["none", "one folder", "two folders", "backslashes"]
)
def test_folders_that_are_the_same_for_all_are_no_labels(prefix: str) -> None:
    data = made(("a.zip", zipped({prefix + path: content for path, content in folders().items()})))
    assert data.label_names == ("a", "b", "c")


def test_train_and_test_folders_are_looked_through_for_classes() -> None:
    files = {f"{'train' if i % 4 else 'test'}/{'xy'[i % 2]}/{i}.png": png(p) for i, p in enumerate(grey(60))}
    assert made(("a.zip", zipped(files))).label_names == ("x", "y")


def test_pictures_beside_the_folders_are_unlabelled_and_one_folder_is_no_label() -> None:
    assert made(("a.zip", zipped({**folders(), "0.png": png(grey(1)[0])}))).label_names == ("a", "b", "c", "unlabelled")
    assert made(("a.zip", zipped({f"a/{i}.png": png(p) for i, p in enumerate(grey(4))}))).label_names == ("all",)


def test_what_the_system_adds_is_left_out_silently_and_other_files_are_counted() -> None:
    extra = {"__MACOSX/a/._0.png": b"x", "a/.DS_Store": b"x", "a/Thumbs.db": b"x", "readme.txt": b"x", "a/z.gif": b"x"}
    upload = read_upload([("a.zip", zipped({**folders(), **extra}))])
    assert upload.samples == 60
    assert upload.steps(upload.defaults())[0].values == {"count": 2, "example": "readme.txt"}


def test_several_files_are_a_data_set_and_a_folder_of_them_has_labels() -> None:
    assert made(*((f"{i}.png", png(picture)) for i, picture in enumerate(grey(4)))).label_names == ("all",)
    data = made(*((f"mine/{path}", content) for path, content in folders(6).items()))
    assert (data.title, data.label_names) == ("mine", ("a", "b", "c"))


def test_pictures_are_in_the_order_in_which_people_count() -> None:
    files = {f"{i}.png": png(picture) for i, picture in enumerate(grey(12))}
    assert np.array_equal(made(("a.zip", zipped(dict(sorted(files.items()))))).images, grey(12))


def test_colour_is_kept_where_there_is_some_and_can_be_given_up() -> None:
    upload = read_upload([("a.zip", zipped({f"{i}.png": png(p) for i, p in enumerate(colour(4))}))])
    choices = upload.defaults()
    assert choices.colour
    assert np.array_equal(upload.dataset(choices).images, colour(4))
    grey_one = upload.dataset(replace(choices, colour=False)).images
    expected = colour(4) @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey_one - expected).max() <= 1


def test_pictures_that_are_only_stored_in_colour_become_grey() -> None:
    upload = read_upload([("a.zip", zipped({f"{i}.png": png(np.stack([p] * 3, 2)) for i, p in enumerate(grey(4))}))])
    assert upload.has_colour
    assert not upload.defaults().colour
    assert np.array_equal(upload.dataset(upload.defaults()).images, grey(4))


def test_mixed_sizes_are_told_and_resized_unless_one_says_otherwise() -> None:
    files = {f"{i}.png": png(grey(1, 40 + i, 90, seed=i)[0]) for i in range(6)}
    upload = read_upload([("a.zip", zipped(files))])
    assert upload.sizes == {(40 + i, 90, 1): 1 for i in range(6)}
    data = upload.dataset(upload.defaults())
    assert max(data.input_shape) == 64
    resize = next(step for step in upload.steps(upload.defaults()) if step.kind == "resize")
    assert resize.values["sizes"] == 6
    with pytest.raises(IntakeError, match="one size, got 6 sizes, from 90×40 to 90×45"):
        upload.dataset(replace(upload.defaults(), size=None))
    with pytest.raises(IntakeError, match="at most 64×64 pixels, got 65×64"):
        upload.steps(replace(upload.defaults(), size=(64, 65)))


def test_a_picture_of_another_shape_is_cut_at_its_edges_or_gets_borders() -> None:
    wide = np.full((30, 60), 200, np.uint8)
    wide[:, :15] = wide[:, 45:] = 10
    tall = np.full((60, 30), 90, np.uint8)
    upload = read_upload([("a.zip", zipped({"0.png": png(wide), "1.png": png(tall)}))])
    choices = replace(upload.defaults(), size=(28, 28))
    cut = upload.dataset(replace(choices, fit="crop")).images
    assert (cut[0] == 200).all()
    whole = upload.dataset(replace(choices, fit="pad")).images[0]
    assert (whole[:7] == 10).all()  # its own ground, above and below
    assert (whole[10:18, :6] == 10).all()
    assert (whole[10:18, 10:18] == 200).all()


def test_transparent_pictures_are_laid_on_white() -> None:
    clear = np.zeros((12, 10, 4), np.uint8)
    clear[:6] = (255, 0, 0, 255)
    data = made(("a.zip", zipped({"0.png": png(clear), "1.png": png(colour(1)[0])})))
    assert (data.images[0][:6] == (255, 0, 0)).all()
    assert (data.images[0][6:] == 255).all()


def test_sixteen_bits_palettes_and_single_bits_are_read() -> None:
    deep = (np.arange(120, dtype=np.uint16) * 546).reshape(12, 10)
    files = {
        "0.png": png(deep),
        "1.png": encoded(Image.fromarray(colour(1)[0]).quantize(8), "PNG"),
        "2.png": encoded(Image.fromarray(grey(1)[0]).convert("1"), "PNG"),
    }
    upload = read_upload([("a.zip", zipped(files))])
    images = upload.dataset(replace(upload.defaults(), colour=False)).images
    assert np.array_equal(images[0], deep >> 8)
    assert set(np.unique(images[2])) == {0, 255}


def test_a_photo_is_turned_as_its_camera_says() -> None:
    upright = np.zeros((40, 20), np.uint8)
    upright[:20] = 255
    turned = Image.fromarray(np.rot90(upright))  # as a camera held sideways stores it
    exif = Image.Exif()
    exif[0x0112] = 6
    files = {f"{i}.jpg": encoded(turned, "JPEG", exif=exif, quality=95) for i in range(2)}
    files["2.jpg"] = encoded(turned, "JPEG")
    upload = read_upload([("a.zip", zipped(files))])
    assert upload.sizes == {(40, 20, 1): 2, (20, 40, 1): 1}
    images = upload.dataset(replace(upload.defaults(), size=(20, 20), fit="crop")).images
    assert images[0][:9].mean() > 240
    assert images[0][11:].mean() < 15


def test_a_jpeg_with_a_long_header_is_read() -> None:
    exif = Image.Exif()
    exif[0x010E] = "x" * 20_000
    files = {f"{i}.jpg": jpeg(picture, exif=exif) for i, picture in enumerate(colour(3))}
    assert read_upload([("a.zip", zipped(files))]).sizes == {(12, 10, 3): 3}


def test_the_contact_sheet_shows_pictures_as_they_will_be() -> None:
    upload = read_upload([("a.zip", zipped(folders(5)))])
    sheet = upload.preview(upload.defaults()).sheet
    assert sheet is not None
    assert sheet.shape[2] == 3
    first = upload.dataset(upload.defaults()).images[0]
    assert np.array_equal(sheet[2 : 2 + 12 * 4 : 4, 2 : 2 + 10 * 4 : 4, 0], first)


# What cannot be used.


def test_a_zip_without_pictures_says_what_is_in_it() -> None:
    sentence = refused(("a.zip", zipped({"a.txt": b"x", "b.txt": b"x"})))
    assert sentence == "'a.zip': expected PNG or JPEG pictures in the zip archive, got 2 other files ('.txt')"
    assert "got an empty one" in refused(("a.zip", zipped({})))
    assert "upload that file itself" in refused(("a.zip", zipped({"a.csv": b"a,b\n1,2\n"})))


def test_a_truncated_picture_is_named() -> None:
    files = folders(6)
    files["b/3.png"] = files["b/3.png"][:-40]
    assert "'b/3.png': expected a complete PNG or JPEG picture, got a damaged one" in refused(("a.zip", zipped(files)))
    files["b/3.png"] = files["b/3.png"][:20]
    assert "'b/3.png': expected a complete PNG or JPEG picture" in refused(("a.zip", zipped(files)))
    files["b/3.png"] = b""
    assert "got an empty file" in refused(("a.zip", zipped(files)))
    files["b/3.png"] = npy(grey(4))
    assert "got something else" in refused(("a.zip", zipped(files)))


def test_a_picture_of_a_hundred_megapixels_is_refused_by_its_header() -> None:
    sentence = refused(("a.zip", zipped({**folders(3), "huge.png": png_header(10_000, 10_000)})))
    assert sentence == "'huge.png': expected a picture of at most 25 megapixels, got 100 (10,000×10,000)"


def test_a_picture_whose_data_is_larger_than_its_header_says_does_no_harm() -> None:
    small = png(grey(1)[0])
    start = small.index(b"IDAT") - 4
    body = b"IDAT" + zlib.compress(b"\0" * 5_000_000)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = small.index(b"IEND") - 4
    files = {"0.png": small, "1.png": small[:start] + chunk + small[end:]}
    assert made(("a.zip", zipped(files))).images.shape == (2, 12, 10)


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    bomb = zipped({**folders(3), "bomb.png": bytes(30_000_000)})
    assert len(bomb) < 100_000
    sentence = refused(("a.zip", bomb), limits=Limits(ratio_from=1_000_000))
    assert "expected to unpack to at most 200 times its size, got 30.0 MB" in sentence
    sentence = refused(("a.zip", bomb), limits=Limits(unpacked_bytes=20_000_000))
    assert "expected at most 20.0 MB unpacked, got 30.0 MB" in sentence


def test_a_zip_that_lies_about_its_sizes_unpacks_no_more_than_it_says() -> None:
    content = bytearray(zipped({"0.png": png(grey(1)[0]), "1.png": bytes(3_000_000)}))
    for at in (i for i in range(len(content) - 4) if content[i : i + 4] == struct.pack("<I", 3_000_000)):
        content[at : at + 4] = struct.pack("<I", 1_000)
    assert "expected" in refused(("a.zip", bytes(content)))


@pytest.mark.parametrize("path", ["../out.png", "a/../../out.png", "/etc/out.png", "C:\\out.png", "..\\out.png"])
def test_a_zip_with_a_path_out_of_itself_is_refused(path: str) -> None:
    sentence = refused(("a.zip", zipped({**folders(3), path: png(grey(1)[0])})))
    assert sentence.startswith("'a.zip': expected paths within the archive, got one that leads out of it")


def test_too_many_files_are_refused() -> None:
    assert "at most 50 files in a zip archive, got 60" in refused(
        ("a.zip", zipped(folders())), limits=Limits(entries=50)
    )


def test_an_encrypted_zip_is_refused() -> None:
    content = bytearray(zipped(folders(2)))
    for start in (b"PK\x03\x04", b"PK\x01\x02"):
        offset = 6 if start[2] == 3 else 8
        at = content.find(start)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(start, at + 1)
    assert "without a password" in refused(("a.zip", bytes(content)))


def test_one_picture_and_pictures_all_the_same_are_refused() -> None:
    assert "at least 2 pictures to train on, got 1" in refused(("a.png", png(grey(1)[0])))
    same = {f"{i}.png": png(grey(1)[0]) for i in range(5)}
    assert refused(("a.zip", zipped(same))) == "'a': expected samples that differ, got 5 all the same"


def test_more_samples_than_fit_are_drawn_from_and_that_is_said() -> None:
    limits = Limits(unpacked_bytes=40 * 120)
    upload = read_upload([(f"{i}.png", png(picture)) for i, picture in enumerate(grey(60))], limits=limits)
    assert upload.defaults().limit == 40
    assert len(upload.dataset(upload.defaults()).images) == 40
    with pytest.raises(IntakeError, match="choose a smaller size or fewer samples"):
        upload.dataset(replace(upload.defaults(), limit=None))


def test_labels_that_are_html_stay_text_and_lose_control_characters_only() -> None:
    names = ["<script>alert(1)</script>", "👩‍🚀", "a\x07b", "x" * 300]
    files = {f"{name.replace('/', '∕')}/{i}.png": png(p) for i, p in enumerate(grey(8)) for name in [names[i % 4]]}
    labels = made(("a.zip", zipped(files))).label_names
    assert set(labels) == {"<script>alert(1)<∕script>", "👩‍🚀", "ab", "x" * 59 + "…"}


def test_nothing_is_unpacked_to_disk(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("extract", "extractall"):
        monkeypatch.setattr(zipfile.ZipFile, name, lambda *_, **__: pytest.fail("unpacked to disk"))
    assert io.BytesIO(zipped(folders(3))).getbuffer()
    assert "held_out_none" in steps(("a.zip", zipped(folders(3))))
