"""The unit under study: one scalar of one layer, its label, and its value as a function of images.

Numbers shown to people and kept in files start at 1; every index here starts at 0 (05-dnnbrain,
section 8, item 10).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from backend.core.parameters import ParameterError
from backend.networks.layers import find, first_tensor, is_scripted

if TYPE_CHECKING:
    from torch import Tensor, nn

    from backend.networks.layers import Layer
    from backend.networks.network import Network

Check = Callable[[], None]
"""Called between batches; raises to cancel."""

Progress = Callable[[int, int], None]
"""Told how much of how much is done."""

Summary = Literal["mean", "max", "norm"]

PIXELS_A_PASS = 100_000
"""Image places in one differentiated forward pass, so that cancelling stays prompt."""


@dataclass(frozen=True)
class Unit:
    """A scalar objective a_u of a layer's output (05-dnnbrain, section 2.11 b).

    Attributes
    ----------
    layer : module path; ``"path#2"`` is the second call of a module that is used twice.
    channel : index from 0 of a channel, neuron or token feature; None takes the whole layer.
    row, column : index from 0 of one place; a token's number is its row. None summarises places.
    summary : "mean", "max" or "norm" (L2) over everything the indices leave open.
    minus : a second unit of the same layer whose value is subtracted (neuron difference).
    """

    layer: str
    channel: int | None = None
    row: int | None = None
    column: int | None = None
    summary: Summary = "mean"
    minus: Unit | None = None

    def value(self, output: Tensor, axis: int) -> Tensor:
        """(n,) value per image of a layer output (n, ...) whose channels lie along ``axis``."""
        own = _summarise(self._chosen(output, axis), self.summary)
        return own if self.minus is None else own - self.minus.value(output, axis)

    def _chosen(self, output: Tensor, axis: int) -> Tensor:
        chosen = output.movedim(axis, 1)
        if chosen.ndim > 2 and self.column is not None:
            chosen = chosen.select(-1, self.column)
        if chosen.ndim > 2 and self.row is not None:
            chosen = chosen.select(-1 if self.column is not None or chosen.ndim == 3 else -2,
                                   self.row)  # fmt: skip
        return chosen if self.channel is None else chosen[:, self.channel]

    def label(self, network: Network | None = None) -> str:
        """Words for a tooltip or axis: ``"fc3 unit 131 (index 130)"``, with the class name if any.

        >>> Unit("fc3", 130).label()
        'fc3 unit 131 (index 130)'
        >>> Unit("conv2", 4, 2, 3).label()
        'conv2 channel 5, row 3, column 4 (index 4, 2, 3)'
        """
        shape = find(network, self.layer).shape if network is not None else ()
        words = f"{self.layer} {self._numbers(len(shape))}".rstrip()
        if network is not None and self.channel is not None and shape == (len(network.labels),):
            words += f": {network.labels[self.channel]}"
        return words if self.minus is None else f"{words} minus {self.minus.label(network)}"

    def _numbers(self, dimensions: int) -> str:
        if self.channel is None:
            return self.summary
        places = [("row", self.row), ("column", self.column)]
        if dimensions == 2:
            places = [("token", self.row)]
        given = [(name, index) for name, index in places if index is not None]
        flat = dimensions == 1 or (not dimensions and self.layer.startswith("fc"))
        words = [f"{'unit' if flat else 'channel'} {self.channel + 1}"]
        words += [f"{name} {index + 1}" for name, index in given]
        indices = ", ".join(str(index) for index in (self.channel, *(i for _, i in given)))
        return f"{', '.join(words)} (index {indices})"


def _summarise(values: Tensor, summary: Summary) -> Tensor:
    if values.ndim == 1:
        return values
    flat = values.flatten(1)
    if summary == "mean":
        return flat.mean(1)
    return flat.amax(1) if summary == "max" else flat.norm(dim=1)


def unit_from_numbers(
    layer: str,
    channel: int,
    row: int | None = None,
    column: int | None = None,
    summary: Summary = "mean",
) -> Unit:
    """The unit people count from 1: ``unit_from_numbers("fc3", 131)`` has index 130."""

    def index(number: int | None, what: str) -> int | None:
        if number is not None and number < 1:
            raise ParameterError(what, f"{what.capitalize()}s are numbered from 1; {number} is "
                                 "below that.", 1)  # fmt: skip
        return None if number is None else number - 1

    return Unit(layer, index(channel, "channel"), index(row, "row"), index(column, "column"),
                summary)  # fmt: skip


def checked(network: Network, unit: Unit) -> Layer:
    """The unit's layer, when every index lies inside it.

    Raises
    ------
    ParameterError
        names the index, the range counted from 1, and the nearest that would do.
    """
    layer = find(network, unit.layer)
    axis = layer.channel_axis - 1
    places = [size for i, size in enumerate(layer.shape) if i != axis]
    within(layer.shape[axis], unit.channel, "channel", layer.name)
    if unit.row is not None or unit.column is not None:
        _check_place(layer, unit, places)
    if unit.minus is not None:
        if unit.minus.layer != unit.layer:
            raise ParameterError(
                "minus",
                f"A difference needs two units of one layer; {unit.layer} and {unit.minus.layer} "
                "were chosen.",
                unit.layer,
            )
        checked(network, unit.minus)
    return layer


def _check_place(layer: Layer, unit: Unit, places: list[int]) -> None:
    if not places:
        raise ParameterError("row", f"{layer.name} has one place only. Leave row and column empty.")
    if len(places) == 1:
        within(places[0], unit.row, "token", layer.name)
        if unit.column is not None:
            raise ParameterError("column", f"{layer.name} has tokens in one line. Choose a token "
                                 "by its row and leave column empty.")  # fmt: skip
        return
    within(places[-2], unit.row, "row", layer.name)
    within(places[-1], unit.column, "column", layer.name)


def within(count: int, index: int | None, what: str, where: str) -> None:
    """Refuse an index outside 0 to count - 1, in words that count from 1."""
    if index is not None and not 0 <= index < count:
        raise ParameterError(
            what,
            f"{where} has {count} {what}s, numbered 1 to {count}; {index + 1} was asked.",
            min(max(index, 0), count - 1) + 1,
        )


def submodule(module: nn.Module, name: str) -> nn.Module:
    """The module of a layer name; ``"path#2"`` is the module at ``path``."""
    path = name.partition("#")[0]
    whole = is_scripted(module) or not list(module.children())
    if whole and path == type(module).__name__:
        return module
    return module.get_submodule(path)


def call_number(name: str) -> int:
    """Which call of its module a layer name means, from 1.

    >>> call_number("layer1.0.relu#2")
    2
    """
    return int(name.partition("#")[2] or 1)


class _Reached(Exception):
    """Ends a forward pass after the wanted layer."""


def layer_output(module: nn.Module, name: str, images: Tensor) -> Tensor:
    """Output of one layer for prepared images, differentiable, as it was before later layers.

    The output is a clone, so an in-place ReLU that follows does not alter it; the pass stops
    there. Only this thread's pass is listened to, and the module is as before afterwards, also
    when the pass raises.
    """
    target, wanted = submodule(module, name), call_number(name)
    if target is module and wanted == 1:
        return first_tensor(module(images))
    thread, calls, found = threading.get_ident(), [0], list[Any]()

    def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
        if threading.get_ident() != thread:
            return
        calls[0] += 1
        if calls[0] == wanted:
            found.append(first_tensor(output).clone())
            raise _Reached

    handle = target.register_forward_hook(hook)
    try:
        module(images)
    except _Reached:
        return found[0]
    finally:
        handle.remove()
    raise ParameterError("layer", f"The network did not reach {name} on this input. Choose a "
                         "layer of the layer list.")  # fmt: skip


def objective(network: Network, unit: Unit) -> Callable[[Tensor], Tensor]:
    """a_u as a function of prepared images (n, C, H, W), giving (n,), differentiable."""
    layer = checked(network, unit)
    axis = layer.channel_axis
    return lambda images: unit.value(layer_output(network.module, unit.layer, images), axis)


def values(
    network: Network,
    unit: Unit,
    images: Tensor,
    check: Check | None = None,
    batch: int | None = None,
) -> Tensor:
    """(n,) value of the unit for prepared images (n, C, H, W), without gradients, by batches."""
    from backend.networks.interruption import interruptible
    from backend.networks.runtime import torch

    function = objective(network, unit)
    parts = []
    with torch().no_grad(), interruptible(check):
        for part in images.split(batch or batch_size(images, gradients=False)):
            parts.append(function(part))
    return torch().cat(parts)


def batch_size(images: Tensor, gradients: bool = True) -> int:
    """Images a pass: 64 small ones, and few enough large ones to cancel in time."""
    pixels = max(1, images[0, 0].numel())
    return max(1, min(64, (PIXELS_A_PASS if gradients else 4 * PIXELS_A_PASS) // pixels))


def prepared(network: Network, images: Any) -> Tensor:
    """Images ready for the network: tensors are taken as prepared, arrays are prepared."""
    if hasattr(images, "requires_grad"):
        return images.detach()
    return network.preprocessing.prepare(images)
