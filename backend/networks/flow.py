"""What the axes of a tensor mean, carried through the operations of a forward pass.

Each axis is a product of factors, as a reshape may merge rows and columns to tokens and split them
again. A factor is the batch, channels, or places along rows, columns or frames with the span of
the picture that each sees. An operation whose effect on places is not known leaves a tensor that
may see the whole picture, never one that claims to see less than it does.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from backend.networks.receptive_field import ReceptiveField, Span, field_of

Meaning = Literal["batch", "channels", "rows", "columns", "frames", "unknown"]
PLACES = ("rows", "columns", "frames")


@dataclass(frozen=True)
class Factor:
    """A part of an axis. ``span`` is what each of its places sees, for places only."""

    size: int
    means: Meaning = "unknown"
    span: Span | None = None


Axis = tuple[Factor, ...]


@dataclass(frozen=True)
class Flow:
    """What is known of a tensor.

    Attributes
    ----------
    sources : names of the layers it comes from. axes : one an axis.
    whole : a value may depend on the whole picture.
    """

    sources: tuple[str, ...]
    axes: tuple[Axis, ...]
    whole: bool = False

    @property
    def field(self) -> ReceptiveField | None:
        """The square of the picture that a value depends on; None when there is none."""
        spans = {axis[0].means: axis[0].span for axis in self.axes if len(axis) == 1}
        rows, columns = spans.get("rows"), spans.get("columns")
        if self.whole or rows is None or columns is None:
            return None
        return field_of(rows, columns)

    @property
    def channel_axis(self) -> int | None:
        """The first axis that holds channels."""
        for place, axis in enumerate(self.axes):
            if place and any(factor.means == "channels" for factor in axis):
                return place
        return None

    def over(self, places: Sequence[int]) -> bool:
        """Whether any of these axes runs over places of the picture."""
        return any(factor.means in PLACES for place in places for factor in self.axes[place])


def entering(inputs: Tensor) -> Flow:
    """The network's input: (n, C, H, W), or (n, C, frames, H, W)."""
    meanings: dict[int, tuple[Meaning, ...]] = {
        4: ("batch", "channels", "rows", "columns"),
        5: ("batch", "channels", "frames", "rows", "columns"),
    }
    axes = tuple(
        (Factor(size, means, Span() if means in PLACES else None),)
        for size, means in zip(inputs.shape, meanings[inputs.ndim], strict=True)
    )
    return Flow((), axes)


def after(func: Any, args: Any, kwargs: Any, known: Callable[[Any], Flow | None],
          output: Tensor) -> Flow | None:  # fmt: skip
    """What is known of an operation's output; None when it depends on weights only."""
    entered = [(value, flow) for value in _tensors(args) + _tensors(tuple(kwargs.values()))
               if (flow := known(value)) is not None]  # fmt: skip
    if not entered:
        return None
    sources = tuple(dict.fromkeys(name for _, flow in entered for name in flow.sources))
    whole = any(flow.whole for _, flow in entered)
    rule = RULES.get(func.overloadpacket.__name__)
    found: Flow | None = None
    if rule is not None:
        found = rule(_Call(func, args, kwargs, known, output))
    elif torch.Tag.pointwise in func.tags or func.overloadpacket.__name__ in UNTAGGED:
        found = _broadcast([(value, flow) for value, flow in entered], output)
    if found is None or not _fits(found, output):
        found = _unknown(entered[0][1], entered[0][0], output)
    return dataclasses.replace(found, sources=sources, whole=found.whole or whole)


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, tuple | list):
        return [one for part in value for one in _tensors(part)]
    return []


def _fits(flow: Flow, output: Tensor) -> bool:
    sizes = [math.prod(factor.size for factor in axis) for axis in flow.axes]
    return sizes == list(output.shape)


def _unknown(flow: Flow, value: Tensor, output: Tensor) -> Flow:
    """A tensor that may see everything; the batch, and channels of the same shape, stay."""
    same = value.shape == output.shape
    axes: list[Axis] = []
    for place, size in enumerate(output.shape):
        factor = Factor(size)
        if place < len(flow.axes) and value.shape[place] == size and (same or place == 0):
            axis = flow.axes[place]
            if len(axis) == 1 and axis[0].means in ("batch", "channels"):
                factor = axis[0]
        axes.append((factor,))
    return Flow((), tuple(axes), True)


@dataclass(frozen=True)
class _Call:
    """One operation; ``argument`` reads an argument by its name in the operation's schema."""

    func: Any
    args: Any
    kwargs: Any
    known: Callable[[Any], Flow | None]
    output: Tensor

    def argument(self, name: str, otherwise: Any = None) -> Any:
        for place, argument in enumerate(self.func._schema.arguments):
            if argument.name == name:
                if place < len(self.args):
                    return self.args[place]
                return self.kwargs.get(name, argument.default_value)
        return otherwise

    @property
    def value(self) -> Tensor:
        """The first argument."""
        first = self.args[0]
        return first[0] if isinstance(first, tuple | list) else first

    @property
    def flow(self) -> Flow | None:
        return self.known(self.value)

    def dimension(self, name: str = "dim") -> int:
        """An axis argument, counted from the front."""
        dim = int(self.argument(name, 0))
        return dim % self.value.ndim


# --- sums, products, concatenations --------------------------------------------------------------


def _broadcast(entered: list[tuple[Tensor, Flow]], output: Tensor) -> Flow:
    """Axes of values that are combined element by element, aligned from the right."""
    axes: list[Axis] = []
    whole = False
    for place in range(1, output.ndim + 1):
        size = output.shape[-place]
        met = [flow.axes[-place] for value, flow in entered
               if value.ndim >= place and value.shape[-place] == size]  # fmt: skip
        axis, lost = _joined(met, size)
        whole |= lost
        axes.append(axis)
    return Flow((), tuple(reversed(axes)), whole)


def _joined(met: list[Axis], size: int) -> tuple[Axis, bool]:
    """One axis of several, and whether places were lost on the way."""
    meant = [axis for axis in met if any(factor.means != "unknown" for factor in axis)]
    if not meant:
        return (Factor(size),), False
    joined = meant[0]
    for axis in meant[1:]:
        if [(f.size, f.means) for f in axis] != [(f.size, f.means) for f in joined]:
            lost = any(f.means in PLACES for f in (*axis, *joined))
            return (Factor(size),), lost
        spans = [
            (one.span.joined(two.span) if one.span and two.span else None)
            for one, two in zip(joined, axis, strict=True)
        ]
        if any(s is None and f.means in PLACES for s, f in zip(spans, joined, strict=True)):
            return (Factor(size),), True
        joined = tuple(dataclasses.replace(f, span=s) for f, s in zip(joined, spans, strict=True))
    return joined, False


def _cat(call: _Call) -> Flow | None:
    parts = [(value, flow) for value in call.args[0] if (flow := call.known(value)) is not None]
    dim = call.dimension()
    if any(flow.over([dim]) for _, flow in parts):
        return None
    axes: list[Axis] = []
    whole = False
    for place, size in enumerate(call.output.shape):
        if place == dim:
            means = parts[0][1].axes[place][0].means
            axes.append((Factor(size, means),))
            continue
        axis, lost = _joined([flow.axes[place] for _, flow in parts], size)
        whole |= lost
        axes.append(axis)
    return Flow((), tuple(axes), whole)


# --- windows -------------------------------------------------------------------------------------


def _convolution(call: _Call) -> Flow | None:
    if call.flow is None or call.argument("transposed", False):
        return None
    kernel = call.argument("weight").shape[2:]
    channels = Factor(call.output.shape[1], "channels")
    return _windowed(call, kernel, call.argument("stride"), call.argument("padding"),
                     call.argument("dilation"), channels)  # fmt: skip


def _pool(call: _Call) -> Flow | None:
    flow = call.flow
    if flow is None:
        return None
    kernel = call.argument("kernel_size")
    stride = call.argument("stride") or kernel
    count = len(kernel)
    channels = flow.axes[call.value.ndim - count - 1]
    kept = channels[0] if len(channels) == 1 else Factor(call.output.shape[-count - 1], "channels")
    return _windowed(call, kernel, stride, call.argument("padding"),
                     call.argument("dilation") or [1], kept)  # fmt: skip


def _windowed(call: _Call, kernel: Any, stride: Any, padding: Any, dilation: Any,
              channels: Factor) -> Flow | None:  # fmt: skip
    """A window over the last axes; what lies before them keeps its meaning."""
    flow, count = call.flow, len(kernel)
    assert flow is not None
    settings = [list(one) * count if len(one) == 1 else list(one)
                for one in (kernel, stride, padding, dilation)]  # fmt: skip
    axes: list[Axis] = [*flow.axes[: -count - 1], (channels,)]
    for place in range(count):
        k, s, p, d = (int(one[place]) for one in settings)
        axis = flow.axes[place - count]
        size = call.output.shape[place - count]
        trivial = (k, s, p) == (1, 1, 0)
        if len(axis) == 1 and axis[0].span is not None:
            axes.append((Factor(size, axis[0].means, axis[0].span.step(k, s, p, d)),))
        elif trivial:
            axes.append(axis)
        elif any(factor.means in PLACES for factor in axis):
            return None
        else:
            means = axis[0].means if len(axis) == 1 else "unknown"
            axes.append((Factor(size, means),))
    return Flow((), tuple(axes))


def _adaptive(call: _Call) -> Flow | None:
    """An adaptive pool is a plain one where the sizes divide."""
    flow = call.flow
    if flow is None:
        return None
    wanted = call.argument("output_size")
    kernel = []
    for before, size in zip(call.value.shape[-len(wanted) :], wanted, strict=True):
        if before % size:
            return None
        kernel.append(before // size)
    channels = flow.axes[call.value.ndim - len(kernel) - 1]
    if len(channels) != 1:
        return None
    return _windowed(call, kernel, kernel, [0], [1], channels[0])


def _pad(call: _Call) -> Flow | None:
    flow = call.flow
    if flow is None:
        return None
    axes = list(flow.axes)
    added = call.argument("pad")
    for place in range(len(added) // 2):
        axis, size = axes[-place - 1], call.output.shape[-place - 1]
        if len(axis) != 1:
            return None
        span = axis[0].span
        axes[-place - 1] = (
            Factor(size, axis[0].means, span.sliced(-added[2 * place], 1) if span else None),
        )
    return Flow((), tuple(axes))


# --- reshapes, slices, permutations --------------------------------------------------------------


def _reshape(call: _Call) -> Flow | None:
    """Factors are laid out again; one that is cut keeps its meaning, but places lose theirs."""
    if call.flow is None:
        return None
    pending = [factor for axis in call.flow.axes for factor in axis if factor.size != 1]
    axes: list[Axis] = []
    whole = False
    for size in call.output.shape:
        axis: list[Factor] = []
        room = size
        while room > 1:
            if not pending:
                return None
            factor = pending.pop(0)
            if room % factor.size == 0:
                axis.append(factor)
                room //= factor.size
            elif factor.size % room == 0:
                whole |= factor.means in PLACES
                cut: Meaning = "unknown" if factor.means in PLACES else factor.means
                axis.append(Factor(room, cut))
                pending.insert(0, Factor(factor.size // room, cut))
                room = 1
            else:
                return None
        if axis and all(factor.means == "channels" for factor in axis):
            axis = [Factor(size, "channels")]
        axes.append(tuple(axis) or (Factor(1),))
    return Flow((), tuple(axes), whole)


def _permute(call: _Call) -> Flow | None:
    flow, order = call.flow, call.argument("dims")
    if flow is None:
        return None
    return Flow((), tuple(flow.axes[dim % len(flow.axes)] for dim in order))


def _transpose(call: _Call) -> Flow | None:
    flow = call.flow
    if flow is None:
        return None
    axes = list(flow.axes)
    one, two = call.dimension("dim0"), call.dimension("dim1")
    axes[one], axes[two] = axes[two], axes[one]
    return Flow((), tuple(axes))


def _t(call: _Call) -> Flow | None:
    return None if call.flow is None else Flow((), tuple(reversed(call.flow.axes)))


def _unsqueeze(call: _Call) -> Flow | None:
    if call.flow is None:
        return None
    dim = int(call.argument("dim")) % call.output.ndim
    axes = list(call.flow.axes)
    axes.insert(dim, (Factor(1),))
    return Flow((), tuple(axes))


def _slice(call: _Call) -> Flow | None:
    flow = call.flow
    if flow is None:
        return None
    dim = call.dimension()
    axes = list(flow.axes)
    size = call.output.shape[dim]
    if size == call.value.shape[dim]:
        return flow
    axis = axes[dim]
    if len(axis) != 1:
        return None
    first, step = call.argument("start") or 0, call.argument("step") or 1
    first = first + call.value.shape[dim] if first < 0 else first
    span = axis[0].span
    axes[dim] = (Factor(size, axis[0].means, span.sliced(first, step) if span else None),)
    return Flow((), tuple(axes))


def _split(call: _Call) -> Flow | None:
    """Parts along an axis; the same for all, so places of a part have no span of their own."""
    flow, dim = call.flow, call.dimension()
    if flow is None or flow.over([dim]) or len(flow.axes[dim]) != 1:
        return None
    axes = list(flow.axes)
    axes[dim] = (dataclasses.replace(axes[dim][0], size=call.output.shape[dim]),)
    return Flow((), tuple(axes))


def _select(call: _Call) -> Flow | None:
    flow, dim = call.flow, call.dimension()
    if flow is None or flow.over([dim]):
        return None
    return Flow((), (*flow.axes[:dim], *flow.axes[dim + 1 :]))


def _same(call: _Call) -> Flow | None:
    return call.flow


def _expand(call: _Call) -> Flow | None:
    return None if call.flow is None else _broadcast([(call.value, call.flow)], call.output)


# --- mixing along an axis ------------------------------------------------------------------------


def _reduce(call: _Call) -> Flow | None:
    """A mean or maximum; over places, the value sees all of them."""
    flow = call.flow
    dims = call.argument("dim")
    if flow is None or dims is None:
        return None
    dims = [dims] if isinstance(dims, int) else list(dims) or list(range(call.value.ndim))
    dims = [dim % call.value.ndim for dim in dims]
    kept = call.output.ndim == call.value.ndim
    axes = [(Factor(1),) if place in dims else axis
            for place, axis in enumerate(flow.axes) if kept or place not in dims]  # fmt: skip
    return Flow((), tuple(axes), flow.over(dims))


def _along(call: _Call) -> Flow | None:
    """A softmax: values of the axis depend on each other."""
    flow = call.flow
    if flow is None:
        return None
    return dataclasses.replace(flow, whole=flow.over([call.dimension()]))


def _layer_norm(call: _Call) -> Flow | None:
    flow = call.flow
    if flow is None:
        return None
    count = len(call.argument("normalized_shape"))
    mixed = flow.over(range(len(flow.axes) - count, len(flow.axes)))
    axes = flow.axes
    if count == 1 and not mixed:  # what is normalised together are channels
        others = (
            tuple(Factor(f.size) if f.means == "channels" else f for f in axis)
            for axis in axes[:-1]
        )
        axes = (*others, (Factor(call.value.shape[-1], "channels"),))
    return Flow((), axes, mixed)


def _product(call: _Call) -> Flow | None:
    """A product with weights: the last axis becomes channels that mix what it held."""
    values = _tensors(call.args)
    flows = [call.known(value) for value in values]
    left = len(values) - 2  # addmm and baddbmm have a bias first
    flow = flows[left]
    if flow is None or flows[left + 1] is not None or len(flow.axes) != call.output.ndim:
        return None
    last = (Factor(call.output.shape[-1], "channels"),)
    return Flow((), (*flow.axes[:-1], last), flow.over([len(flow.axes) - 1]))


UNTAGGED = ("hardswish", "hardswish_", "copy_", "where", "masked_fill", "_prelu_kernel")
"""Operations element by element that torch does not tag as such."""
RULES: dict[str, Callable[[_Call], Flow | None]] = {
    "cat": _cat, "convolution": _convolution, "constant_pad_nd": _pad,
    **dict.fromkeys(("max_pool2d_with_indices", "max_pool3d_with_indices", "avg_pool2d",
                     "avg_pool3d", "max_pool2d", "max_pool3d", "avg_pool1d"), _pool),
    **dict.fromkeys(("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d",
                     "adaptive_avg_pool2d"), _adaptive),
    **dict.fromkeys(("view", "_unsafe_view", "reshape", "squeeze", "flatten", "unflatten",
                     "_reshape_alias"), _reshape),
    "permute": _permute, "transpose": _transpose, "t": _t, "unsqueeze": _unsqueeze,
    "slice": _slice, "select": _select, "expand": _expand,
    **dict.fromkeys(("split", "split_with_sizes", "chunk"), _split),
    **dict.fromkeys(("clone", "contiguous", "detach", "alias", "_to_copy", "lift_fresh",
                     "native_batch_norm", "_native_batch_norm_legit_no_training",
                     "_batch_norm_no_update", "batch_norm", "dropout", "native_dropout"), _same),
    **dict.fromkeys(("mean", "sum", "amax", "amin", "var", "max", "min", "std"), _reduce),
    **dict.fromkeys(("_softmax", "_log_softmax", "softmax"), _along),
    **dict.fromkeys(("native_layer_norm", "layer_norm"), _layer_norm),
    **dict.fromkeys(("mm", "addmm", "matmul", "linear"), _product),
}  # fmt: skip
"""What operations of torch's core do to axes; others are unknown, unless they are pointwise."""
