"""Sounds for networks that hear: generated examples, and a user's own."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.files import FileProblem
from backend.stimuli.own_pictures import OwnPictures

RATE = 16_000
SAMPLES = 15_600
"""Of what a network hears: 96 windows of 25 ms, 10 ms apart."""
HOP = 160
OTHERS = (".mp3", ".flac", ".ogg", ".m4a", ".aac", ".opus")


def example_sounds() -> tuple[np.ndarray, list[str]]:
    """(8, 15600) float32 from −1 to 1: tones, chords, a rise, beats, clicks and noise."""
    time = np.arange(SAMPLES) / RATE
    edges = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.02)
    rng = np.random.default_rng(0)

    def chord(*hertz: float) -> np.ndarray:
        parts = [np.sin(2 * np.pi * f * order * time) / order for f in hertz for order in (1, 2, 3)]
        return np.sum(parts, axis=0)

    beats = chord(440.0) * (1 + np.sin(2 * np.pi * 8 * time))
    clicks = (np.arange(SAMPLES) % 1600 < 16) * rng.standard_normal(SAMPLES)
    made = {
        "tone, 220 Hz": chord(220.0), "tone, 880 Hz": chord(880.0),
        "major chord": chord(261.6, 329.6, 392.0), "minor chord": chord(261.6, 311.1, 392.0),
        "rising tone": np.sin(2 * np.pi * (300 * time + 900 * time**2)),
        "beats, 8 a second": beats, "clicks, 10 a second": clicks,
        "noise": rng.standard_normal(SAMPLES),
    }  # fmt: skip
    sounds = [0.8 * edges * sound / np.abs(sound).max() for sound in made.values()]
    return np.stack(sounds).astype(np.float32), list(made)


def own_sounds(path: str) -> OwnPictures:
    """A WAV file, or a folder of them; FileProblem for anything else."""
    place = Path(path) if path else Path("missing")
    if place.suffix.lower() in OTHERS:
        raise FileProblem(f"{place.name} is no WAV file. Convert it to WAV.")
    if place.is_file() and place.suffix.lower() == ".wav":
        files = [place]
    elif place.is_dir():
        files = sorted(one for one in place.rglob("*") if one.suffix.lower() == ".wav")
    else:
        files = []
    if not files:
        raise FileProblem(f"{place.name} holds no WAV files. Choose a sound, or a folder of them.")
    return OwnPictures(SoundFiles(files), [one.stem for one in files], {})


@dataclass(frozen=True)
class SoundFiles:
    """WAV files as one array (n, 15600) that is read sound by sound: the middle of each."""

    files: Sequence[Path]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, rows: Any) -> np.ndarray:
        chosen = np.atleast_1d(np.arange(len(self))[rows])
        sounds = [sound_of(self.files[int(row)]) for row in chosen]
        return np.stack(sounds) if sounds else np.empty((0, SAMPLES), np.float32)


def sound_of(file: Path) -> np.ndarray:
    """(15600,) float32 from −1 to 1: the middle of a sound at 16 kHz, channels averaged."""
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # chunks of metadata
            rate, samples = wavfile.read(file)
    except (OSError, ValueError, EOFError):
        raise FileProblem(f"{file.name} is damaged or no WAV sound.") from None
    if not samples.size:
        raise FileProblem(f"{file.name} holds no sound.")
    values = fractions(samples)
    mono = at_rate(values if values.ndim == 1 else values.mean(axis=1), int(rate))
    if len(mono) < SAMPLES:
        mono = np.pad(mono, (0, SAMPLES - len(mono)))
    start = (len(mono) - SAMPLES) // 2 // HOP * HOP
    return np.clip(mono[start : start + SAMPLES], -1.0, 1.0).astype(np.float32)


def fractions(samples: np.ndarray) -> np.ndarray:
    """From −1 to 1 of whole numbers or fractions."""
    if samples.dtype == np.uint8:
        return (samples.astype(float) - 128.0) / 128.0
    if samples.dtype.kind == "i":
        return samples.astype(float) / float(np.iinfo(samples.dtype).max)
    return np.nan_to_num(samples.astype(float))


def at_rate(samples: np.ndarray, rate: int) -> np.ndarray:
    """Resampled to 16 kHz."""
    if rate == RATE:
        return samples
    from math import gcd

    from scipy.signal import resample_poly

    common = gcd(rate, RATE)
    found: np.ndarray = resample_poly(samples, RATE // common, rate // common)
    return found
