"""Twenty-two architectures of different families, seen and lesioned without special cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit_networks import answers, hooks, seeded, zoo

from backend.core.parameters import ParameterError
from backend.networks.attribution import Options, attribute
from backend.networks.layers import layers
from backend.networks.lesions import Lesion, LesionStack, lesioned, weight_layers
from backend.networks.network import Network, Preprocessing
from backend.networks.programs import open_program
from backend.networks.runtime import torch, torchvision
from backend.networks.units import Unit, layer_output

BUILD: dict[str, tuple[int, dict[str, Any]]] = {
    "alexnet": (64, {}), "vgg11": (32, {}), "vgg11_bn": (32, {}), "resnet18": (64, {}),
    "resnext50_32x4d": (64, {}), "densenet121": (64, {}),
    "inception_v3": (96, {"init_weights": False}), "googlenet": (64, {"init_weights": False}),
    "mobilenet_v2": (64, {}), "mobilenet_v3_small": (64, {}), "efficientnet_b0": (64, {}),
    "efficientnet_v2_s": (64, {}), "convnext_tiny": (64, {}), "vit_b_16": (64, {"image_size": 64}),
    "swin_t": (64, {}), "swin_v2_t": (64, {}), "squeezenet1_1": (64, {}),
    "shufflenet_v2_x1_0": (64, {}), "mnasnet1_0": (64, {}), "regnet_y_400mf": (64, {}),
    "r3d_18": (32, {}), "lraspp_mobilenet_v3_large": (64, {}),
}  # fmt: skip
RELUS = {"alexnet": 7, "vgg11": 10, "vgg11_bn": 10, "resnet18": 17, "densenet121": 121,
         "googlenet": 57, "inception_v3": 94, "mobilenet_v2": 35, "vit_b_16": 0,
         "efficientnet_b0": 0, "r3d_18": 17}  # fmt: skip


def build(name: str) -> Network:
    size, options = BUILD[name]
    if name == "r3d_18":
        video = torchvision().models.video
        way = Preprocessing(size, size, frames=4)
        network = seeded(lambda: video.r3d_18(weights=None), name, way)
        network.kind = "video"
        return network
    if name.startswith("lraspp"):
        family = torchvision().models.segmentation
        options = {"weights": None, "weights_backbone": None}
        return seeded(lambda: getattr(family, name)(**options), name, Preprocessing(size, size))
    return zoo(name, size, **options)


def loud(network: Network, x: Any) -> None:
    """Random weights die out with depth, and ViT's head starts at 0: let signals through."""
    for module in network.module.modules():
        if isinstance(module, torch().nn.Linear) and not module.weight.any():
            torch().nn.init.normal_(module.weight, 0.0, 0.1)
    norms = [m for m in network.module.modules() if isinstance(m, torch().nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None
        norm.reset_running_stats()
        norm.train()
    with torch().no_grad():
        network.module(x)
    network.module.eval()


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILD)
def test_an_architecture_is_seen_and_lesioned(name: str) -> None:
    network = build(name)
    way = network.preprocessing
    noise = np.random.default_rng(0).uniform(size=(2, way.height, way.width, 3))
    x = way.prepare(noise.astype(np.float32))
    loud(network, x)
    before, state = answers(network, x), network.state_hash()
    last = [one for one in layers(network) if one.shape == tuple(before.shape[1:])]
    name_of_last = last[-1].name if last else layers(network)[-1].name
    unit, relus = Unit(name_of_last, 1), 0
    for method in ("vanilla", "guided", "deconvolution", "Grad-CAM"):
        seen = attribute(network, x, unit, method, Options())  # type: ignore[arg-type]
        assert np.isfinite(seen.values).all()
        assert seen.values.shape[-2:] == (way.height, way.width)
        if method == "vanilla":
            assert seen.values.any()
        elif seen.rectifiers is not None:
            relus = seen.rectifiers
    assert relus == RELUS.get(name, relus)
    assert torch().equal(answers(network, x), before)
    lesions_change_and_are_undone(network, x, before, state, relus > 0)
    assert hooks(network) == 0


def lesions_change_and_are_undone(
    network: Network, x: Any, before: Any, state: str, relus: bool
) -> None:
    named = {one.name: one for one in layers(network)}
    target = next(one for one in weight_layers(network)[2:] if one.name in named and
                  len(one.weight) >= 8)  # fmt: skip
    if not relus:
        with pytest.raises(ParameterError, match="no ReLU to switch off"):
            lesioned(network, Lesion("ReLU-off"))
    for lesion in (
        Lesion("W-all", (target.name,)),
        Lesion("W-channel", (target.name,)),
        Lesion("ReLU-off"),
        Lesion("ablate", (target.name,), channels=(0, 3), ablation="zero"),
    ):
        if lesion.kind == "ReLU-off" and not relus:
            continue
        with LesionStack(network) as stack:
            stack.apply(lesion)
            assert not torch().equal(answers(network, x), before), lesion
            if lesion.kind == "ablate":
                axis = named[target.name].channel_axis
                with torch().no_grad():
                    output = layer_output(network.module, target.name, x).movedim(axis, 1)
                assert not output[:, [0, 3]].any()
                assert output[:, 1].any()
        assert torch().equal(answers(network, x), before)
    assert network.state_hash() == state


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_an_exported_program_is_seen_and_lesioned_as_the_network_it_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 0)  # exporting leaves its thread behind
    network = zoo("mobilenet_v2")
    noise = np.random.default_rng(0).uniform(size=(2, 64, 64, 3)).astype(np.float32)
    x = network.preprocessing.prepare(noise)
    loud(network, x)
    export = torch().export
    program = export.export(network.module, (x,), dynamic_shapes=({0: export.Dim.AUTO},))
    export.save(program, tmp_path / "net.pt2")
    opened = open_program(tmp_path / "net.pt2", network)
    unit = Unit("classifier.1", 3)
    for method in ("vanilla", "guided", "deconvolution", "Grad-CAM"):
        ours, theirs = (attribute(one, x, unit, method) for one in (opened, network))  # type: ignore[arg-type]
        assert ours.rectifiers == theirs.rectifiers
        assert theirs.values.any()
        np.testing.assert_allclose(ours.values, theirs.values, atol=1e-5 * theirs.values.max())
    state, before = opened.state_hash(), answers(opened, x)
    copy, lesion = opened.copy(), Lesion("W-all")
    assert torch().equal(answers(copy, x), before)
    torch().testing.assert_close(
        answers(lesioned(opened, lesion), x), answers(lesioned(network, lesion), x)
    )
    for lesion in (
        Lesion("W-all"),
        Lesion("ReLU-off"),
        Lesion("ablate", ("features.17.conv.2",), channels=(1, 8)),
    ):
        with LesionStack(opened) as ours, LesionStack(network) as theirs:
            ours.apply(lesion)
            theirs.apply(lesion)
            torch().testing.assert_close(answers(opened, x), answers(network, x))
            assert not torch().equal(answers(opened, x), before)
    assert opened.state_hash() == state
