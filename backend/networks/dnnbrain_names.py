"""DNNBrain's names of networks and layers, and ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backend.core.parameters import unknown_name
from backend.networks.layers import layers

if TYPE_CHECKING:
    from backend.networks.network import Network

OWN = {"r3d": "r3d_18", "minialexnet": "mini-a", "minialexnetb": "mini-b"}
"""Names that differ by more than capitals and underscores."""
FOLLOWING = {"ReLU": "relu", "MaxPool2d": "maxpool", "BatchNorm2d": "bn"}


def network_name(given: str) -> str:
    """Our name of a network: ``AlexNet`` is ``alexnet``, ``VggFace`` is ``vgg_face``.

    Raises
    ------
    ParameterError with the nearest names.
    """
    from backend.networks import zoo
    from backend.networks.opening import MINI

    if given.startswith("timm:"):
        return given
    names = [*MINI, *zoo.names()]
    if given in names:
        return given
    plain = _plain(given)
    for name in names:
        if _plain(name) == plain:
            return name
    if plain in OWN:
        return OWN[plain]
    raise unknown_name(given, names, "network")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def layer_names(network: Network) -> dict[str, str]:
    """DNNBrain's name → our name: conv1, conv1_relu, conv1_maxpool, ..., fc1, fc1_relu.

    Convolutions and linear layers are counted in the order of the pass; what follows one is named
    after it. So are the original's AlexNet, Vgg11 and Vgg19_bn.
    """
    found: dict[str, str] = {}
    count = {"conv": 0, "fc": 0}
    last = ""
    for layer in layers(network):
        kind = {"Conv2d": "conv", "Conv3d": "conv", "Linear": "fc"}.get(layer.kind)
        if kind is not None:
            count[kind] += 1
            last = f"{kind}{count[kind]}"
            found[last] = layer.name
        elif layer.kind in FOLLOWING and last:
            found.setdefault(f"{last}_{FOLLOWING[layer.kind]}", layer.name)
    return found


def layer_name(network: Network, given: str) -> str:
    """Our name of a layer given by ours or DNNBrain's; ParameterError with the nearest names."""
    own = [layer.name for layer in layers(network)]
    if given in own:
        return given
    theirs = layer_names(network)
    if given in theirs:
        return theirs[given]
    raise unknown_name(given, dict.fromkeys([*own, *theirs]), "layer")
