"""What a user drops becomes pictures, clips or sounds, as the network takes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from backend.core.files import FileProblem
from backend.networks.opening import open_network
from backend.networks.own_media import own_of


@pytest.fixture
def gif(tmp_path: Path) -> Path:
    frames = [Image.new("RGB", (20, 10), (40 * i, 0, 0)) for i in range(5)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    frames[3].save(tmp_path / "a.png")
    return tmp_path / "a.gif"


def test_a_clip_is_one_to_a_network_of_films_and_pictures_to_another(gif: Path) -> None:
    seen = own_of(open_network("mini-a"), str(gif))
    assert seen.names == ["frame 1", "frame 2", "frame 3", "frame 4", "frame 5"]
    assert seen.images.shape == (5, 10, 20, 3)
    film = own_of(open_network("r3d_18"), str(gif))
    assert film.images[0:1].shape == (1, 5, 10, 20, 3)


def test_one_picture_file_is_enough(gif: Path) -> None:
    one = own_of(open_network("mini-a"), str(gif.with_suffix(".png")))
    assert one.images[0:1].shape == (1, 32, 32, 3)
    still = own_of(open_network("r3d_18"), str(gif.with_suffix(".png")))
    assert still.images[0:1].ndim == 4


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.wav", "is a sound, and MiniAlexNet sees"), ("a.mp4", "needs a decoder"),
     ("b.gif", "does not exist")],
)  # fmt: skip
def test_what_cannot_be_seen_is_said(gif: Path, name: str, words: str) -> None:
    file = gif.with_name(name)
    if name[0] == "a":
        file.write_bytes(b"x")
    with pytest.raises(FileProblem, match=words):
        own_of(open_network("mini-a"), str(file))
