"""Small networks that tests of units, attributions and lesions share."""

from __future__ import annotations

from typing import Any

import numpy as np

from backend.networks.network import Network, Preprocessing
from backend.networks.runtime import torch, torchvision

SMALL = Preprocessing(32, 32, 3, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def seeded(build: Any, name: str, preprocessing: Preprocessing = SMALL) -> Network:
    """A network with torch's initial weights from seed 0 and biases away from 0."""
    with torch().random.fork_rng(devices=[]):
        torch().manual_seed(0)
        module = build()
        for parameter_name, parameter in module.named_parameters():
            if parameter_name.endswith("bias"):
                torch().nn.init.normal_(parameter, 0.0, 0.1)
    return Network(module.eval(), name, preprocessing)


def mini() -> Network:
    """MiniAlexNet's architecture, untrained."""
    from backend.networks.mini import untrained

    network = untrained("B", 0)
    return network


def zoo(name: str, size: int = 64, **options: Any) -> Network:
    """A torchvision architecture with random weights."""
    models = torchvision().models
    way = Preprocessing(size, size, 3, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    return seeded(lambda: getattr(models, name)(weights=None, **options), name, way)


def pictures(network: Network, n: int = 3, seed: int = 0) -> np.ndarray:
    """(n, H, W, 3) float32 noise in 0..1 at the network's input size."""
    way = network.preprocessing
    noise = np.random.default_rng(seed).uniform(size=(n, way.height, way.width, 3))
    return noise.astype(np.float32)


def inputs(network: Network, n: int = 3, seed: int = 0) -> Any:
    return network.preprocessing.prepare(pictures(network, n, seed))


def hooks(network: Network) -> int:
    """Hooks of any kind left on the network's modules."""
    return sum(
        len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks)
        for m in network.module.modules()
    )


def answers(network: Network, x: Any) -> Any:
    from backend.networks.layers import first_tensor

    with torch().no_grad():
        return first_tensor(network.module(x)).clone()
