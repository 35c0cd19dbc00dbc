"""Opening networks: the zoo, users' weights, whole programs, and files that mean harm."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import pickle
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit_networks import hooks
from unit_networks import zoo as small

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.core.run import Cancelled
from backend.networks import opening, state_files, zoo
from backend.networks.layers import layers
from backend.networks.mini import mini_alexnet
from backend.networks.network import Network
from backend.networks.opening import open_network
from backend.networks.runtime import torch, torchvision
from backend.networks.scan import stream

# --- the zoo --------------------------------------------------------------------------------------


def test_every_definition_of_torchvision_is_listed() -> None:
    found = zoo.names()
    models = torchvision().models
    assert {name for name, task in found.items() if task == "classification"} == {
        *models.list_models(module=models), "vgg_face"
    }  # fmt: skip
    assert found["r3d_18"] == found["mvit_v2_s"] == found["s3d"] == "video"
    assert found["deeplabv3_resnet50"] == found["fcn_resnet101"] == "segmentation"
    assert found["vggish"] == "audio"


@pytest.mark.parametrize(
    ("name", "count"),
    [("alexnet", 61_100_840), ("vgg11", 132_863_336), ("resnet18", 11_689_512),
     ("inception_v3", 27_161_264), ("vgg_face", 145_002_878)],
)  # fmt: skip
def test_definitions_have_the_published_number_of_parameters(name: str, count: int) -> None:
    assert zoo.entry(name).parameters == count == zoo.build(name).parameters


def test_what_is_published_is_told_with_size_licence_and_hash() -> None:
    alexnet = zoo.entry("alexnet").weights[0]
    assert alexnet.file == "alexnet-owt-7be5be79.pth"
    assert alexnet.hash == "7be5be79"
    assert alexnet.size == pytest.approx(244.4e6, rel=0.001)
    assert len(alexnet.labels) == 1000
    assert "BSD-3-Clause" in alexnet.licence
    assert "ImageNet" in alexnet.licence
    swag = zoo.weights_named("vit_b_16", "IMAGENET1K_SWAG_E2E_V1")
    assert swag.licence.startswith("not BSD: see https://")
    assert (swag.preprocessing.height, swag.preprocessing.interpolation) == (384, "bicubic")
    for name in zoo.names():
        for one in zoo.entry(name).weights:
            assert one.size > 1e6
            assert len(one.hash) >= 8


def test_random_weights_follow_the_seed_and_no_file_is_fetched(monkeypatch: Any) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("fetched something")

    monkeypatch.setattr(torch().hub, "load_state_dict_from_url", refuse)
    monkeypatch.setattr(zoo.urllib.request, "urlopen", refuse)
    one, two = open_network("lraspp_mobilenet_v3_large"), open_network("lraspp_mobilenet_v3_large")
    assert one.state_hash() == two.state_hash()
    other = open_network("lraspp_mobilenet_v3_large", seed=1)
    assert other.state_hash() != one.state_hash()
    for name in ("deeplabv3_mobilenet_v3_large", "googlenet", "r3d_18"):
        open_network(name)


def test_a_name_that_is_none_gets_the_nearest() -> None:
    with pytest.raises(ParameterError, match="resnet18"):
        open_network("resnet_18")


def test_an_exported_layout_of_faces_opens(tmp_path: Path) -> None:
    network = zoo.build("vgg_face", classes=5)
    names = list(network.module.state_dict())
    assert names[:2] == ["conv1_1.weight", "conv1_1.bias"]
    assert names[-1] == "fc8.bias"
    grey = np.full((1, 224, 224, 3), 0.5, np.float32)
    values = network.preprocessing.prepare(grey)[0, :, 0, 0]
    np.testing.assert_allclose(values, [-1.686, 22.738, 33.906], atol=0.01)  # 127.5 - mean


# --- fetching, from a server of our own -----------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()
    thread.join()


def published(address: str, content: bytes, digest: str | None = None) -> zoo.Weights:
    right = hashlib.sha256(content).hexdigest()[:8]
    like = zoo.entry("alexnet").weights[0]
    return zoo.Weights("TOY", address, len(content), "BSD", digest or right, (), 0.0,
                       like.preprocessing)  # fmt: skip


def test_weights_are_fetched_when_asked_checked_and_kept(
    served: tuple[str, Path], tmp_path: Path
) -> None:
    address, folder = served
    content = np.random.default_rng(0).bytes(3 << 20)
    (folder / "toy-abc.pth").write_bytes(content)
    weights = published(f"{address}/toy-abc.pth", content)
    steps: list[tuple[int, int]] = []
    path = zoo.fetch(weights, tmp_path / "kept", progress=lambda *step: steps.append(step))
    assert path.read_bytes() == content
    assert steps[-1] == (len(content), len(content))
    (folder / "toy-abc.pth").unlink()
    assert zoo.fetch(weights, tmp_path / "kept") == path  # not fetched again

    wrong = published(f"{address}/toy-abc.pth", content, "00000000")
    (folder / "toy-abc.pth").write_bytes(content)
    with pytest.raises(FileProblem, match="its hash is not the announced one"):
        zoo.fetch(wrong, tmp_path / "other")
    assert not list((tmp_path / "other").iterdir())

    def check() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        zoo.fetch(weights, tmp_path / "third", check)
    assert not list((tmp_path / "third").iterdir())


def test_no_network_is_said(served: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = served
    with pytest.raises(FileProblem, match="could not be fetched"):
        zoo.fetch(published(f"{address}/none.pth", b"x"), tmp_path)
    (folder / "big.pth").write_bytes(bytes(4 << 20))
    weights = published(f"{address}/big.pth", b"x")
    with pytest.raises(FileProblem, match="larger than announced"):
        zoo.fetch(weights, tmp_path)
    with pytest.raises(FileProblem, match="No weights of vggish are published"):
        zoo.weights_named("vggish")


# --- users' weights -------------------------------------------------------------------------------


def test_a_state_dictionary_in_any_wrapping_opens(tmp_path: Path) -> None:
    trained = mini_alexnet("A", 1)
    state = trained.module.state_dict()
    wrapped = {f"module.{key}": value.half().double() for key, value in state.items()}
    torch().save({"epoch": 3, "state_dict": wrapped, "note": "ours"}, tmp_path / "a.pth")
    torch().save({f"_orig_mod.module.{k}": v for k, v in state.items()}, tmp_path / "b.pt")
    np.savez(tmp_path / "c.npz", **{key: value.numpy() for key, value in state.items()})
    exact = {open_network("mini-a", tmp_path / name).state_hash() for name in ("b.pt", "c.npz")}
    assert exact == {trained.state_hash()}
    near = open_network("mini-a", tmp_path / "a.pth")
    assert near.module.fc1.weight.dtype == torch().float32
    assert torch().allclose(near.module.fc1.weight, trained.module.fc1.weight, atol=1e-3)
    assert near.provenance["weights"] == "a.pth"
    digest = hashlib.sha256((tmp_path / "a.pth").read_bytes()).hexdigest()
    assert near.provenance["sha256"] == digest


@pytest.mark.parametrize("name", ["googlenet", "inception_v3", "deeplabv3_mobilenet_v3_large"])
def test_weights_with_and_without_a_second_classifier_open(name: str, tmp_path: Path) -> None:
    full = zoo.build(name, seed=3, auxiliary=True)
    state = full.module.state_dict()
    torch().save(state, tmp_path / "with.pth")
    bare = {k: v for k, v in state.items() if not k.startswith(("aux", "Aux"))}
    torch().save(bare, tmp_path / "without.pth")
    for file in ("with.pth", "without.pth"):
        network = open_network(name, tmp_path / file)
        opened = network.module.state_dict()
        assert all(torch().equal(opened[key], value) for key, value in bare.items())


def test_the_number_of_classes_is_the_file_s(tmp_path: Path) -> None:
    torch().save(zoo.build("resnet18", classes=7).module.state_dict(), tmp_path / "seven.pth")
    network = open_network("resnet18", tmp_path / "seven.pth")
    assert layers(network)[-1].shape == (7,)
    assert network.labels == ()


def test_published_weights_are_known_by_their_hash(tmp_path: Path, monkeypatch: Any) -> None:
    network = zoo.build("squeezenet1_1", seed=9)
    path = tmp_path / "any-name.pth"
    torch().save(network.module.state_dict(), path)
    known = zoo.entry("squeezenet1_1")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    import dataclasses

    weights = dataclasses.replace(known.weights[0], hash=digest[:8])
    entry = dataclasses.replace(known, weights=(weights,))
    monkeypatch.setattr(opening.zoo, "entry", lambda _: entry)
    found = open_network("squeezenet1_1", path)
    assert found.provenance["published"] == "IMAGENET1K_V1"
    assert found.labels[0] == "tench"
    assert found.preprocessing.shorter == 256


def test_weights_that_do_not_fit_are_said_with_key_and_shapes(tmp_path: Path) -> None:
    state = dict(mini_alexnet().module.state_dict())
    torch().save(state, tmp_path / "mini.pth")
    with pytest.raises(FileProblem) as said:
        open_network("alexnet", tmp_path / "mini.pth")
    assert str(said.value) == (
        "mini.pth does not fit alexnet: features.0.weight (64 × 3 × 11 × 11) is missing. It has "
        "16 tensors, the first conv1.weight."
    )
    torch().save({**state, "conv2.weight": torch().zeros(48, 24, 5, 5)}, tmp_path / "wide.pth")
    with pytest.raises(FileProblem, match=r"conv2.weight is 48 × 24 × 5 × 5; the network needs 48"):
        open_network("mini-a", tmp_path / "wide.pth")
    torch().save({**state, "conv6.weight": torch().zeros(2)}, tmp_path / "more.pth")
    with pytest.raises(FileProblem, match=r"which has no conv6.weight \(2\)"):
        open_network("mini-a", tmp_path / "more.pth")
    bad = state["fc1.bias"].clone()
    bad[3] = float("nan")
    torch().save({**state, "fc1.bias": bad}, tmp_path / "nan.pth")
    with pytest.raises(FileProblem, match=r"1 weights that are not numbers, the first in fc1.bias"):
        open_network("mini-a", tmp_path / "nan.pth")


class Harm:
    """A pickle that would write a file when it is read."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return Path.write_text, (self.target, "harm")


def test_pickles_that_run_code_are_refused_and_do_not_run(tmp_path: Path) -> None:
    target = tmp_path / "harmed"
    torch().save({"conv1.weight": Harm(target)}, tmp_path / "harm.pth")
    (tmp_path / "harm.pt").write_bytes(pickle.dumps(Harm(target)))
    np.savez(tmp_path / "harm.npz", weights=np.array([Harm(target)], object))
    torch().save(mini_alexnet().module, tmp_path / "module.pth")
    for name, words in (
        ("harm.pth", "could run programs"), ("harm.pt", "damaged|could run programs"),
        ("harm.npz", "no arrays|no weights"), ("module.pth", "Save the network's state_dict"),
    ):  # fmt: skip
        with pytest.raises(FileProblem, match=words):
            open_network("mini-a", tmp_path / name)
    assert not target.exists()


def array_claiming(shape: tuple[int, ...]) -> bytes:
    stream_ = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream_, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return stream_.getvalue() + bytes(64)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.pth", b"", "is empty"),
        ("text.pth", b"hello", "damaged or is no file of weights"),
        ("zip.pth", b"PK\x03\x04 nothing", "damaged"),
        ("text.npz", b"hello", "no arrays of weights"),
        ("a.onnx", b"x", "torch writes ONNX and cannot read it"),
        ("a.h5", b"x", "is none of .pt, .pth, .npz, .pt2, .ts"),
        ("a.pt2", b"hello", "damaged"),
        ("a.ts", b"hello", "damaged"),
    ],
)
def test_files_that_are_no_weights_are_said(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileProblem, match=words):
        open_network("mini-a", tmp_path / name)


def test_missing_truncated_and_inflating_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="does not exist"):
        open_network("mini-a", tmp_path / "none.pth")
    torch().save(mini_alexnet().module.state_dict(), tmp_path / "whole.pth")
    whole = (tmp_path / "whole.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileProblem, match="damaged"):
        open_network("mini-a", tmp_path / "cut.pth")
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        archive.writestr("conv1.weight.npy", array_claiming((1 << 20, 1 << 20)))
    with pytest.raises(FileProblem, match=r"conv1.weight is shorter than it says"):
        open_network("mini-a", tmp_path / "huge.npz")
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(64 << 20))
    with pytest.raises(FileProblem, match="far more than its size"):
        open_network("mini-a", tmp_path / "bomb.pth")
    torch().save([1, 2], tmp_path / "list.pth")
    with pytest.raises(FileProblem, match="holds no weights"):
        open_network("mini-a", tmp_path / "list.pth")


# --- programs -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(tmp_path_factory: Any) -> Path:
    network = mini_alexnet()
    size = torch().export.Dim("batch", min=1, max=4096)
    program = torch().export.export(
        network.module, (network.example(2),), dynamic_shapes=({0: size},)
    )
    path = tmp_path_factory.mktemp("programs") / "mini.pt2"
    torch().export.save(program, path)
    return path


def same_answers(one: Network, other: Network) -> bool:
    x = np.random.default_rng(0).uniform(size=(5, 32, 32, 3)).astype(np.float32)
    way = other.preprocessing
    with torch().no_grad():
        return torch().allclose(one.module(way.prepare(x)), other.module(way.prepare(x)), atol=1e-5)


def test_an_exported_program_has_the_layers_it_came_from(exported: Path) -> None:
    network, original = open_network("mini-a", exported), mini_alexnet()
    assert same_answers(network, original)
    here = [(one.name, one.kind, one.shape, one.field) for one in layers(network)]
    assert here == [(one.name, one.kind, one.shape, one.field) for one in layers(original)]
    images = np.random.default_rng(1).uniform(size=(3, 32, 32, 3)).astype(np.float32)
    (_, one), (_, two) = (next(stream(n, images, ["conv3", "relu6"])) for n in (network, original))
    for name in one:
        np.testing.assert_allclose(one[name], two[name], atol=1e-5)
    assert network.provenance["program"] == "torch.export"
    assert hooks(network) == 0


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize("way", ["script", "trace"])
def test_torchscript_has_its_operations_as_layers(tmp_path: Path, way: str) -> None:
    original = mini_alexnet()
    jit = torch().jit
    script = (jit.script(original.module) if way == "script"
              else jit.trace(original.module, original.example(2)))  # fmt: skip
    script.save(tmp_path / "mini.pt")  # the ending does not tell; the archive does
    network = open_network("mini-a", tmp_path / "mini.pt")
    assert same_answers(network, original)
    kinds = [one.kind for one in layers(network)]
    assert kinds.count("Conv2d") == 5
    assert kinds.count("ReLU") == 7
    third = [one for one in layers(network) if one.kind == "Conv2d"][2]
    assert third.field is not None
    assert third.field.size == 20


def rewritten(source: Path, target: Path, change: Any) -> Path:
    """A copy of an archive with members changed."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as copy:
        for name in archive.namelist():
            copy.writestr(name, change(name, archive.read(name)))
    return target


def in_model(old: str, new: str) -> Any:
    def change(name: str, content: bytes) -> bytes:
        if not name.endswith("models/model.json"):
            return content
        assert old.encode() in content
        return content.replace(old.encode(), new.encode())

    return change


def pickled_weight(name: str, content: bytes) -> bytes:
    if not name.endswith("model_weights_config.json"):
        return content
    document = json.loads(content)
    document["config"]["conv1.weight"]["use_pickle"] = True
    return json.dumps(document).encode()


def harmful_inputs(name: str, content: bytes) -> bytes:
    return pickle.dumps(Harm(Path("/nowhere"))) if name.endswith("inputs/model.pt") else content


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (in_model("torch.ops.aten.relu.default", "torch.ops.aten.from_file.default"), "from_file"),
        (in_model("torch.ops.aten.relu.default", "torch.hub.load"), "torch.hub.load"),
        (in_model("torch.ops.aten.relu.default", "torch.load"), "torch.load"),
        (in_model("Symbol('", "__import__('os').system('"), "__import__"),
        (pickled_weight, "pickled objects"),
        (harmful_inputs, "its sample inputs"),
    ],
)
def test_exported_programs_that_do_more_than_compute_are_refused(
    exported: Path, tmp_path: Path, change: Any, words: str
) -> None:
    path = rewritten(exported, tmp_path / "harm.pt2", change)
    with pytest.raises(FileProblem, match="does more than compute") as said:
        open_network("mini-a", path)
    assert words in str(said.value)


def test_compiled_code_in_an_exported_program_is_refused(exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "code.pt2"
    path.write_bytes(exported.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("mini/data/aotinductor/model/a.so", b"\x7fELF")
    with pytest.raises(FileProblem, match=r"data/aotinductor/model/a.so"):
        open_network("mini-a", path)


@pytest.mark.filterwarnings("ignore:`torch.jit", "ignore:Duplicate name")
def test_torchscript_that_reaches_for_files_is_refused(tmp_path: Path) -> None:
    script = torch().jit.script(mini_alexnet().module)
    script.save(tmp_path / "mini.ts")
    harm = 'torch.save(input, "/tmp/harm")'

    for number, text in enumerate((harm, 'input.save  ("x")', "torch.from_file('x')")):

        def change(name: str, content: bytes, text: str = text) -> bytes:
            return content + f"\n# {text}\n".encode() if name.endswith("flatten.py") else content

        path = rewritten(tmp_path / "mini.ts", tmp_path / f"harm{number}.ts", change)
        with pytest.raises(FileProblem, match="does more than compute"):
            open_network("mini-a", path)

    def setstate(name: str, content: bytes) -> bytes:
        return (
            content + b"\n  def __setstate__(self, x): pass\n" if name.endswith(".py") else content
        )

    path = rewritten(tmp_path / "mini.ts", tmp_path / "state.ts", setstate)
    with pytest.raises(FileProblem, match="it runs when it is opened"):
        open_network("mini-a", path)
    twice = tmp_path / "twice.ts"
    twice.write_bytes((tmp_path / "mini.ts").read_bytes())
    with zipfile.ZipFile(twice, "a") as archive:
        archive.writestr("mini/data.pkl", b"other")
    with pytest.raises(FileProblem, match="no archive that torch writes"):
        open_network("mini-a", twice)


def test_a_program_for_other_pictures_is_said(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="does not run on pictures of 3 × 224 × 224"):
        open_network("alexnet", exported)
    nn = torch().nn

    class Fixed(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3)

        def forward(self, x: Any) -> Any:
            return self.conv(x).view(x.shape[0], -1)

    x = mini_alexnet().example(1)
    torch().export.save(torch().export.export(Fixed(), (x,)), tmp_path / "one.pt2")
    with pytest.raises(FileProblem, match="one picture at a time only"):
        open_network("mini-a", tmp_path / "one.pt2")


def test_state_files_are_read_without_prefixes() -> None:
    tensor = torch().zeros(1)
    assert set(state_files._without_prefixes({"module.model.a": tensor, "module.model.b": tensor})
               ) == {"a", "b"}  # fmt: skip
    assert set(state_files._without_prefixes({"model.a": tensor, "b": tensor})) == {"model.a", "b"}


def test_timm_is_said_to_be_missing_or_opens() -> None:
    try:
        import timm  # noqa: F401
    except ImportError:
        with pytest.raises(FileProblem, match="need the package timm, which is not installed"):
            open_network("timm:resnet18")
    else:
        assert layers(open_network("timm:resnet18"))


def test_small_networks_open_as_any_other() -> None:
    assert open_network("mini-b").state_hash() == mini_alexnet("B", 0).state_hash()
    assert small("alexnet", 64).parameters == zoo.entry("alexnet").parameters
