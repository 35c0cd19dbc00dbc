"""A user's own pictures come in with their labels; what cannot come in is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stimuli import set_files
from backend.stimuli.importing import import_pictures


def draw(path: Path, height: int = 20, width: int = 30, mode: str = "L", grey: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (height, width, *{"L": (), "RGB": (3,), "RGBA": (4,)}[mode])
    values = np.random.default_rng(grey).integers(0, 256, shape).astype(np.uint8)
    Image.fromarray(values).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        draw(tmp_path / "Bilder ü" / "disk" / f"{number}.png", grey=number)
        draw(tmp_path / "Bilder ü" / "ring" / f"{number}.png", grey=number + 10)
    (tmp_path / "Bilder ü" / "notes.md").write_text("no picture")
    return tmp_path / "Bilder ü"


def test_folders_are_classes_and_pixels_are_untouched(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    made, problems = import_pictures(folder, progress=lambda a, b: told.append((a, b)))
    assert problems == []
    assert made.table["class"] == ["disk"] * 3 + ["ring"] * 3
    assert made.names[0] == "disk/0"
    assert np.array_equal(made.images[4], np.asarray(Image.open(folder / "ring" / "1.png")))
    assert made.history == ("Imported 6 pictures from Bilder ü.",)
    assert told == [(6, 6)]
    set_files.save(made, folder.parent / "set")
    assert np.array_equal(set_files.load(folder.parent / "set").images, made.images)


def test_mixed_sizes_need_a_rule_and_it_is_said(folder: Path) -> None:
    draw(folder / "ring" / "large.png", 40, 90)
    with pytest.raises(ParameterError, match="2 sizes, from 30 × 20 to 90 × 40") as told:
        import_pictures(folder)
    assert told.value.fix == "pad"
    for fit, words in (("pad", "padded"), ("crop", "cropped"), ("stretch", "stretched")):
        made, _ = import_pictures(folder, fit=fit)  # type: ignore[arg-type]
        assert made.images.shape == (7, 20, 30)
        assert f"1 of other sizes were resized and {words} to 30 × 20 px" in made.history[0]
    made, _ = import_pictures(folder, size=(10, 10), fit="crop")
    assert made.images.shape == (7, 10, 10)


def test_padding_keeps_proportions_and_cropping_fills(tmp_path: Path) -> None:
    values = np.full((20, 60), 200, np.uint8)
    values[:, 30:] = 40
    Image.fromarray(values).save(tmp_path / "a.png")
    padded, _ = import_pictures(tmp_path, size=(20, 20), fit="pad")
    assert padded.images[0, 10, 2] == 200
    assert padded.images[0, 10, 17] == 40
    rows = np.flatnonzero((padded.images[0] == 200).sum(axis=1) == 10)
    assert rows.size == 7
    cropped, _ = import_pictures(tmp_path, size=(20, 20), fit="crop")
    assert np.array_equal(cropped.images[0], values[:, 20:40])


def test_damaged_files_are_named_and_left_out_or_refused(folder: Path) -> None:
    content = (folder / "disk" / "0.png").read_bytes()
    (folder / "disk" / "cut.png").write_bytes(content[: len(content) // 2])
    (folder / "ring" / "text.png").write_text("not a picture")
    np.save(folder / "ring" / "nan.npy", np.full((20, 30), np.nan))
    made, problems = import_pictures(folder)
    assert len(made) == 6
    assert {name for name, _ in problems} == {"disk/cut", "ring/text", "ring/nan"}
    assert "3 could not be read and were left out" in made.history[0]
    with pytest.raises(FileProblem, match="Nothing was imported"):
        import_pictures(folder, strict=True)


def test_colour_transparency_and_depth(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", mode="RGB")
    draw(tmp_path / "b.png")
    clear = np.zeros((20, 30, 4), np.uint8)
    Image.fromarray(clear).save(tmp_path / "c.png")
    Image.fromarray(np.full((20, 30), 65535, np.uint16)).save(tmp_path / "d.png")
    np.save(tmp_path / "e.npy", np.full((20, 30), 0.5))
    made, problems = import_pictures(tmp_path)
    assert problems == []
    assert made.images.shape == (5, 20, 30, 3)
    assert (made.images[2] == 255).all()
    assert (made.images[3] == 255).all()
    assert set(np.unique(made.images[4])) == {128}
    grey, _ = import_pictures(tmp_path, colour="grey")
    assert grey.images.shape == (5, 20, 30)
    assert "2 colour pictures became grey" in grey.history[0]


@pytest.mark.parametrize("ending", [("tsv", "\t"), ("csv", ","), ("csv", ";")])
def test_lists_bring_their_columns(folder: Path, ending: tuple[str, str]) -> None:
    suffix, sign = ending
    rows = [["age", "File", "word"], ["3", "disk/1.png", "ä"], ["4.5", "ring/2.png", "n"],
            ["5", "gone.png", "x"]]  # fmt: skip
    text = "\n".join(sign.join(row) for row in rows)
    (folder / f"list.{suffix}").write_text(text, encoding="utf-8-sig")
    made, problems = import_pictures(folder / f"list.{suffix}")
    assert made.table == {"name": ["1", "2"], "age": [3.0, 4.5], "word": ["ä", "n"]}
    assert problems == [("gone.png", "gone.png does not exist.")]


def test_lists_without_files_and_empty_folders_are_told(folder: Path, tmp_path: Path) -> None:
    (folder / "list.csv").write_text("age,word\n3,a\n")
    with pytest.raises(FileProblem, match=r'no column of files\. Call it "path"'):
        import_pictures(folder / "list.csv")
    with pytest.raises(FileProblem, match="Open it as a stimulus set"):
        import_pictures(folder / "list.stim.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileProblem, match="holds no pictures"):
        import_pictures(tmp_path / "empty")


def test_an_import_can_be_cancelled(folder: Path) -> None:
    class Stop(Exception):
        pass

    def cancel() -> Any:
        raise Stop

    with pytest.raises(Stop):
        import_pictures(folder, check=cancel)


def test_conversions_and_pictures_too_large_are_told(tmp_path: Path) -> None:
    draw(tmp_path / "plain.png", 20, 30)
    Image.new("RGBA", (30, 20), (0, 0, 0, 128)).save(tmp_path / "alpha.png")
    Image.new("CMYK", (30, 20)).save(tmp_path / "print.jpg")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    made, left_out = import_pictures(tmp_path)
    assert len(made) == 3
    assert "2 with transparency, 16 bits or CMYK became 8-bit" in made.history[0]
    assert [file for file, _ in left_out] == ["huge"]
    assert "px a side are read" in left_out[0][1] or "at most" in left_out[0][1]
