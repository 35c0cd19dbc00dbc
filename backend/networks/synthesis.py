"""The optimal stimulus of a unit, evolving step by step (05-dnnbrain, section 2.11 c).

Maximises a_u(x) - R(x) by Adam. The picture x lives in display space 0..1 and is normalised inside
the loop, so what is seen is what the network gets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.units import Check, Unit, objective

if TYPE_CHECKING:
    from torch import Tensor

    from backend.networks.network import Network

Bound = Literal["tanh", "sigmoid"]


@dataclass
class Settings:
    """What a user may drag while the picture evolves; read afresh before each step.

    Attributes
    ----------
    unit : the objective; another unit may be set at any time.
    total_variation : weight of the mean |neighbour difference|.
    l1, l2 : weights of sum |x| and sum x^2 over the picture in 0..1.
    blur_sigma : Gaussian blur of the picture in px; 0 is off.
    blur_every : steps between blurs; 0 is off.
    fourier_exponent : p of the gradient's smoothing by 1/f^p; 0 is off.
    jitter : largest shift of the picture in px, drawn afresh each step.
    learning_rate : Adam's.
    """

    unit: Unit
    total_variation: float = 2.0
    l1: float = 0.0
    l2: float = 0.0
    blur_sigma: float = 0.5
    blur_every: int = 4
    fourier_exponent: float = 1.0
    jitter: int = 2
    learning_rate: float = 0.05


@dataclass(frozen=True)
class Step:
    """The picture after a step.

    Attributes
    ----------
    index : steps done; 0 is the start.
    picture : (H, W, C) float32 in 0..1; (frames, H, W, C) for a network of clips.
    activation : a_u of this picture as the network saw it, jittered except at the start and end.
    penalty : R(x), weighted.
    """

    index: int
    picture: np.ndarray
    activation: float
    penalty: float


@dataclass(frozen=True)
class Start:
    """Where the picture starts.

    Attributes
    ----------
    picture : (H, W, C) in 0..1 to start from; None starts from faint noise about mid-grey.
    seed : of that noise and of the jitter.
    bound : how values are kept in 0..1.
    fourier : optimise the spectrum, scaled by 1/f, in the place of pixels.
    """

    picture: np.ndarray | None = None
    seed: int = 0
    bound: Bound = "tanh"
    fourier: bool = False


def optimal_stimulus(
    network: Network,
    settings: Settings,
    steps: int = 200,
    start: Start | None = None,
    check: Check | None = None,
) -> Iterator[Step]:
    """Yield the picture and its activation after each step, the start first.

    The caller may change ``settings`` between steps; Adam's state is kept over a change and over a
    blur. Closing the iterator ends the work.

    Raises
    ------
    ParameterError
        for settings out of range, a unit that is not there or a start of another size.
    """
    from backend.networks.runtime import torch

    start = start or Start()
    _check(settings, steps)
    canvas = _Canvas(network, start)
    rng = np.random.default_rng(start.seed + 1)
    adam = torch().optim.Adam([canvas.free], lr=settings.learning_rate)
    unit, function = settings.unit, objective(network, settings.unit)
    for index in range(steps + 1):
        if check is not None:
            check()
        _check(settings, steps)
        if settings.unit != unit:
            unit, function = settings.unit, objective(network, settings.unit)
        with torch().enable_grad():
            picture = canvas.picture()
            seen = picture if index in (0, steps) else _shifted(picture, settings.jitter, rng)
            activation = function(canvas.normalised(seen))[0]
            penalty = _penalty(picture, settings)
            (gradient,) = torch().autograd.grad(penalty - activation, canvas.free)
        yield Step(index, canvas.shown(), float(activation.detach()),
                   float(penalty.detach()))  # fmt: skip
        if index < steps:
            _move(canvas, adam, gradient, settings, index + 1)


def _move(canvas: _Canvas, adam: Any, gradient: Tensor, settings: Settings, step: int) -> None:
    adam.param_groups[0]["lr"] = settings.learning_rate
    if settings.fourier_exponent and not canvas.fourier:
        gradient = _smoothed(gradient, settings.fourier_exponent)
    canvas.free.grad = gradient
    adam.step()
    if settings.blur_sigma and settings.blur_every and step % settings.blur_every == 0:
        canvas.set(_blurred(canvas.picture().detach(), settings.blur_sigma))


class _Canvas:
    """The free variables and the picture they stand for."""

    def __init__(self, network: Network, start: Start) -> None:
        from backend.networks.runtime import torch

        t = torch()
        way = network.preprocessing
        self.shape = tuple(network.example().shape)
        parameter = next(network.module.parameters(), t.zeros(0))
        like: dict[str, Any] = {"dtype": parameter.dtype, "device": parameter.device}
        column = (1, -1, *[1] * (len(self.shape) - 2))
        self.mean = t.tensor(way.mean, **like).reshape(column)
        self.std = t.tensor(way.std, **like).reshape(column)
        self.gain = 1.0 if start.bound == "tanh" else 0.5
        self.fourier = start.fourier
        if start.picture is None:
            noise = np.random.default_rng(start.seed).standard_normal(self.shape)
            free = t.tensor(0.01 * noise, **like)
        else:
            free = self._unbound(self._picture(start.picture, like))
        if self.fourier:
            self.scale = _spectrum_scale(way.height, way.width).to(**like)
            free = self._spectrum(free)
        self.free = free.detach().requires_grad_()

    def _picture(self, picture: np.ndarray, like: dict[str, Any]) -> Tensor:
        from backend.networks.runtime import torch

        array = np.asarray(picture, np.float64)
        channels, *_, height, width = self.shape[1:]
        array = array if array.ndim > 2 else array[..., None].repeat(channels, -1)
        if array.shape[-3:] != (height, width, channels):
            given = " × ".join(str(size) for size in array.shape)
            raise ParameterError(
                "start", f"The start picture is {given}; the network takes {height} × {width} px "
                f"with {channels} channels. Resize it first."
            )  # fmt: skip
        free = torch().tensor(np.moveaxis(array, -1, 0), **like)
        if len(self.shape) == 5 and array.ndim == 3:
            free = free[:, None]
        return free.expand(self.shape).contiguous()

    def picture(self) -> Tensor:
        """(1, C, H, W) in 0..1, differentiable."""
        from backend.networks.runtime import torch

        free = self.free
        if self.fourier:
            spectrum = torch().view_as_complex(free) * self.scale
            free = torch().fft.irfft2(spectrum, s=self.shape[-2:], norm="ortho")
        return (torch().tanh(self.gain * free) + 1.0) / 2.0

    def shown(self) -> np.ndarray:
        picture = self.picture().detach()[0].movedim(0, -1)
        return np.ascontiguousarray(picture.cpu().numpy().astype(np.float32))

    def normalised(self, picture: Tensor) -> Tensor:
        return (picture - self.mean) / self.std

    def set(self, picture: Tensor) -> None:
        """Put a picture in the place of the present one; the optimiser's state stays."""
        free = self._unbound(picture)
        self.free.data.copy_(self._spectrum(free) if self.fourier else free)

    def _unbound(self, picture: Tensor) -> Tensor:
        inner = (2.0 * picture - 1.0).clamp(-0.9999, 0.9999)
        return inner.atanh() / self.gain

    def _spectrum(self, free: Tensor) -> Tensor:
        from backend.networks.runtime import torch

        spectrum = torch().fft.rfft2(free, norm="ortho") / self.scale
        return torch().view_as_real(spectrum).contiguous()


def _frequencies(height: int, width: int) -> Tensor:
    """(H, W // 2 + 1) cycles per px, at least one cycle a picture."""
    from backend.networks.runtime import torch

    rows = torch().fft.fftfreq(height)[:, None]
    columns = torch().fft.rfftfreq(width)[None]
    return (rows**2 + columns**2).sqrt().clamp(min=1.0 / max(height, width))


def _spectrum_scale(height: int, width: int) -> Tensor:
    """1/f with unit mean square, so that a step of the spectrum moves pixels by about its size."""
    scale = 1.0 / _frequencies(height, width)
    return scale / scale.square().mean().sqrt()


def _smoothed(gradient: Tensor, exponent: float) -> Tensor:
    """The gradient times 1/f^p in the Fourier domain; Adam sets its size."""
    from backend.networks.runtime import torch

    height, width = gradient.shape[-2:]
    weight = _frequencies(height, width).to(gradient) ** -exponent
    return torch().fft.irfft2(torch().fft.rfft2(gradient) * weight, s=(height, width))


def _blurred(picture: Tensor, sigma: float) -> Tensor:
    from torch.nn import functional

    from backend.networks.runtime import torch

    radius = min(max(1, round(3 * sigma)), min(picture.shape[-2:]) - 1)
    x = torch().arange(-radius, radius + 1, dtype=picture.dtype, device=picture.device)
    kernel = torch().exp(-0.5 * (x / sigma) ** 2)
    kernel = kernel / kernel.sum()
    flat = picture.reshape(-1, 1, *picture.shape[-2:])
    padded = functional.pad(flat, (radius,) * 4, mode="reflect")
    rows = functional.conv2d(padded, kernel.reshape(1, 1, -1, 1))
    return functional.conv2d(rows, kernel.reshape(1, 1, 1, -1)).reshape(picture.shape)


def _shifted(picture: Tensor, jitter: int, rng: np.random.Generator) -> Tensor:
    down, right = (int(v) for v in rng.integers(-jitter, jitter + 1, 2))
    return picture.roll((down, right), (-2, -1))


def _penalty(picture: Tensor, settings: Settings) -> Tensor:
    rows = (picture[..., 1:, :] - picture[..., :-1, :]).abs().mean()
    columns = (picture[..., :, 1:] - picture[..., :, :-1]).abs().mean()
    penalty = settings.total_variation * (rows + columns)
    return penalty + settings.l1 * picture.abs().sum() + settings.l2 * picture.square().sum()


_LIMITS = {
    "total_variation": (0.0, 1e6), "l1": (0.0, 1e6), "l2": (0.0, 1e6), "blur_sigma": (0.0, 20.0),
    "blur_every": (0, 10**6), "fourier_exponent": (0.0, 4.0), "jitter": (0, 64),
    "learning_rate": (1e-6, 10.0),
}  # fmt: skip


def _check(settings: Settings, steps: int) -> None:
    if steps < 1:
        raise ParameterError("steps", f"Steps is {steps}; at least 1 is needed.", 1)
    for name, (low, high) in _LIMITS.items():
        value = getattr(settings, name)
        if not low <= value <= high:
            words = name.replace("_", " ").capitalize()
            raise ParameterError(name, f"{words} is {value:g}; it goes from {low:g} to {high:g}.",
                                 min(max(value, low), high) if value == value else low)  # fmt: skip
