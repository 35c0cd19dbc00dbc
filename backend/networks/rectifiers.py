"""Changing every ReLU of a network for one forward pass, modules and functionals alike.

A torch function mode sees ``nn.ReLU``, shared and in-place modules, ``F.relu``, ``torch.relu``,
``Tensor.relu_`` and the operations of an exported program in one place, so nothing is hooked, and
the network is as before when it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

Rule = Literal["guided", "deconvolution"]

_aten = torch.ops.aten
_OUT_OF_PLACE = {
    torch.relu, Tensor.relu, functional.relu, functional.relu6, _aten.relu.default,
}  # fmt: skip
_IN_PLACE = {torch.relu_, Tensor.relu_, functional.relu_, _aten.relu_.default}
_CLIPPED = {functional.hardtanh: None, _aten.hardtanh.default: False, _aten.hardtanh_.default: True}
"""ReLU6 is a hardtanh from 0; the value says whether it is in place, None that an argument does."""


class _Modified(torch.autograd.Function):
    """ReLU (or ReLU6) whose backward pass lets only positive gradients through."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, top: float | None, rule: Rule, in_place: bool) -> Tensor:
        ctx.active = None
        if rule == "guided":
            ctx.active = x > 0 if top is None else (x > 0) & (x < top)
        if not in_place:
            return x.clamp(0, top)
        ctx.mark_dirty(x)
        return x.clamp_(0, top)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        passed = gradients[0].clamp(min=0)
        if ctx.active is not None:
            passed = passed * ctx.active
        return passed, None, None, None


class _Replaced(TorchFunctionMode):
    """Calls ``replacement(x, top, in_place)`` in the place of each ReLU, and counts them."""

    def __init__(self, replacement: Callable[[Tensor, float | None, bool], Tensor]) -> None:
        super().__init__()
        self.replacement = replacement
        self.count = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        call = _rectifier(func, args, kwargs)
        if call is None:
            return func(*args, **kwargs)
        self.count += 1
        return self.replacement(*call)


def _rectifier(func: Any, args: Any, kwargs: Any) -> tuple[Tensor, float | None, bool] | None:
    """Input, ceiling (6 for ReLU6) and in-place flag of a call that is a ReLU; None otherwise."""
    if func in _IN_PLACE:
        return args[0] if args else kwargs.get("input", kwargs.get("self")), None, True
    if func in _OUT_OF_PLACE:
        rest = (*args[1:], False)
        x = args[0] if args else kwargs.get("input", kwargs.get("self"))
        return x, 6.0 if func is functional.relu6 else None, bool(kwargs.get("inplace", rest[0]))
    if func in _CLIPPED:
        given = dict(zip(("input", "min_val", "max_val", "inplace"), args, strict=False)) | kwargs
        if given.get("min_val", -1.0) == 0:
            in_place = _CLIPPED[func]
            in_place = given.get("inplace", False) if in_place is None else in_place
            return given.get("input", given.get("self")), given.get("max_val", 1.0), bool(in_place)
    return None


def backward_rule(rule: Rule) -> _Replaced:
    """Context in which every ReLU has the backward pass of a rule (05-dnnbrain, 2.11 b).

    guided: g_in = g_out [g_out > 0] [x > 0]; deconvolution: g_in = g_out [g_out > 0].
    The context counts the ReLUs it met in ``count``.
    """
    return _Replaced(lambda x, top, in_place: _Modified.apply(x, top, rule, in_place))


def leaky(strength: float) -> _Replaced:
    """Context in which every ReLU gives (1 - strength) ReLU(x) + strength x: 1 is the identity."""

    def replacement(x: Tensor, top: float | None, in_place: bool) -> Tensor:
        mixed = x + (1.0 - strength) * (x.clamp(0, top) - x) if strength < 1.0 else x.clone()
        return x.copy_(mixed) if in_place else mixed

    return _Replaced(replacement)
