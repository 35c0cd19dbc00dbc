"""Cancelling inside a forward pass, between its layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch.overrides import TorchFunctionMode


class _Checked(TorchFunctionMode):
    """Calls a check before every torch function of this thread."""

    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__()
        self.check = check

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.check()
        return func(*args, **(kwargs or {}))


@contextmanager
def interruptible(check: Callable[[], None] | None) -> Iterator[None]:
    """Context in which a large network's pass ends as soon as ``check`` raises."""
    if check is None:
        yield
        return
    with _Checked(check):
        yield
