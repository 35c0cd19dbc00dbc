"""Where each tensor of a forward pass came from, and what part of the picture it sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.overrides import TorchFunctionMode

from backend.networks.receptive_field import Spans, joined, pair, windowed

if TYPE_CHECKING:
    from torch import Tensor, nn

POOLS = ("max_pool2d", "avg_pool2d", "_max_pool2d", "max_pool2d_with_indices")
RESHAPES = ("permute", "transpose", "movedim", "contiguous", "clone", "to", "float", "detach")
JOINS = (
    "add", "add_", "__add__", "__iadd__", "cat", "concat", "mul", "__mul__", "__rmul__", "mul_",
    "sub", "__sub__", "div", "__truediv__",
)  # fmt: skip
POINTWISE = (
    "relu", "relu_", "relu6", "gelu", "silu", "hardtanh", "hardswish", "sigmoid", "tanh",
    "dropout", "batch_norm", "clamp", "leaky_relu",
)  # fmt: skip


class Trace(TorchFunctionMode):
    """Watches one pass. Tensors are kept alive, so that identities are not used twice."""

    def __init__(self, image: Tensor, spans: Spans) -> None:
        super().__init__()
        self._kept: list[Any] = []
        self._known: dict[int, tuple[tuple[str, ...], Spans | None]] = {}
        self.mark(image, (), spans)

    def mark(self, tensor: Tensor, sources: tuple[str, ...], spans: Spans | None) -> None:
        """Say what a tensor is made of."""
        self._kept.append(tensor)
        self._known[id(tensor)] = (sources, spans)

    def of(self, tensor: Any) -> tuple[tuple[str, ...], Spans | None] | None:
        """What is known of a tensor; None for weights and constants."""
        return self._known.get(id(tensor))

    def entering(self, part: nn.Module, inputs: Any) -> tuple[tuple[str, ...], Spans | None]:
        """Sources and field of a module's inputs, joined."""
        return self._joined(tensors_in(inputs))

    def _joined(self, tensors: list[Any]) -> tuple[tuple[str, ...], Spans | None]:
        known = [found for found in map(self.of, tensors) if found is not None]
        sources = tuple(dict.fromkeys(name for names, _ in known for name in names))
        if not known:
            return sources, None
        spans = known[0][1]
        for _, other in known[1:]:
            spans = None if spans is None or other is None else joined(spans, other)
        return sources, spans

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        entered = tensors_in((args, tuple(kwargs.values())))
        before = self._joined(entered)  # an in-place operation replaces what is known
        output = func(*args, **kwargs)
        if before[0] or before[1] is not None:
            name = getattr(func, "__name__", "")
            for tensor in tensors_in(output):
                spans = self._after(name, args, kwargs, entered, tensor, before[1])
                self.mark(tensor, before[0], spans)
        return output

    @staticmethod
    def _after(
        name: str, args: Any, kwargs: Any, entered: list[Any], output: Any, spans: Spans | None
    ) -> Spans | None:
        if spans is None or getattr(output, "ndim", 0) != 4:
            return None
        if name in POOLS:
            kernel = args[1] if len(args) > 1 else kwargs.get("kernel_size")
            stride = args[2] if len(args) > 2 else kwargs.get("stride")
            padding = args[3] if len(args) > 3 else kwargs.get("padding", 0)
            return windowed(spans, kernel, kernel if not pair(stride) else stride, padding)
        if name in RESHAPES or name in POINTWISE or name in JOINS:
            return spans
        # Slices and reshapes of the same extent leave the field; anything else is not followed.
        same = any(getattr(one, "shape", None) == output.shape for one in entered)
        return spans if same else None


def tensors_in(value: Any) -> list[Any]:
    """All tensors in nested tuples, lists and dictionaries."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        return [one for part in value for one in tensors_in(part)]
    return [value] if hasattr(value, "untyped_storage") else []
