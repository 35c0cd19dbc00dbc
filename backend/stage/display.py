"""What a display must do for the presenter, and a simulated one that tests can drive.

The OpenGL window of the stage process and :class:`SimulatedDisplay` implement the same protocol.
Images are uploaded between trials; inside a trial only ``show``, ``flip`` and ``answers`` are
called, and none of them may decode or allocate textures.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

FIXATION, PATCH = "fixation", "patch"
"""Names of the two layers every display draws by itself: a cross, and the photodiode square."""
NOMINAL_HZ = (50.0, 60.0, 75.0, 85.0, 100.0, 120.0, 144.0, 165.0, 240.0)
NEAR_NOMINAL = 0.005
WARM_UP_FLIPS = 10


@dataclass(frozen=True)
class Layer:
    """One thing on screen.

    Attributes
    ----------
    texture : name given to ``Display.upload``, or :data:`FIXATION` or :data:`PATCH`.
    x, y : centre in px from the middle of the screen, right and up.
    width, height : px on screen.
    rotation : degrees, counter-clockwise; ``opacity`` 0 to 1.
    level : gray level 0-255 of a cross or patch.
    """

    texture: str
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    rotation: float = 0.0
    opacity: float = 1.0
    level: int = 0


@dataclass(frozen=True)
class KeyEvent:
    """A key, button or pad press; ``time`` in seconds of the display's clock.

    ``key`` is lower case: a letter or digit, "space", "return", "escape", "left", "right", "up",
    "down"; "left button", "right button", "middle button" of a mouse; "a", "b", "x", "y" of a pad.
    """

    key: str
    time: float
    device: str = "keyboard"
    down: bool = True


@dataclass(frozen=True)
class MeasuredRate:
    """Refresh rate from the intervals between flips.

    Attributes
    ----------
    hz : see :func:`rate_of`; ``sd_ms`` robust SD of the intervals.
    intervals : (n,) seconds.
    """

    hz: float
    sd_ms: float
    intervals: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)

    @property
    def period_s(self) -> float:
        return 1.0 / self.hz

    @property
    def nominal(self) -> float:
        """The standard rate within 0.5 % of the measured one, else the measured one.

        A 59.94 Hz screen is planned as 60 Hz: frames are counted, and stamps tell true durations.
        """
        nearest = min(NOMINAL_HZ, key=lambda hz: abs(hz - self.hz))
        return nearest if abs(nearest - self.hz) <= NEAR_NOMINAL * nearest else self.hz


def rate_of(stamps: Sequence[float] | np.ndarray) -> MeasuredRate:
    """Rate from flip times in seconds, the first (warm-up) flips left out.

    Each interval counts as the whole number of median intervals nearest to it, so that late flips
    do not spoil the rate. That number may be 0: a stamp late by more than half a frame makes its
    interval two frames and the next one none. The period is the median, over all flips, of the
    time to the flip half the recording later divided by the frames between them, so that late
    stamps do not matter either. The SD is 1.4826 times the median absolute deviation.
    """
    intervals = np.diff(np.asarray(stamps, float))[WARM_UP_FLIPS:]
    if intervals.size == 0 or np.median(intervals) <= 0:
        raise ValueError(f"A rate needs more than {WARM_UP_FLIPS + 1} flips.")
    middle = float(np.median(intervals))
    frames = np.concatenate([[0.0], np.cumsum(np.round(intervals / middle))])
    times = np.concatenate([[0.0], np.cumsum(intervals)])
    half = len(intervals) // 2 or 1
    apart = frames[half:] - frames[:-half]
    spans = (times[half:] - times[:-half])[apart > 0]
    period = float(np.median(spans / apart[apart > 0]))
    spread = 1.4826 * float(np.median(np.abs(intervals - middle)))
    return MeasuredRate(1.0 / period, 1000.0 * spread, intervals)


class Display(Protocol):
    """What the presenter needs of a screen."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in px."""
        ...

    @property
    def focused(self) -> bool:
        """Whether key presses reach the window."""
        ...

    def measure(self, n_flips: int) -> MeasuredRate:
        """Flip ``n_flips`` times on an empty screen and measure the rate."""
        ...

    def background(self, level: int) -> None:
        """Gray level 0-255 behind all layers, from the next flip."""
        ...

    def upload(self, name: str, image: np.ndarray) -> None:
        """Make a texture of an (H, W) or (H, W, 3) uint8 image; only between trials."""
        ...

    def free(self, names: Iterable[str]) -> None:
        """Forget textures."""
        ...

    def show(self, layers: Sequence[Layer]) -> None:
        """What the next flips draw, first layer lowest; the sequence is not changed afterwards."""
        ...

    def flip(self) -> float:
        """Draw, wait for the vertical blank; seconds of the completed flip on ``now``'s clock."""
        ...

    def now(self) -> float:
        """Seconds of the monotonic clock of flips and answers."""
        ...

    def answers(self) -> list[KeyEvent]:
        """Presses and releases since the last call, in order."""
        ...

    def held(self) -> Sequence[str]:
        """Keys that are down now."""
        ...

    def close(self) -> None:
        """Close the window."""
        ...


class SimulatedDisplay:
    """A display without a screen: every flip takes one frame of a clock that tests can set.

    Parameters
    ----------
    rate_hz : refresh rate.
    late : {number of the flip, from 0: extra frames it takes}.
    jitter_sd : SD in seconds of the time stamps around the frame grid; 0 is exact.
    start : clock at the first frame, in seconds.

    Notes
    -----
    Flip k is at ``start + (k + late frames so far) / rate_hz``, computed as one product so that
    no rounding accumulates.
    """

    def __init__(
        self,
        rate_hz: float = 60.0,
        size_px: tuple[int, int] = (1920, 1080),
        late: Mapping[int, int] | None = None,
        jitter_sd: float = 0.0,
        seed: int = 0,
        start: float = 0.0,
    ) -> None:
        self.rate_hz = rate_hz
        self.size_px = size_px
        self.focused = True
        self.late = dict(late or {})
        self.jitter_sd = jitter_sd
        self.start = start
        self.frames = 0
        self.flips = 0
        self.level = 128
        self.textures: dict[str, tuple[int, ...]] = {}
        self.shown: Sequence[Layer] = ()
        self._rng = np.random.default_rng(seed)
        self._time = start
        self._due: list[tuple[float, int, KeyEvent]] = []
        self._order = itertools.count()
        self._down: list[str] = []

    def measure(self, n_flips: int) -> MeasuredRate:
        """Flip and measure, as on a real screen."""
        return rate_of([self.flip() for _ in range(n_flips)])

    def background(self, level: int) -> None:
        """Remember the level."""
        self.level = level

    def upload(self, name: str, image: np.ndarray) -> None:
        """Remember the shape; ValueError for what a texture cannot hold."""
        if image.dtype != np.uint8 or image.ndim not in (2, 3) or 0 in image.shape:
            raise ValueError(f"{name}: a texture is (H, W) or (H, W, 3) uint8, not {image.shape}.")
        self.textures[name] = image.shape

    def free(self, names: Iterable[str]) -> None:
        """Forget textures."""
        for name in names:
            self.textures.pop(name, None)

    def show(self, layers: Sequence[Layer]) -> None:
        """Remember what is on screen; KeyError for a texture that was never uploaded."""
        for layer in layers:
            if layer.texture not in self.textures and layer.texture not in (FIXATION, PATCH):
                raise KeyError(f"{layer.texture} was shown before it was uploaded")
        self.shown = layers

    def flip(self) -> float:
        """The next frame of the clock."""
        self.frames += 1 + self.late.get(self.flips, 0)
        self.flips += 1
        self._time = self.start + self.frames / self.rate_hz
        if self.jitter_sd:
            return self._time + float(self._rng.normal(0.0, self.jitter_sd))
        return self._time

    def now(self) -> float:
        """Time of the last flip."""
        return self._time

    def wait(self, seconds: float) -> None:
        """Let time pass without flips (pauses), a whole number of frames."""
        self.frames += math.ceil(seconds * self.rate_hz)
        self._time = self.start + self.frames / self.rate_hz

    def press(self, key: str, time: float, device: str = "keyboard", hold: float = 0.05) -> None:
        """A press at ``time`` that is released ``hold`` seconds later."""
        for moment, down in ((time, True), (time + hold, False)):
            event = KeyEvent(key, moment, device, down)
            heapq.heappush(self._due, (moment, next(self._order), event))

    def answers(self) -> list[KeyEvent]:
        """Presses and releases that have come due."""
        found: list[KeyEvent] = []
        while self._due and self._due[0][0] <= self._time:
            event = heapq.heappop(self._due)[2]
            if event.down:
                self._down.append(event.key)
            elif event.key in self._down:
                self._down.remove(event.key)
            found.append(event)
        return found

    def held(self) -> Sequence[str]:
        """Keys that are down now."""
        return tuple(self._down)

    def close(self) -> None:
        """Nothing to close."""
        self.textures.clear()
