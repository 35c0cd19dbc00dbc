"""A channel's sum of sizes, DNNBrain's L1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.networks.units import Unit

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SumOfSizes(Unit):
    """A unit whose value is sum |x| over its places."""

    def value(self, output: Tensor, axis: int) -> Tensor:
        """(n,) sum of sizes of what the indices leave open."""
        chosen = self._chosen(output, axis)
        own = chosen.reshape(len(chosen), -1).abs().sum(1)
        return own if self.minus is None else own - self.minus.value(output, axis)
