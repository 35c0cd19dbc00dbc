"""Opening a network: a definition with random weights or a user's, or a whole program."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from backend.core.files import FileProblem
from backend.core.parameters import unknown_name
from backend.networks import state_files, zoo
from backend.networks.mini import mini_alexnet, untrained
from backend.networks.network import Network
from backend.networks.weights import labels_beside

if TYPE_CHECKING:
    from torch import Tensor

MINI = {"mini-a": "A", "mini-b": "B"}
"""The embedded networks by the names that panels use."""
ENDINGS = (".pt", ".pth", ".npz", ".pt2", ".ts")
"""Files that are opened."""


def open_network(name: str, weights: Path | None = None, seed: int = 0) -> Network:
    """A network by name, with the weights of a file or without.

    Parameters
    ----------
    name : "mini-a", "mini-b", a name of the zoo, or "timm:NAME" where timm is installed.
    weights : a state dictionary (``.pt``, ``.pth``, ``.npz``), or a TorchScript or exported
        program, which then is the network and takes the named one's input. None: the embedded
        network's own weights, else random ones.
    seed : of random weights, and the training seed of embedded ones.

    Raises
    ------
    ParameterError
        for a name that does not exist.
    FileProblem
        for a file that cannot be read, or that does not fit the network.
    """
    if name not in MINI and name not in zoo.names() and not name.startswith("timm:"):
        raise unknown_name(name, [*MINI, *zoo.names()], "network")
    if weights is None:
        return mini_alexnet(MINI[name], seed) if name in MINI else _defined(name, seed)  # type: ignore[arg-type]
    ending = weights.suffix.lower()
    if ending == ".onnx":
        raise FileProblem(f"{weights.name}: torch writes ONNX and cannot read it. Export the "
                          "network with torch.export and choose the .pt2 file.")  # fmt: skip
    if ending not in ENDINGS:
        raise FileProblem(f"{weights.name} is none of {', '.join(ENDINGS)}.")
    if not weights.is_file():
        raise FileProblem(f"{weights.name} does not exist. Choose the file again.")
    if ending == ".pt2" or is_script(weights):
        from backend.networks import programs

        return programs.open_program(weights, _defined(name, seed))
    return with_weights(name, weights, seed)


def with_weights(name: str, file: Path, seed: int = 0) -> Network:
    """The named definition with the state dictionary of a file; its own number of classes."""
    state = state_files.read(file)
    network = _fitting(name, state, seed)
    state_files.fill(network.module, state, file.name, network.name)
    digest = state_files.hash_of(file)
    network.provenance = {
        "architecture": network.provenance.get("architecture", name),
        "definition": network.provenance.get("definition", "Isomorph"),
        "weights": file.name, "sha256": digest,
    }  # fmt: skip
    if name in zoo.names():
        network = _as_published(network, name, file, digest)
    return _named(network, name, file)


def _named(network: Network, name: str, file: Path) -> Network:
    """With the names of the output units that were saved beside the weights.

    An embedded network of another number of classes has none of the embedded ones' names.
    """
    tensors = [value for value in network.module.state_dict().values() if value.ndim]
    units = len(tensors[-1]) if tensors else 0
    found = labels_beside(file, units)
    if found:
        network.labels = found
    elif name in MINI and units != EMBEDDED_CLASSES:
        network.labels = ()
    return network


EMBEDDED_CLASSES = 64


def _as_published(network: Network, name: str, file: Path, digest: str) -> Network:
    """With the pictures' preparation and licence of published weights, known by their hash."""
    for one in zoo.entry(name).weights:
        if one.hash and digest.startswith(one.hash):
            network.provenance |= {"published": one.name, "licence": one.licence}
            return dataclasses.replace(network, preprocessing=one.preprocessing, labels=one.labels)
    return network


def _fitting(name: str, state: dict[str, Tensor], seed: int) -> Network:
    """The definition with as many output units, and the second classifier, as the file has."""
    auxiliary = any(key.startswith("aux_classifier.") for key in state)
    network = _defined(name, seed, None, auxiliary)
    if "aux_logits" not in state and not any(key.startswith(("aux", "Aux")) for key in state):
        for part in ("aux1", "aux2", "AuxLogits"):  # published without by some
            if getattr(network.module, part, None) is not None:
                setattr(network.module, part, None)
    weighted = [(key, value) for key, value in network.module.state_dict().items()
                if key.endswith(".weight") and value.ndim > 1
                and not key.startswith(("aux", "Aux"))]  # fmt: skip
    key, value = weighted[-1]
    given = state.get(key)
    same_kind = given is not None and given.shape[1:] == value.shape[1:]
    if given is None or not same_kind or len(given) == len(value):
        return network
    return _defined(name, seed, len(given), auxiliary)


def _defined(name: str, seed: int, classes: int | None = None, auxiliary: bool = False) -> Network:
    if name in MINI:
        return untrained(MINI[name], seed, classes or EMBEDDED_CLASSES)  # type: ignore[arg-type]
    if name.startswith("timm:"):
        from backend.networks import extra

        return extra.from_timm(name.removeprefix("timm:"), seed, classes)
    return zoo.build(name, seed, classes, auxiliary)


def is_script(file: Path) -> bool:
    """Whether a file is a TorchScript archive: a zip with code beside the weights."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = [member.partition("/")[2] for member in archive.namelist()]
    except (OSError, ValueError, zipfile.BadZipFile):
        return False
    return any(member.startswith("code/") for member in names)
