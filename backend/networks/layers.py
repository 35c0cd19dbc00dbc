"""The layers of any network, found by watching one forward pass.

Module hooks see every leaf that is called; a dispatch mode sees what happens inside and between
them, so that sums, concatenations, reshapes and functional pools keep the graph, the channels and
the receptive fields.
"""

from __future__ import annotations

import dataclasses
import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.core.parameters import ParameterError, unknown_name
from backend.networks.receptive_field import ReceptiveField

if TYPE_CHECKING:
    from torch import nn

    from backend.networks.network import Network

WHOLE = ("MultiheadAttention", "ShiftedWindowAttention", "ShiftedWindowAttentionV2")
"""Modules with children that are a layer; torch's attention does not call its children."""
RECTIFIERS = ("ReLU", "ReLU6", "LeakyReLU", "GELU", "SiLU", "Hardswish")
WATCHED = 2
"""Pictures in the watched pass; an output of another length is none of one picture."""


@dataclass(frozen=True)
class Layer:
    """One call of one leaf module, or of an attention.

    Attributes
    ----------
    name : module path; its second call is "path#2". kind : class name.
    shape : of the output for one picture, without the batch axis, as the module gives it.
    parameters : of the module. parent : path of the module that holds it.
    follows : layers whose outputs enter, through sums, concatenations and reshapes.
    field : theoretical receptive field; None where every pixel, or no fixed set, is seen.
    channel_axis : of the output with its batch axis: 1 of maps (n, channels, rows, columns), the
        last of tokens (n, tokens, features), 1 of attention heads (n, heads, tokens, features).
    altered : a later operation overwrites the output in place, so that only a copy keeps it.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    parent: str
    follows: tuple[str, ...]
    field: ReceptiveField | None
    channel_axis: int = 1
    altered: bool = False

    @property
    def channels(self) -> int:
        """Channels, features of a token, heads, or units of a fully connected layer."""
        return self.shape[self.channel_axis - 1]

    @property
    def units(self) -> int:
        """Values for one picture."""
        total = 1
        for size in self.shape:
            total *= size
        return total


def leaves(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """(path, module) of everything that counts as one layer, in the order of definition."""
    if is_scripted(module) or not list(module.children()):
        yield "", module
        return
    for path, part in module.named_modules():
        if path and (type(part).__name__ in WHOLE or not list(part.children())):
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


_FOUND: weakref.WeakKeyDictionary[Any, tuple[Any, tuple[Layer, ...]]]
_FOUND = weakref.WeakKeyDictionary()


def layers(network: Network) -> tuple[Layer, ...]:
    """Every layer in execution order, from one watched pass; kept until the structure changes.

    Raises
    ------
    ParameterError
        when the network does not run on pictures of its own size.
    """
    structure = (network.preprocessing.shape, _structure(network.module))
    kept = _FOUND.get(network.module)
    if kept is None or kept[0] != structure:
        kept = _FOUND[network.module] = (structure, _traced(network))
    return kept[1]


def _structure(module: nn.Module) -> int:
    """Changes when a module, or the shape of its parameters, does."""
    return hash(tuple(
        (path, type(part), tuple(p.shape for p in part._parameters.values() if p is not None))
        for path, part in module.named_modules()
    ))  # fmt: skip


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
def hooked(module: nn.Module, call: Any, only: frozenset[str] | None = None) -> Iterator[None]:
    """``call(name, part, inputs, output)`` after every leaf's call in this thread.

    ``only`` these module paths. The hooks go in any case.
    """
    names = CallNames()
    thread = threading.get_ident()
    handles = []

    def hook_of(path: str) -> Any:
        def hook(part: nn.Module, inputs: Any, named: Any, output: Any) -> None:
            if threading.get_ident() == thread:
                call(names.next(path), part, (inputs, named), output)

        return hook

    try:
        for path, part in leaves(module):
            path = path or type(module).__name__
            if only is None or path in only:
                handles.append(part.register_forward_hook(hook_of(path), with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _traced(network: Network) -> tuple[Layer, ...]:
    from backend.networks.runtime import torch
    from backend.networks.tracing import Trace

    module = network.module
    x = network.example(WATCHED)
    trace = Trace(x)
    found: list[Layer] = []

    def seen(name: str, part: nn.Module, inputs: Any, output: Any) -> None:
        tensor = first_tensor(output)
        if not hasattr(tensor, "shape") or tensor.ndim < 2 or len(tensor) != WATCHED:
            return
        sources = trace.sources(inputs)
        flow = trace.name(tensor, name, inputs)
        path = name.partition("#")[0]
        found.append(
            Layer(
                name, type(part).__name__, tuple(tensor.shape[1:]),
                sum(one.numel() for one in part.parameters()), path.rpartition(".")[0], sources,
                flow.field, flow.channel_axis or (2 if tensor.ndim == 3 else 1),
            )
        )  # fmt: skip

    try:
        with torch().no_grad(), hooked(module, seen), trace:
            module(x)
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
        size = " × ".join(str(part) for part in network.preprocessing.shape)
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:80]
        raise ParameterError("network", f"{network.name} does not run on pictures of {size}: "
                             f"{reason.rstrip('.')}.") from error  # fmt: skip
    if not found:
        raise ParameterError("network", f"{network.name} has no layer with one output a picture.")
    return tuple(dataclasses.replace(one, altered=one.name in trace.altered) for one in found)
