"""The layers of any network, found by watching one forward pass.

Module hooks see every leaf that is called; a function mode sees what happens between them, so that
sums, concatenations, reshapes and functional pools keep the graph and the receptive fields.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.core.parameters import unknown_name
from backend.networks.receptive_field import (
    INPUT,
    ReceptiveField,
    Spans,
    field_of,
    joined,
    windowed,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

    from backend.networks.network import Network

WHOLE = ("MultiheadAttention", "ShiftedWindowAttention", "ShiftedWindowAttentionV2", "LSTM", "GRU")
"""Modules with children that are one layer: their children are not called as modules."""
POINTWISE = (
    "ReLU", "ReLU6", "LeakyReLU", "GELU", "SiLU", "Hardswish", "Hardsigmoid", "Sigmoid", "Tanh",
    "Identity", "Dropout", "Dropout2d", "BatchNorm2d", "FrozenBatchNorm2d", "LayerNorm",
    "LayerNorm2d", "StochasticDepth", "LocalResponseNorm", "Linear", "Permute", "Softmax",
)  # fmt: skip
RECTIFIERS = ("ReLU", "ReLU6", "LeakyReLU", "GELU", "SiLU", "Hardswish")


@dataclass(frozen=True)
class Layer:
    """One call of one leaf module.

    Attributes
    ----------
    name : module path; its second call is "path#2". kind : class name.
    shape : of the output for one picture, without the batch axis.
    parameters : of the module. parent : path of the module that holds it.
    follows : layers whose outputs enter, through sums, concatenations and reshapes.
    field : theoretical receptive field; None where every pixel, or no fixed set, is seen.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    parent: str
    follows: tuple[str, ...]
    field: ReceptiveField | None


def leaves(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """(path, module) of everything that counts as one layer, in the order of definition."""
    if not list(module.children()):
        yield "", module
        return
    skipped: list[str] = []
    for path, part in module.named_modules():
        if any(path.startswith(f"{one}.") for one in skipped):
            continue
        if type(part).__name__ in WHOLE:
            skipped.append(path)
            yield path, part
        elif path and not list(part.children()):
            yield path, part


def is_scripted(module: nn.Module) -> bool:
    """True for TorchScript, whose parts take no hooks."""
    from backend.networks.runtime import torch

    return isinstance(module, torch().jit.ScriptModule)


def first_tensor(output: Any) -> Any:
    """The tensor of an output: itself, the first of a tuple, the first of a dictionary."""
    if isinstance(output, dict):
        return first_tensor(next(iter(output.values()), None))
    if isinstance(output, tuple | list):
        return first_tensor(output[0]) if output else None
    return output


_FOUND: weakref.WeakKeyDictionary[Any, tuple[Layer, ...]] = weakref.WeakKeyDictionary()


def layers(network: Network) -> tuple[Layer, ...]:
    """Every layer in execution order, from one traced pass of a grey picture; kept."""
    if network.module not in _FOUND:
        _FOUND[network.module] = _traced(network)
    return _FOUND[network.module]


def find(network: Network, name: str) -> Layer:
    """The layer of this name; ParameterError with the nearest names."""
    for layer in layers(network):
        if layer.name == name:
            return layer
    raise unknown_name(name, [one.name for one in layers(network)], "layer")


def relu_layers(network: Network) -> list[Layer]:
    """Layers that rectify, in execution order."""
    found = [one for one in layers(network) if one.kind in RECTIFIERS]
    strict = [one for one in found if one.kind in ("ReLU", "ReLU6")]
    return strict or found


class CallNames:
    """Names of calls: the path, then "path#2" for a module called again in the same pass."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()

    def next(self, path: str) -> str:
        """The name of this call."""
        self._calls[path] += 1
        count = self._calls[path]
        return path if count == 1 else f"{path}#{count}"


@contextmanager
def hooked(module: nn.Module, call: Any) -> Iterator[None]:
    """``call(name, part, inputs, output)`` after every leaf's call; hooks go in any case."""
    names = CallNames()
    handles = []

    def hook_of(path: str) -> Any:
        def hook(part: nn.Module, inputs: Any, output: Any) -> None:
            call(names.next(path or type(module).__name__), part, inputs, output)

        return hook

    try:
        for path, part in leaves(module):
            handles.append(part.register_forward_hook(hook_of(path)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _traced(network: Network) -> tuple[Layer, ...]:
    from backend.networks.runtime import torch
    from backend.networks.tracing import Trace

    module = network.module
    x = network.example()
    trace = Trace(x, INPUT)
    found: list[Layer] = []

    def seen(name: str, part: nn.Module, inputs: Any, output: Any) -> None:
        tensor = first_tensor(output)
        if not hasattr(tensor, "shape"):
            return
        sources, spans = trace.entering(part, inputs)
        after = spans_after(part, inputs, tensor, spans)
        trace.mark(tensor, (name,), after)
        kind = type(part).__name__
        count = sum(one.numel() for one in part.parameters())
        path = name.partition("#")[0]
        found.append(
            Layer(
                name, kind, tuple(tensor.shape[1:]), count, path.rpartition(".")[0], sources,
                field_of(after),
            )
        )  # fmt: skip

    with torch().no_grad(), hooked(module, seen), trace:
        output = first_tensor(module(x))
    if not found:  # scripted, or one leaf that takes no hooks
        found.append(
            Layer(network.name, type(module).__name__, tuple(output.shape[1:]),
                  network.parameters, "", (), None)
        )  # fmt: skip
    return tuple(found)


def spans_after(part: nn.Module, inputs: Any, output: Tensor, spans: Spans | None) -> Spans | None:
    """The receptive field after a leaf module."""
    kind = type(part).__name__
    if spans is None or output.ndim != 4:
        return None
    if kind in POINTWISE:
        return spans
    if kind in ("Conv2d", "MaxPool2d", "AvgPool2d"):
        stride = part.stride if part.stride is not None else part.kernel_size  # type: ignore[union-attr]
        dilation = getattr(part, "dilation", 1)
        return windowed(spans, part.kernel_size, stride, part.padding, dilation)  # type: ignore[arg-type]
    entered = first_tensor(inputs)
    if kind.startswith("Adaptive") and hasattr(entered, "shape"):
        return spans if entered.shape[-2:] == output.shape[-2:] else None
    return None


__all__ = [
    "Layer", "find", "first_tensor", "hooked", "joined", "layers", "leaves", "relu_layers",
]  # fmt: skip
