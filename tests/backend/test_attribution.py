"""Attributions equal captum's and finite differences, and leave the network as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from unit_networks import answers, hooks, inputs, mini, pictures, seeded, zoo

from backend.core.parameters import ParameterError
from backend.core.run import Cancelled
from backend.networks.attribution import METHODS, Options, attribute, display, last_map
from backend.networks.layers import layers
from backend.networks.mini import mini_alexnet
from backend.networks.network import Network
from backend.networks.runtime import torch
from backend.networks.units import Unit, objective, values
from backend.stimuli import shapeworld

captum_warns = pytest.mark.filterwarnings("ignore")


def resnet() -> Network:
    """Shared in-place ReLUs and shortcuts."""
    return zoo("resnet18")


def vgg() -> Network:
    """In-place ReLUs right after convolutions."""
    return zoo("vgg11", 32)


def last(network: Network) -> Unit:
    return Unit({"resnet18": "fc", "vgg11": "classifier.6"}.get(network.name, "fc3"), 3)


NETWORKS = pytest.mark.parametrize("build", [mini, resnet, vgg], ids=["mini", "resnet", "vgg"])


@NETWORKS
@captum_warns
@pytest.mark.parametrize(
    ("method", "peer"),
    [("vanilla", "Saliency"), ("guided", "GuidedBackprop"), ("deconvolution", "Deconvolution"),
     ("gradient x input", "InputXGradient")],
)  # fmt: skip
def test_a_map_equals_captums(build: Any, method: Any, peer: str) -> None:
    from captum import attr

    network = build()
    x = inputs(network)
    ours = attribute(network, x, last(network), method).values
    options = {"abs": False} if method == "vanilla" else {}
    theirs = getattr(attr, peer)(network.module).attribute(x, target=3, **options).detach().numpy()
    assert np.abs(theirs).max() > 0
    np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())


@NETWORKS
@captum_warns
def test_grad_cam_equals_captums(build: Any) -> None:
    from captum.attr import LayerGradCam

    network = build()
    layer = {"resnet18": "layer4.1.conv2", "vgg11": "features.18"}.get(network.name, "conv4")
    x = inputs(network)
    peer = LayerGradCam(network.module, network.module.get_submodule(layer))
    cam = peer.attribute(x, target=3, relu_attributions=True).detach()
    theirs = torch().nn.functional.interpolate(cam, x.shape[-2:], mode="bilinear").numpy()
    ours = attribute(network, x, last(network), "Grad-CAM", Options(layer=layer)).values
    np.testing.assert_allclose(ours, theirs, atol=1e-5 * max(np.abs(theirs).max(), 1e-3))


@captum_warns
def test_smooth_grad_agrees_with_captums_noise_tunnel_on_average() -> None:
    from captum.attr import NoiseTunnel, Saliency

    network = mini()
    x = inputs(network, 1)
    sd = 0.1 * float(x.max() - x.min())
    with torch().random.fork_rng(devices=[]):
        torch().manual_seed(0)
        tunnel = NoiseTunnel(Saliency(network.module))
        theirs = tunnel.attribute(x, nt_samples=600, nt_samples_batch_size=50, stdevs=sd, target=3,
                                  abs=False).detach().numpy()  # fmt: skip
    ours = attribute(network, x, last(network), "SmoothGrad", Options(samples=600)).values
    vanilla = attribute(network, x, last(network)).values
    agreement = np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]
    assert agreement > 0.99
    assert agreement > np.corrcoef(vanilla.ravel(), theirs.ravel())[0, 1]


def test_smooth_grad_repeats_with_its_seed_and_leaves_the_image_alone() -> None:
    network = mini()
    x = inputs(network)
    before = x.clone()
    first, again, other = (
        attribute(network, x, last(network), "SmoothGrad", Options(samples=5, seed=seed)).values
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch().equal(x, before)
    exact = attribute(network, x, last(network), "SmoothGrad", Options(samples=3, sd=0.0)).values
    np.testing.assert_allclose(exact, attribute(network, x, last(network)).values, atol=1e-6)


def test_saliency_equals_central_differences_at_60_random_pixels() -> None:
    """05-dnnbrain, section 7, item 8: float64, eps 1e-6, relative to max |S|: below 1e-6."""
    network = mini()
    layers(network)
    network.module.double()
    x = inputs(network, 1).double()
    for unit in (Unit("fc3", 5), Unit("conv5", 7), Unit("conv3", 2, 3, 4),
                 Unit("conv4", 6, summary="max")):  # fmt: skip
        maps = _exact(network, x, unit)
        function = objective(network, unit)
        rng = np.random.default_rng(0)
        for place in zip(*(rng.integers(0, n, 60) for n in x.shape[1:]), strict=True):
            step = torch().zeros_like(x)
            step[(0, *place)] = 1e-6
            with torch().no_grad():
                slope = float((function(x + step) - function(x - step))[0]) / 2e-6
            assert abs(slope - maps[place]) < 1e-6 * np.abs(maps).max()


def _exact(network: Network, x: Any, unit: Unit) -> np.ndarray:
    return attribute(network, x, unit).values[0].astype(float)


def test_integrated_gradients_are_complete_within_1_percent_at_200_steps() -> None:
    """05-dnnbrain, section 7, item 8."""
    network = mini_alexnet("A", 0)
    images, category, _curvy = shapeworld.test_set()
    for number in (0, 100, 500):
        unit = Unit("fc3", int(category[number]))
        shown = images[number : number + 1]
        result = attribute(network, shown, unit, "integrated gradients", Options(steps=200))
        zero = float(answers(network, torch().zeros(1, 3, 32, 32))[0, unit.channel])
        assert result.activation[0] - zero > 5
        np.testing.assert_allclose(
            result.values.astype(float).sum(), result.activation[0] - zero, rtol=0.01
        )


def test_guided_equals_vanilla_where_every_relu_is_active_with_positive_gradients() -> None:
    """05-dnnbrain, section 7, item 9."""
    network = mini()
    with torch().no_grad():
        for parameter in network.module.parameters():
            parameter.abs_().add_(0.01)
    x = inputs(network).abs()
    vanilla, guided = (attribute(network, x, Unit("fc3", 1), m) for m in ("vanilla", "guided"))
    assert np.abs(vanilla.values).max() > 0
    assert guided.rectifiers == 7
    np.testing.assert_array_equal(guided.values, vanilla.values)


def test_guided_is_zero_where_every_path_is_blocked() -> None:
    """05-dnnbrain, section 7, item 9: the readout's gradient is negative everywhere."""
    network = mini()
    with torch().no_grad():
        network.module.get_submodule("fc3").weight.abs_().neg_()
    x = inputs(network)
    assert np.abs(attribute(network, x, Unit("fc3", 1)).values).max() > 0
    assert not attribute(network, x, Unit("fc3", 1), "guided").values.any()
    assert not attribute(network, x, Unit("fc3", 1), "deconvolution").values.any()


def functional() -> Any:
    """A network whose ReLUs are functions, in place, out of place and methods."""
    nn = torch().nn

    class Net(nn.Module):
        def __init__(self, modules: bool) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3)
            self.conv3, self.fc = nn.Conv2d(8, 8, 3), nn.Linear(8, 4)
            self.relu = nn.ReLU() if modules else None

        def forward(self, x: Any) -> Any:
            if self.relu is not None:
                x = self.relu(self.conv3(self.relu(self.conv2(self.relu(self.conv1(x))))))
                return self.fc(x.mean((2, 3)))
            x = nn.functional.relu(self.conv1(x), inplace=True)
            x = self.conv2(x)
            x.relu_()
            return self.fc(torch().relu(self.conv3(x)).mean((2, 3)))

    return Net


@pytest.mark.parametrize("method", ["guided", "deconvolution"])
def test_functional_in_place_and_shared_relus_follow_the_rule(method: Any) -> None:
    net = functional()
    one, two = (seeded(lambda m=m: net(m), "toy") for m in (True, False))
    two.module.load_state_dict(one.module.state_dict())
    x = inputs(one)
    maps = [attribute(network, x, Unit("fc", 2), method) for network in (one, two)]
    assert [result.rectifiers for result in maps] == [3, 3]
    np.testing.assert_array_equal(maps[0].values, maps[1].values)
    assert not np.array_equal(maps[0].values, attribute(one, x, Unit("fc", 2)).values)


@NETWORKS
def test_the_network_is_as_before_after_every_method(build: Any) -> None:
    network = build()
    x = inputs(network)
    before, state, left = answers(network, x), network.state_hash(), hooks(network)
    for method in METHODS:
        result = attribute(network, x, last(network), method, Options(samples=2, steps=4))
        assert np.isfinite(result.values).all()
        np.testing.assert_allclose(result.activation, before[:, 3], atol=1e-5)
    assert torch().equal(answers(network, x), before)
    assert network.state_hash() == state
    assert hooks(network) == left
    assert all(p.grad is None for p in network.module.parameters())


def test_progress_counts_passes_to_the_end() -> None:
    network = mini()
    for method, n, total in (
        ("vanilla", 70, 2), ("SmoothGrad", 5, 10), ("integrated gradients", 5, 5)
    ):  # fmt: skip
        x, told = inputs(network, n), []
        attribute(network, x, Unit("fc3", 3), method, Options(samples=66),  # type: ignore[arg-type]
                  progress=lambda done, of, told=told: told.append((done, of)))  # fmt: skip
        assert told[0] == (1, total)
        assert told[-1] == (total, total)


def test_a_large_pass_is_left_between_its_layers() -> None:
    network = mini()
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 12:
            raise Cancelled

    with pytest.raises(Cancelled):
        values(network, Unit("fc3", 3), inputs(network, 2), check)
    assert hooks(network) == 0
    assert len(calls) == 12


@pytest.mark.parametrize("method", METHODS)
def test_cancelling_leaves_no_hook_and_no_rule_behind(method: Any) -> None:
    network = mini()
    x = inputs(network, 70)
    before = answers(network, x)
    told = []

    def check() -> None:
        if told:
            raise Cancelled

    with pytest.raises(Cancelled):
        attribute(network, x, Unit("fc3", 3), method, check=check,
                  progress=lambda done, of: told.append((done, of)))  # fmt: skip
    assert len(told) == 1
    assert hooks(network) == 0
    assert torch().equal(answers(network, x), before)


@pytest.mark.parametrize("method", METHODS)
def test_a_network_that_breaks_during_a_pass_is_left_whole(method: Any) -> None:
    network = mini()
    x = inputs(network)
    before = answers(network, x)

    def broken(*_arguments: Any) -> None:
        if torch().is_grad_enabled():
            raise RuntimeError("broken")

    handle = network.module.get_submodule("fc2").register_forward_hook(broken)
    with pytest.raises(RuntimeError, match="broken"):
        attribute(network, x, Unit("fc3", 3), method)
    handle.remove()
    assert hooks(network) == 0
    assert torch().equal(answers(network, x), before)
    one, two = (attribute(network, x, Unit("fc3", 3)).values for _ in range(2))
    assert np.array_equal(one, two)


def test_grad_cam_looks_at_the_last_map_or_the_block_it_belongs_to() -> None:
    assert last_map(mini(), Unit("fc3", 0)) == "relu5"
    assert last_map(mini(), Unit("conv3", 0)) == "relu2"
    assert last_map(resnet(), Unit("fc", 0)) == "layer4.1"


def test_wrong_wishes_get_a_sentence() -> None:
    network = mini()
    x = inputs(network)
    for unit, method, options, words in (
        (Unit("fc3", 64), "vanilla", Options(), "fc3 has 64"),
        (Unit("conv6", 1), "vanilla", Options(), "conv6"),
        (Unit("fc3", 1), "magic", Options(), "no attribution"),
        (Unit("fc3", 1), "SmoothGrad", Options(samples=0), "starts at 1"),
        (Unit("conv2", 1), "Grad-CAM", Options(layer="conv4"), "does not lead to conv2"),
        (Unit("fc3", 1), "Grad-CAM", Options(layer="relu6"), "has no map"),
        (Unit("fc3", 1), "Grad-CAM", Options(layer="rulu5"), "relu5"),
        (Unit("conv1", 1), "Grad-CAM", Options(), "No layer before conv1"),
    ):
        with pytest.raises(ParameterError, match=words) as caught:
            attribute(network, x, unit, method, options)  # type: ignore[arg-type]
        assert len(caught.value.sentence.split()) <= 40


def test_pictures_are_prepared_by_the_network() -> None:
    network = mini()
    shown = (255 * pictures(network)).astype(np.uint8)
    maps = attribute(network, shown, Unit("fc3", 3))
    x = network.preprocessing.prepare(shown)
    np.testing.assert_array_equal(maps.values, attribute(network, x, Unit("fc3", 3)).values)


def test_display_modes() -> None:
    maps = np.zeros((2, 3, 4, 4), np.float32)
    maps[0, 0, 1, 1], maps[0, 2, 1, 1] = -2.0, 1.0
    signed, absolute, strongest = (
        display(maps, mode, 100.0) for mode in ("signed", "absolute", "maximum")
    )
    assert signed.shape == absolute.shape == (2, 4, 4, 3)
    assert strongest.shape == (2, 4, 4)
    np.testing.assert_allclose(signed[0, 1, 1], [0.0, 0.5, 0.75])
    np.testing.assert_allclose(absolute[0, 1, 1], [1.0, 0.0, 0.5])
    assert strongest[0, 1, 1] == 1.0
    assert (signed[1] == 0.5).all()
    assert not strongest[1].any()
