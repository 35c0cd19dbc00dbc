"""Watching one forward pass: every operation, and where each tensor comes from."""

from __future__ import annotations

import dataclasses
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from backend.networks.flow import Flow, after, entering


class Trace(TorchDispatchMode):
    """Context that follows the tensors of the forward pass made in it, in this thread.

    It sees the operations of torch's core, so functional, in-place and fused forms, and whatever
    a module does inside, come out alike.
    """

    def __init__(self, inputs: Tensor) -> None:
        super().__init__()
        self._known: Any = WeakIdKeyDictionary()
        self._kept_by: dict[int, list[str]] = {}
        self.altered: set[str] = set()
        self._pieced: set[int] = set()
        self._known[inputs] = entering(inputs)

    def of(self, value: Any) -> Flow | None:
        """What is known of a tensor; None for weights and constants."""
        flow = self._known.get(value) if isinstance(value, Tensor) else None
        if flow is not None and self._pieced and _storage(value) in self._pieced:
            return dataclasses.replace(flow, whole=True)
        return flow

    def sources(self, values: Any) -> tuple[str, ...]:
        """Names of the layers that these tensors come from, in the order of the pass."""
        flows = [self.of(value) for value in tree_leaves(values)]
        return tuple(dict.fromkeys(name for flow in flows if flow for name in flow.sources))

    def name(self, output: Tensor, name: str, inputs: Any) -> Flow:
        """Say that a tensor is this layer's output; what is known of it.

        Where a layer hides its channels, as attention in padded windows does, an output of its
        input's shape has them where the input has.
        """
        flow = self.of(output) or Flow((), tuple(() for _ in output.shape), True)
        for value in tree_leaves(inputs) if flow.channel_axis is None else ():
            entered = self.of(value)
            if entered and entered.channel_axis and value.shape == output.shape:
                axes, place = list(flow.axes), entered.channel_axis
                axes[place] = entered.axes[place]
                flow = dataclasses.replace(flow, axes=tuple(axes))
        self._known[output] = dataclasses.replace(flow, sources=(name,))
        self._kept_by.setdefault(_storage(output), []).append(name)
        return flow

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func._schema.is_mutable:
            self._overwritten(func, args, kwargs)
        output = func(*args, **kwargs)
        # All outputs are worked out before any is noted: one may be an input, changed in place.
        found = [(value, after(func, args, kwargs, self.of, value))
                 for value in tree_leaves(output) if isinstance(value, Tensor)]  # fmt: skip
        for value, flow in found:
            if flow is not None:
                self._known[value] = flow
        return output

    def _overwritten(self, func: Any, args: Any, kwargs: Any) -> None:
        """Note the layers whose output an operation is about to overwrite."""
        for place, argument in enumerate(func._schema.arguments):
            if argument.alias_info is None or not argument.alias_info.is_write:
                continue
            value = args[place] if place < len(args) else kwargs.get(argument.name)
            for tensor in tree_leaves(value):
                if not isinstance(tensor, Tensor):
                    continue
                self.altered.update(self._kept_by.pop(_storage(tensor), ()))
                if tensor.numel() * tensor.element_size() < tensor.untyped_storage().nbytes():
                    self._pieced.add(_storage(tensor))  # a part of another tensor is written


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata
