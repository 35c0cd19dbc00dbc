"""Scanning: what hooks give, unaltered, in one pass, to memory or to DNNBrain's file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from unit_networks import hooks, pictures, seeded
from unit_networks import zoo as small

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.networks import act_file, scan, zoo
from backend.networks.layers import layers, relu_layers
from backend.networks.mini import mini_alexnet
from backend.networks.network import Network, Preprocessing
from backend.networks.runtime import torch
from backend.stimuli import shapeworld

ROOT = Path(__file__).resolve().parents[2]


def gathered(network: Network, images: Any, names: list[str], **more: Any) -> dict[str, np.ndarray]:
    parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for _, values in scan.stream(network, images, names, **more):
        for name in names:
            parts[name].append(values[name].copy())
    return {name: np.concatenate(blocks) for name, blocks in parts.items()}


@pytest.fixture(scope="module")
def shapes() -> np.ndarray:
    return shapeworld.test_set(3)[0]


# --- acceptance 1 of 05-dnnbrain ------------------------------------------------------------------


def test_output_before_an_in_place_relu_is_not_altered() -> None:
    network = small("alexnet", 64)
    values = gathered(network, pictures(network, 2), ["features.0", "features.1"])
    assert values["features.0"].min() < 0
    np.testing.assert_array_equal(values["features.1"], np.maximum(values["features.0"], 0))


def test_residual_sums_in_place_do_not_alter_what_was_scanned() -> None:
    network = small("resnet18", 64)
    names = [one.name for one in layers(network)]
    one_pass = gathered(network, pictures(network, 2), names)
    assert one_pass["layer1.0.bn2"].min() < 0  # += of the shortcut, then an in-place ReLU
    for name in names:
        alone = gathered(network, pictures(network, 2), [name])
        np.testing.assert_array_equal(alone[name], one_pass[name], err_msg=name)


@pytest.mark.parametrize("seed", [0, 1])
def test_one_batch_of_many_equals_many_of_one(shapes: np.ndarray, seed: int) -> None:
    network = mini_alexnet("A", seed)
    names = [one.name for one in layers(network)]
    one = gathered(network, shapes[:64], names, batch=1)
    many = gathered(network, shapes[:64], names, batch=64)
    for name in names:
        assert np.abs(one[name] - many[name]).max() < 1e-5, name


def test_the_pass_equals_the_module_s_own(shapes: np.ndarray) -> None:
    network = mini_alexnet()
    found = gathered(network, shapes[:8], ["fc3"])["fc3"]
    with torch().no_grad():
        expected = network.module(network.preprocessing.prepare(shapes[:8])).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert hooks(network) == 0


# --- what stream gives ----------------------------------------------------------------------------


def test_pooling_is_one_number_a_channel(shapes: np.ndarray) -> None:
    network = mini_alexnet()
    maps = gathered(network, shapes[:5], ["conv3", "fc1"])
    flat = maps["conv3"].reshape(5, 64, -1).astype(float)
    expected = {
        "mean": flat.mean(2), "max": flat.max(2), "median": np.median(flat, 2),
        "L1": np.abs(flat).sum(2), "L2": np.sqrt((flat**2).sum(2)),
    }  # fmt: skip
    for pooling, values in expected.items():
        found = gathered(network, shapes[:5], ["conv3", "fc1"], pooling=pooling)
        np.testing.assert_allclose(found["conv3"], values, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(found["fc1"], maps["fc1"])


def test_tokens_are_pooled_over_tokens_and_channels_chosen_along_features() -> None:
    network = small("vit_b_16", 64, image_size=64)
    name, images = "encoder.layers.encoder_layer_1.ln_2", pictures(network, 2)
    tokens = gathered(network, images, [name])[name]
    assert tokens.shape == (2, 17, 768)
    pooled = gathered(network, images, [name], pooling="mean", channels={name: [5, 2]})[name]
    np.testing.assert_allclose(pooled, tokens.mean(1)[:, [5, 2]], atol=1e-5)


def test_chosen_channels_come_in_the_order_asked(shapes: np.ndarray) -> None:
    network = mini_alexnet()
    every = gathered(network, shapes[:3], ["relu2"])["relu2"]
    some = gathered(network, shapes[:3], ["relu2"], channels={"relu2": [40, 3]})["relu2"]
    np.testing.assert_array_equal(some, every[:, [40, 3]])
    with pytest.raises(ParameterError, match="relu2 has 48 channels, numbered 1 to 48; 49 was"):
        gathered(network, shapes[:3], ["relu2"], channels={"relu2": [48]})


def test_the_pass_ends_after_the_last_wanted_layer(shapes: np.ndarray) -> None:
    network = mini_alexnet()
    seen: list[str] = []
    layers(network)  # watches a whole pass once
    network.module.conv4.register_forward_hook(lambda *_: seen.append("conv4"))
    gathered(network, shapes[:4], ["relu3", "conv1"])
    assert not seen


def test_values_do_not_share_memory_with_each_other_or_with_the_next_batch(
    shapes: np.ndarray,
) -> None:
    network = mini_alexnet()
    (_, first), (_, _) = list(scan.stream(network, shapes[:4], ["relu6", "drop2"], batch=2))
    kept = first["drop2"].copy()
    first["relu6"][:] = -1
    np.testing.assert_array_equal(first["drop2"], kept)


def test_cancelling_leaves_the_network_as_it_was(shapes: np.ndarray) -> None:
    network = mini_alexnet()
    state = network.state_hash()

    def check() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        gathered(network, shapes, ["relu1"], check=check)
    assert hooks(network) == 0
    assert network.state_hash() == state


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"wanted": ["relu11"]}, 'no layer "relu11"'),
        ({"wanted": []}, "No layer is chosen"),
        ({"wanted": ["relu1"], "batch": 0}, "at least one picture"),
        ({"wanted": ["relu1"], "pooling": "sum"}, 'no pooling "sum"'),
    ],
)
def test_what_cannot_be_scanned_is_said(
    shapes: np.ndarray, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        next(iter(scan.stream(mini_alexnet(), shapes, **options)))


# --- files ----------------------------------------------------------------------------------------

NAMES = ["conv1", "relu5", "relu7", "fc3"]


def test_file_and_memory_hold_the_same_in_dnnbrain_s_layout(
    shapes: np.ndarray, tmp_path: Path
) -> None:
    network = mini_alexnet()
    path = tmp_path / "shapes.act.h5"
    steps: list[tuple[int, int]] = []
    memory = scan.scan(network, shapes, NAMES)
    found = scan.scan(network, shapes, NAMES, path, progress=lambda *step: steps.append(step))
    assert steps[-1] == (192, 192)
    assert found.layers == tuple(NAMES)
    with h5py.File(path) as file:
        for name in NAMES:
            dataset = file[name]
            assert dataset.ndim == 4
            assert dataset.compression == "gzip"
            np.testing.assert_array_equal(dataset[:], memory.arrays[name])
            np.testing.assert_array_equal(found.read(name, slice(60, 70)), dataset[60:70])
    assert sorted(os.listdir(tmp_path)) == ["shapes.act.h5", "shapes.act.h5.json"]


def test_a_file_as_dnnbrain_writes_it_is_read(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((4, 3, 2, 2)).astype(np.float32)
    path = tmp_path / "theirs.act.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("conv5", data=values, compression="gzip")
        file.create_dataset("fc1", data=values[:, :, :1, :1])
    found = act_file.load(path)
    assert (len(found), found.name, found.layers) == (4, "theirs", ("conv5", "fc1"))
    np.testing.assert_array_equal(found.read("conv5", [0, 2]), values[[0, 2]])
    act_file.append(path, {"conv5": values[:2], "fc1": values[:2, :, :1, :1]})
    np.testing.assert_array_equal(act_file.load(path).read("conv5")[4:], values[:2])
    found.save(tmp_path / "again.act.h5")
    np.testing.assert_array_equal(act_file.load(tmp_path / "again.act.h5").read("fc1", [5]),
                                  values[1:2, :, :1, :1])  # fmt: skip


def test_pictures_are_added_behind_those_of_a_file(shapes: np.ndarray, tmp_path: Path) -> None:
    network = mini_alexnet()
    path = tmp_path / "some.act.h5"
    scan.scan(network, shapes[:40], NAMES, path)
    more = scan.scan(network, shapes[40:80], NAMES)
    act_file.append(path, more.arrays)
    whole = scan.scan(network, shapes[:80], NAMES)
    found = act_file.load(path)
    for name in NAMES:
        np.testing.assert_allclose(found.read(name), whole.arrays[name], atol=1e-5)
    with pytest.raises(FileProblem, match="differ in relu7"):
        act_file.append(path, {**more.arrays, "relu7": more.arrays["fc3"]})


def test_a_cancelled_scan_goes_on_where_it_ended(shapes: np.ndarray, tmp_path: Path) -> None:
    network = mini_alexnet()
    path = tmp_path / "shapes.act.h5"
    looks = [0]

    def check() -> None:
        looks[0] += 1
        if looks[0] == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        scan.scan(network, shapes, NAMES, path, check=check)
    assert not path.exists()
    steps: list[int] = []
    found = scan.scan(network, shapes, NAMES, path, progress=lambda done, _: steps.append(done))
    assert steps[0] == 64 + 32  # the first stretch of 64 is not done again
    memory = scan.scan(network, shapes, NAMES)
    for name in NAMES:
        np.testing.assert_allclose(found.read(name), memory.arrays[name], atol=1e-5)


def test_an_unfinished_scan_of_something_else_is_not_taken_on(
    shapes: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "shapes.act.h5"

    def check() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        scan.scan(mini_alexnet("A", 0), shapes, NAMES, path, check=check)
    with pytest.raises(FileProblem, match="unfinished scan of another network, layers or pictures"):
        scan.scan(mini_alexnet("A", 1), shapes, NAMES, path)
    with pytest.raises(FileProblem, match="unfinished scan of another"):
        scan.scan(mini_alexnet("A", 0), shapes[::-1], NAMES, path)


@pytest.mark.slow
def test_a_killed_scan_resumes(shapes: np.ndarray, tmp_path: Path) -> None:
    """kill -9 in the middle of a stretch, while its file is open."""
    path = tmp_path / "shapes.act.h5"
    program = textwrap.dedent(f"""
        import os, signal
        from pathlib import Path
        from backend.networks.mini import mini_alexnet
        from backend.networks.scan import scan
        from backend.stimuli import shapeworld
        def progress(done, of):
            if done == 160:
                os.kill(os.getpid(), signal.SIGKILL)
        scan(mini_alexnet(), shapeworld.test_set(3)[0], {NAMES!r}, Path({str(path)!r}),
             progress=progress)
    """)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    steps: list[int] = []
    found = scan.scan(mini_alexnet(), shapes, NAMES, path,
                      progress=lambda now, _: steps.append(now))  # fmt: skip
    assert steps == [160, 192]
    memory = scan.scan(mini_alexnet(), shapes, NAMES)
    for name in NAMES:
        np.testing.assert_allclose(found.read(name), memory.arrays[name], atol=1e-5)
    assert not path.with_name(path.name + ".unfinished").exists()


def test_half_precision_is_half_as_large_and_refuses_what_it_cannot_hold(
    shapes: np.ndarray, tmp_path: Path
) -> None:
    network = mini_alexnet()
    half = scan.scan(network, shapes[:20], ["relu5"], tmp_path / "half.act.h5", precision="float16")
    full = scan.scan(network, shapes[:20], ["relu5"])
    assert half.read("relu5").dtype == np.float16
    np.testing.assert_allclose(half.read("relu5"), full.arrays["relu5"], rtol=1e-3, atol=1e-3)
    with torch().no_grad():
        network.module.conv5.weight *= 1e5
    with pytest.raises(ParameterError, match="float16 ends at 65504"):
        scan.scan(network, shapes[:20], ["relu5"], precision="float16")


def test_what_does_not_fit_is_refused_before_it_starts(tmp_path: Path, monkeypatch: Any) -> None:
    network = mini_alexnet()
    many = np.broadcast_to(np.zeros((1, 32, 32, 3), np.float32), (3_000_000, 32, 32, 3))
    seen: list[Any] = []
    network.module.register_forward_hook(lambda *call: seen.append(call))
    layers(network)
    seen.clear()
    monkeypatch.setattr(scan, "free_memory", lambda: 8 << 30)
    with pytest.raises(ParameterError, match=r"3000000 pictures need 295 GB; 8.59 GB of memory"):
        scan.scan(network, many, ["relu1"])
    monkeypatch.setattr(scan.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1 << 30}))
    with pytest.raises(ParameterError, match=r"1.07 GB of the disk are free. Pool over places"):
        scan.scan(network, many, ["relu1"], tmp_path / "many.act.h5")
    assert not seen
    small_one = scan.estimate(network, 1000, ["relu1", "fc1"], pooling="mean", precision="float16")
    assert small_one.total == 1000 * (24 + 256) * 2
    assert small_one.fits


def test_memory_that_is_free_is_measured() -> None:
    assert 1 << 26 < scan.free_memory() < 1 << 44


@pytest.mark.parametrize("damage", ["text", "cut", "flat", "lengths", "missing", "words", "empty"])
def test_damaged_activation_files_are_said(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "bad.act.h5"
    data = np.zeros((4, 3, 8, 8), np.float32)
    if damage == "text":
        path.write_text("not a file of activations")
    elif damage != "missing":
        with h5py.File(path, "w") as file:
            if damage == "words":
                file["conv1"] = np.full((1, 1, 1, 1), b"cat")
            elif damage != "empty":
                file["conv1"] = data[:, 0] if damage == "flat" else data
            if damage == "lengths":
                file["conv2"] = data[:2]
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:300])
    words = {
        "text": "is damaged or is no activation file", "cut": "is damaged",
        "flat": "is not pictures × channels", "lengths": "has 2 pictures and conv1 4",
        "missing": "does not exist", "words": "holds no numbers", "empty": "holds no layer",
    }  # fmt: skip
    with pytest.raises(FileProblem, match=words[damage]):
        act_file.load(path)


def test_a_target_that_cannot_be_written_is_said(shapes: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileProblem, match="cannot be written"):
        scan.scan(mini_alexnet(), shapes[:2], ["fc3"], tmp_path / "file" / "a.act.h5")
    with pytest.raises(FileProblem, match="does not end in"):
        scan.scan(mini_alexnet(), shapes[:2], ["fc3"], tmp_path / "a.h5")


# --- architectures --------------------------------------------------------------------------------

FAMILIES = (
    "alexnet", "vgg11_bn", "resnet18", "resnext50_32x4d", "wide_resnet50_2", "densenet121",
    "inception_v3", "googlenet", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0",
    "efficientnet_v2_s", "convnext_tiny", "vit_b_16", "swin_t", "swin_v2_t", "maxvit_t",
    "squeezenet1_1", "shufflenet_v2_x1_0", "mnasnet0_5", "regnet_y_400mf", "r3d_18",
    "lraspp_mobilenet_v3_large", "fcn_resnet50",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_every_layer_of_an_architecture_is_scanned_as_single_passes_give_it(name: str) -> None:
    network = zoo.build(name)
    way = network.preprocessing
    images = np.random.default_rng(0).uniform(size=(1, way.height, way.width, 3))
    names = [one.name for one in layers(network)]
    values = gathered(network, images.astype(np.float32), names)
    for layer in layers(network):
        assert values[layer.name].shape == (1, *layer.shape), layer
        block = scan.channels_first(layer, values[layer.name])
        assert block.shape[:2] == (1, layer.channels)
        assert block.ndim == 4
    for layer in [*relu_layers(network)[:2], *layers(network)[:: max(1, len(names) // 4)]]:
        alone = gathered(network, images.astype(np.float32), [layer.name])[layer.name]
        np.testing.assert_array_equal(alone, values[layer.name], err_msg=layer.name)
    assert hooks(network) == 0


def test_a_network_of_clips_scans_clips_and_stills() -> None:
    from backend.networks.runtime import torchvision

    video = torchvision().models.video
    network = seeded(lambda: video.mc3_18(weights=None), "mc3_18", Preprocessing(32, 32, frames=4))
    clips = np.random.default_rng(0).uniform(size=(2, 6, 40, 48, 3)).astype(np.float32)
    found = scan.scan(network, clips, ["stem.0", "fc"])
    assert found.shapes == {"stem.0": (2, 64, 4 * 16, 16), "fc": (2, 400, 1, 1)}
    stills = scan.scan(network, clips[:, 0], ["fc"])
    assert stills.shapes == {"fc": (2, 400, 1, 1)}
