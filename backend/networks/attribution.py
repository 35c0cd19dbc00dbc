"""Attributions: what in an image a unit answers to (05-dnnbrain, section 2.11 b).

Gradients are taken with tensor operations and a function mode, never with module backward hooks,
so in-place, shared and functional ReLUs need no special case and the network stays untouched.
Everything works at the normalised input; tensors are taken as prepared, arrays are prepared first.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from backend.core.parameters import ParameterError, unknown_name
from backend.networks.layers import Layer, first_tensor, is_scripted, layers
from backend.networks.units import (
    Check,
    Progress,
    Unit,
    batch_size,
    call_number,
    checked,
    layer_output,
    objective,
    prepared,
    submodule,
    values,
)

if TYPE_CHECKING:
    from torch import Tensor

    from backend.networks.network import Network

Method = Literal["vanilla", "guided", "deconvolution", "gradient x input", "SmoothGrad",
                 "integrated gradients", "Grad-CAM"]  # fmt: skip
METHODS: tuple[str, ...] = get_args(Method)
Display = Literal["signed", "absolute", "maximum"]
DISPLAYS: tuple[str, ...] = get_args(Display)


@dataclass(frozen=True)
class Attribution:
    """Maps of one method for one unit.

    Attributes
    ----------
    values : (n, C, H, W) float32 at the network's input; Grad-CAM has C = 1.
    activation : (n,) a_u of each image.
    method, unit : what was asked.
    rectifiers : ReLUs met in a pass; at 0 guided and deconvolution equal vanilla. None if the
        method does not change them.
    layer : the layer Grad-CAM looked at, "" for other methods.
    """

    values: np.ndarray
    activation: np.ndarray
    method: str
    unit: Unit
    rectifiers: int | None = None
    layer: str = ""


@dataclass(frozen=True)
class Options:
    """What single methods need.

    Attributes
    ----------
    samples : noisy copies of an image for SmoothGrad.
    sd : their noise, as a share of the image's range.
    steps : points on the path of integrated gradients (midpoint rule).
    baseline : where that path starts, a value at the normalised input.
    layer : layer Grad-CAM looks at; "" takes the last one with a map before the unit.
    seed : of SmoothGrad's noise.
    """

    samples: int = 25
    sd: float = 0.1
    steps: int = 50
    baseline: float = 0.0
    layer: str = ""
    seed: int = 0


def attribute(
    network: Network,
    images: Any,
    unit: Unit,
    method: Method = "vanilla",
    options: Options | None = None,
    check: Check | None = None,
    progress: Progress | None = None,
) -> Attribution:
    """Attribution maps of a unit for images.

    Parameters
    ----------
    images : (n, H, W[, C]) array, prepared by the network's own preprocessing, or a prepared
        tensor (n, C, H, W); a float64 network takes a float64 tensor.
    check : called before each pass; raises to cancel.
    progress : told the passes begun and their number.

    Raises
    ------
    ParameterError
        for an unknown method, layer, channel or place, and for options out of range.
    """
    options = options or Options()
    _check_options(method, options)
    x = prepared(network, images)
    if is_scripted(network.module) and method in ("guided", "deconvolution", "Grad-CAM"):
        raise ParameterError("method", f"{network.name} is a TorchScript program that hides its "
                             f"layers, so {method} cannot be computed. Choose "
                             "vanilla.", METHODS[0])  # fmt: skip
    activation = values(network, unit, x, check).cpu().numpy()
    check = _ticking(check, progress, _passes(x, method, options))
    rectifiers, layer = None, ""
    if method in ("guided", "deconvolution"):
        maps, rectifiers = _ruled(network, unit, x, method, check)
    elif method == "SmoothGrad":
        maps = smooth_grad(network, unit, x, options, check)
    elif method == "integrated gradients":
        maps = integrated_gradients(network, unit, x, options, check)
    elif method == "Grad-CAM":
        layer = options.layer or last_map(network, unit)
        maps = grad_cam(network, unit, x, layer, check)
    else:
        maps = gradients(network, unit, x, check)
        maps = maps * x if method == "gradient x input" else maps
    picture = maps.detach().cpu().numpy().astype(np.float32, copy=False)
    return Attribution(picture, activation, method, unit, rectifiers, layer)


def _passes(x: Tensor, method: str, options: Options) -> int:
    copies = {"SmoothGrad": options.samples, "integrated gradients": options.steps}.get(method)
    if copies is None:
        return math.ceil(len(x) / batch_size(x))
    return len(x) * math.ceil(copies / batch_size(x))


def _ticking(check: Check | None, progress: Progress | None, total: int) -> Check | None:
    """The check, telling of progress each time it is called."""
    if progress is None:
        return check
    done = [0]

    def tick() -> None:
        if check is not None:
            check()
        done[0] = min(done[0] + 1, total)
        progress(done[0], total)

    return tick


def _check_options(method: str, options: Options) -> None:
    if method not in METHODS:
        raise ParameterError("method", f'There is no attribution "{method}". Choose one of '
                             f"{', '.join(METHODS)}.", METHODS[0])  # fmt: skip
    for name, low in (("samples", 1), ("steps", 1), ("sd", 0)):
        if getattr(options, name) < low:
            raise ParameterError(name, f"{name.capitalize()} is {getattr(options, name)}; it "
                                 f"starts at {low}.", low)  # fmt: skip


def gradients(network: Network, unit: Unit, x: Tensor, check: Check | None = None) -> Tensor:
    """S = d a_u / d image, (n, C, H, W), for prepared images."""
    return _by_batch(_gradient_of(objective(network, unit)), x, check)


def _ruled(
    network: Network, unit: Unit, x: Tensor, rule: Any, check: Check | None
) -> tuple[Tensor, int]:
    from backend.networks.rectifiers import backward_rule

    gradient = _gradient_of(objective(network, unit))
    counts = []

    def function(part: Tensor) -> Tensor:
        with backward_rule(rule) as mode:
            result = gradient(part)
        counts.append(mode.count)
        return result

    return _by_batch(function, x, check), counts[0]


def _gradient_of(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The gradient with respect to the images, leaving parameters' gradients alone."""
    from backend.networks.runtime import torch

    def gradient(x: Tensor) -> Tensor:
        with torch().enable_grad():
            x = x.detach().requires_grad_()
            return torch().autograd.grad(function(x).sum(), x)[0]

    return gradient


def _by_batch(function: Callable[[Tensor], Tensor], x: Tensor, check: Check | None) -> Tensor:
    from backend.networks.runtime import torch

    parts = []
    for part in x.split(batch_size(x)):
        if check is not None:
            check()
        parts.append(function(part))
    return torch().cat(parts)


def smooth_grad(
    network: Network, unit: Unit, x: Tensor, options: Options, check: Check | None = None
) -> Tensor:
    """Mean gradient over noisy copies; noise sd = ``options.sd`` (max - min) of each image."""
    from backend.networks.runtime import torch

    generator = torch().Generator().manual_seed(options.seed)
    gradient = _gradient_of(objective(network, unit))
    maps = []
    for image in x:
        sd = options.sd * (image.max() - image.min())
        total = torch().zeros_like(image)
        left = options.samples
        while left:
            count = min(left, batch_size(x))
            noise = torch().randn((count, *image.shape), generator=generator, dtype=x.dtype)
            total += _by_batch(gradient, image + sd * noise.to(x.device), check).sum(0)
            left -= count
        maps.append(total / options.samples)
    return torch().stack(maps)


def integrated_gradients(
    network: Network, unit: Unit, x: Tensor, options: Options, check: Check | None = None
) -> Tensor:
    """Path integral of the gradient from the baseline (captum, midpoint rule).

    Its sum over an image equals a(x) - a(baseline) as steps grow (completeness).
    """
    from captum.attr import IntegratedGradients

    from backend.networks.runtime import torch

    function = objective(network, unit)

    def checked_function(part: Tensor) -> Tensor:
        if check is not None:
            check()
        return function(part)

    # An image at a time: captum's batches hold whole steps of all images.
    peer = IntegratedGradients(checked_function)
    return torch().cat([
        peer.attribute(
            image[None], options.baseline, n_steps=options.steps, method="riemann_middle",
            internal_batch_size=batch_size(x),
        )
        for image in x
    ])  # fmt: skip


def grad_cam(
    network: Network, unit: Unit, x: Tensor, layer: str, check: Check | None = None
) -> Tensor:
    """(n, 1, H, W) ReLU of the layer's channels weighted by their mean gradient, resized.

    Tokens of a transformer are laid out on their grid, without the class token. ``layer`` is a
    layer or a block of layers.
    """
    from torch.nn import functional

    unit_axis = checked(network, unit).channel_axis
    axis = {one.name: one.channel_axis for one in layers(network)}.get(layer)

    def function(part: Tensor) -> Tensor:
        output, gradient = _output_and_gradient(network, unit, unit_axis, part, layer)
        along = axis or (2 if output.ndim == 3 else 1)  # of a block: tokens or maps
        if output.ndim < 3:
            raise ParameterError(
                "layer",
                f"{layer} has no map. Choose a layer with rows and columns before {unit.layer}.",
                last_map(network, unit),
            )
        weights = as_map(gradient, along).mean((2, 3), keepdim=True)
        cam = functional.relu((as_map(output, along) * weights).sum(1, keepdim=True))
        return functional.interpolate(cam, x.shape[-2:], mode="bilinear", align_corners=False)

    return _by_batch(function, x, check)


def _output_and_gradient(
    network: Network, unit: Unit, unit_axis: int, x: Tensor, layer: str
) -> tuple[Tensor, Tensor]:
    """A layer's output before anything works on it in place, and a_u's gradient there."""
    from backend.networks.runtime import torch

    wanted, thread = call_number(layer), threading.get_ident()
    calls, kept = [0], list[Any]()

    def hook(_module: Any, _inputs: Any, output: Any) -> Any:
        calls[0] += threading.get_ident() == thread
        if calls[0] != wanted or kept:
            return None
        kept.append(first_tensor(output))
        # What comes after may work in place: it gets a clone.
        return output.clone() if output is kept[0] else None

    handle = _looked_at(network, unit, layer).register_forward_hook(hook)
    try:
        with torch().enable_grad():
            output = layer_output(network.module, unit.layer, x.detach().requires_grad_())
            total = unit.value(output, unit_axis).sum()
            gradient = None
            if kept:
                (gradient,) = torch().autograd.grad(total, kept[0], allow_unused=True)
    finally:
        handle.remove()
    if gradient is None:
        raise ParameterError(
            "layer",
            f"{layer} does not lead to {unit.layer}. Choose a layer before it.",
            last_map(network, unit),
        )
    return kept[0].detach(), gradient


def _looked_at(network: Network, unit: Unit, layer: str) -> Any:
    try:
        return submodule(network.module, layer)
    except AttributeError:
        names = [one.name for one in layers(network)]
        raise unknown_name(layer, names, "layer") from None


def as_map(output: Tensor, axis: int) -> Tensor:
    """(n, C, h, w) of a layer output: tokens on their square grid, time averaged."""
    output = output.movedim(axis, 1)
    if output.ndim == 5:
        return output.mean(2)
    if output.ndim == 4:
        return output
    tokens = output.shape[2]
    side = int(tokens**0.5)
    if side * side == tokens:
        return output.unflatten(2, (side, side))
    side = int((tokens - 1) ** 0.5)
    return output[:, :, 1:].unflatten(2, (side, side)) if side * side == tokens - 1 else (
        output.unsqueeze(2)
    )  # fmt: skip


_NOT_LOOKED_AT = ("Pool", "Dropout", "StochasticDepth", "MultiheadAttention")


def last_map(network: Network, unit: Unit) -> str:
    """The last layer before the unit whose channels form a map of more than one place.

    Where it is part of a block (a residual block, parallel branches), the block's output is taken.
    """
    found = _last_leaf(network, unit)
    parts = found.name.partition("#")[0].split(".")
    for depth in range(1, len(parts)):
        block = ".".join(parts[:depth])
        inside = unit.layer.startswith(f"{block}.")
        kind = type(network.module.get_submodule(block)).__name__
        if not inside and kind != "Sequential":
            return block
    return found.name


def _last_leaf(network: Network, unit: Unit) -> Layer:
    leading = _leading_to(network, unit.layer)
    found = None
    for layer in layers(network):
        if layer.name == unit.layer:
            break
        axis = layer.channel_axis - 1
        places = [size for i, size in enumerate(layer.shape) if i != axis]
        looked_at = layer.name in leading and not any(k in layer.kind for k in _NOT_LOOKED_AT)
        if looked_at and places and np.prod(places) > 1:
            found = layer
    if found is None:
        raise ParameterError(
            "layer",
            f"No layer before {unit.layer} has a map. Choose a unit of a later layer, or another "
            "method.",
        )
    return found


def _leading_to(network: Network, name: str) -> set[str]:
    """Names of the layers whose output reaches a layer."""
    follows = {layer.name: layer.follows for layer in layers(network)}
    leading: set[str] = set()
    left = [name]
    while left:
        new = set(follows[left.pop()]) - leading
        leading |= new
        left.extend(new)
    return leading


def display(maps: np.ndarray, mode: Display = "signed", percentile: float = 99.5) -> np.ndarray:
    """Attributions (n, C, H, W) as pictures float32 in 0..1 (05-dnnbrain, section 2.11 b).

    "signed": (n, H, W, C), 0.5 is no effect. "absolute": (n, H, W, C) of |S|. "maximum":
    (n, H, W), the largest |S| over channels. Clips keep their frames after n. Each image is
    scaled by its own percentile of |S|.
    """
    size = np.abs(maps)
    limit = np.percentile(size.reshape(len(size), -1), percentile, axis=1)
    limit = np.where(limit > 0, limit, size.reshape(len(size), -1).max(1))
    scale = np.where(limit > 0, limit, 1.0).reshape(-1, *[1] * (maps.ndim - 1))
    if mode == "maximum":
        return np.clip(size.max(1) / scale[:, 0], 0.0, 1.0).astype(np.float32)
    scaled = (maps / scale + 1.0) / 2.0 if mode == "signed" else size / scale
    return np.clip(np.moveaxis(scaled, 1, -1), 0.0, 1.0).astype(np.float32)
