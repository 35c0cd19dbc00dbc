"""Clips and sounds: the generated examples, own files, and what is said of bad ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from backend.core.files import FileProblem
from backend.stimuli.clips import example_clips, own_clips
from backend.stimuli.sounds import RATE, SAMPLES, example_sounds, own_sounds, sound_of


def test_the_example_figures_move_where_their_names_say() -> None:
    clips, names = example_clips()
    assert clips.shape == (8, 16, 128, 128, 3)
    lit = np.abs(clips.astype(float) - 128).sum(-1)
    for clip, name in zip(lit, names, strict=True):
        y = (clip.sum(2) * np.arange(128)).sum(1) / clip.sum((1, 2))
        x = (clip.sum(1) * np.arange(128)).sum(1) / clip.sum((1, 2))
        moved = {"right": x, "left": -x, "down": y, "up": -y}[name.rsplit(" ", 1)[1]]
        assert (np.diff(moved) > 2).all(), name


def test_a_gif_and_folders_of_frames_are_clips(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 10), (40 * i, 0, 0)) for i in range(5)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    gif = own_clips(str(tmp_path / "a.gif"), 112, 112)
    assert gif.names == ["a"]
    assert gif.images[0:1].shape == (1, 5, 10, 20, 3)
    assert gif.images[0:1][0, 4, 0, 0, 0] > 140
    for clip in ("one", "two"):
        (tmp_path / "set" / clip).mkdir(parents=True)
        for i in range(3 if clip == "one" else 6):
            frames[0].resize((8, 8)).save(tmp_path / "set" / clip / f"{i}.png")
    folders = own_clips(str(tmp_path / "set"), 112, 112)
    assert folders.names == ["one", "two"]
    assert folders.images[:].shape == (2, 3, 8, 8, 3)
    np.save(tmp_path / "many.npy", np.zeros((4, 3, 8, 8, 3), np.uint8))
    assert len(own_clips(str(tmp_path / "many.npy"), 112, 112).images) == 4


def test_stills_stay_stills_and_films_are_said(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "p.png")
    assert own_clips(str(tmp_path), 16, 16).images[0:1].shape == (1, 16, 16, 3)
    with pytest.raises(FileProblem, match="needs a decoder that is not installed"):
        own_clips("film.mp4", 16, 16)
    (tmp_path / "bad.gif").write_bytes(b"no picture")
    with pytest.raises(FileProblem, match=r"bad\.gif is damaged"):
        own_clips(str(tmp_path / "bad.gif"), 16, 16).images[0:1]
    np.save(tmp_path / "bad.npy", np.zeros(7))
    with pytest.raises(FileProblem, match="A clip is frames"):
        own_clips(str(tmp_path / "bad.npy"), 16, 16).images[0:1]


def test_sounds_of_any_rate_and_depth_become_the_same(tmp_path: Path) -> None:
    def tone(rate: int) -> np.ndarray:
        found: np.ndarray = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)
        return found

    wavfile.write(tmp_path / "a.wav", RATE, (32767 * tone(RATE)).astype(np.int16))
    stereo = np.stack([tone(44_100)] * 2, axis=1).astype(np.float32)
    wavfile.write(tmp_path / "b.wav", 44_100, stereo)
    found = own_sounds(str(tmp_path))
    assert found.names == ["a", "b"]
    both = found.images[:]
    assert both.shape == (2, SAMPLES)
    spectra = np.abs(np.fft.rfft(both))
    assert (spectra.argmax(axis=1) == round(440 * SAMPLES / RATE)).all()
    np.testing.assert_allclose(np.abs(both).max(axis=1), 0.5, atol=0.01)
    wavfile.write(tmp_path / "short.wav", RATE, tone(RATE)[:800].astype(np.float32))
    assert not sound_of(tmp_path / "short.wav")[800:].any()


def test_what_is_no_wav_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFF nothing")
    with pytest.raises(FileProblem, match=r"bad\.wav is damaged or no WAV sound"):
        own_sounds(str(tmp_path / "bad.wav")).images[0:1]
    with pytest.raises(FileProblem, match="Convert it to WAV"):
        own_sounds("song.mp3")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileProblem, match="holds no WAV files"):
        own_sounds(str(tmp_path / "empty"))


def test_the_example_sounds_are_what_they_are_called() -> None:
    sounds, names = example_sounds()
    assert sounds.shape == (8, SAMPLES)
    assert np.abs(sounds).max() <= 1
    spectrum = np.abs(np.fft.rfft(sounds[names.index("tone, 880 Hz")]))
    assert spectrum.argmax() == round(880 * SAMPLES / RATE)
