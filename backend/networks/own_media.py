"""A user's pictures, clips or sounds, as a network takes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from backend.core.files import FileProblem
from backend.stimuli.clips import ENDINGS as CLIPS
from backend.stimuli.clips import FILMS, own_clips
from backend.stimuli.importing import ENDINGS as STILLS
from backend.stimuli.own_pictures import OwnPictures, own_pictures
from backend.stimuli.picture_files import PictureFiles
from backend.stimuli.sounds import OTHERS, own_sounds

if TYPE_CHECKING:
    from backend.networks.network import Network

KNOWN = (".csv", ".tsv", ".npz", ".wav", *OTHERS, *FILMS, *CLIPS, *STILLS)
"""Endings of files that are shown, or said why they cannot be."""


def own_of(network: Network, path: str) -> OwnPictures:
    """Open what a user chose: sounds for a network that hears, clips for one of films, else
    pictures; of a clip its frames are the pictures.

    Raises
    ------
    FileProblem
        for what is not there, and for a sound that a network is to see.
    """
    place = Path(path) if path else Path()
    ending = place.suffix.lower()
    if path and not place.exists():
        raise FileProblem(f"{place.name} does not exist. Choose it again.")
    if network.kind == "audio":
        return own_sounds(path)
    if ending in (".wav", *OTHERS):
        raise FileProblem(f"{place.name} is a sound, and {network.name} sees. Choose VGGish under "
                          "Network, or pictures.")  # fmt: skip
    size = network.preprocessing.reading
    if network.kind == "video" or ending in FILMS:
        return still(place, size) if ending in STILLS and ending not in CLIPS else own_clips(
            path, *size
        )  # fmt: skip
    if place.is_file() and ending in CLIPS:
        clip = own_clips(path, *size).images[0:1][0]
        return OwnPictures(clip, [f"frame {number}" for number in range(1, len(clip) + 1)], {})
    if place.is_file() and ending in STILLS:
        return still(place, size)
    return own_pictures(path, *size)


def still(place: Path, size: tuple[int, int]) -> OwnPictures:
    """One picture file."""
    return OwnPictures(PictureFiles([place], *size), [place.stem], {})
