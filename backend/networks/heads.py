"""A new last layer for other categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.core.parameters import ParameterError
from backend.networks.layers import layers
from backend.networks.runtime import torch

if TYPE_CHECKING:
    from torch import nn

    from backend.networks.network import Network


def with_head(network: Network, names: tuple[str, ...], seed: int = 0) -> Network:
    """A copy whose last layer, and auxiliary ones, have one new unit for each name.

    The new weights are fan-in He normal, the biases 0.

    Raises
    ------
    ParameterError
        when the last layer with weights is neither linear nor a convolution.
    """
    copy = network.copy()
    nn = torch().nn
    weighted = [one for one in layers(network) if one.kind in ("Linear", "Conv2d", "Conv3d")]
    if not weighted or not names:
        raise ParameterError("names", "The network has no linear or convolutional layer at its "
                             "end that could be replaced.")  # fmt: skip
    last = weighted[-1].name.partition("#")[0]
    units = weighted[-1].shape[0]
    with torch().random.fork_rng(devices=[]):
        torch().manual_seed(seed)
        for path, module in list(copy.module.named_modules()):
            auxiliary = path.lower().startswith("aux") and _units(module) == units
            if path == last or auxiliary:
                parent, _, child = path.rpartition(".")
                new = _resized(module, len(names))
                nn.init.kaiming_normal_(new.weight, nonlinearity="relu")
                if new.bias is not None:
                    nn.init.zeros_(new.bias)
                setattr(copy.module.get_submodule(parent), child, new)
    copy.labels = tuple(names)
    copy.provenance = {**copy.provenance, "head": {"units": len(names), "seed": seed}}
    copy.module.eval()
    return copy


def _units(module: nn.Module) -> int:
    """Outputs of a linear layer or convolution; 0 of other modules."""
    return int(getattr(module, "out_features", getattr(module, "out_channels", 0)))


def _resized(module: Any, units: int) -> Any:
    """The same kind of layer with another number of outputs."""
    nn = torch().nn
    bias = module.bias is not None
    if isinstance(module, nn.Linear):
        return nn.Linear(module.in_features, units, bias=bias)
    return type(module)(
        module.in_channels, units, module.kernel_size, module.stride, module.padding,
        module.dilation, bias=bias,
    )  # fmt: skip
