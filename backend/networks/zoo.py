"""The model zoo: torchvision's definitions, always with random weights, and what is published.

Nothing is fetched unless :func:`fetch` is called, which a person asks for after having seen size,
licence and address. Definitions that torchvision lacks are in :mod:`backend.networks.extra`.
"""

from __future__ import annotations

import functools
import hashlib
import http.client
import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from backend.core.files import FileProblem, replacing
from backend.core.parameters import unknown_name
from backend.networks.network import IMAGENET_MEAN, IMAGENET_SD, Network, Preprocessing
from backend.networks.runtime import torch, torchvision

Task = Literal["classification", "segmentation", "video", "audio"]
MEGABYTE = 1024 * 1024
SEGMENTED_SIDE = 224
"""Segmentation networks take any size; this one keeps a picture below a second."""
CODE_LICENCE = "BSD-3-Clause (definition and weights of torchvision)"
TRAINED_ON = {
    "IMAGENET": "trained on ImageNet, whose pictures are for research only",
    "KINETICS": "trained on Kinetics-400, whose clips are for research only",
    "COCO": "trained on COCO, CC BY 4.0",
}


@dataclass(frozen=True)
class Weights:
    """Published weights of a network.

    Attributes
    ----------
    name : torchvision's name of them. address : where they are fetched from.
    size : bytes. licence : in words. hash : first hexadecimal digits of the file's SHA-256.
    labels : names of the output units. accuracy : top-1 in per cent, NaN where not given.
    preprocessing : what pictures go through before they enter.
    """

    name: str
    address: str
    size: int
    licence: str
    hash: str
    labels: tuple[str, ...]
    accuracy: float
    preprocessing: Preprocessing

    @property
    def file(self) -> str:
        """File name under which they are published."""
        return self.address.rpartition("/")[2]


@dataclass(frozen=True)
class Entry:
    """One network of the zoo.

    Attributes
    ----------
    parameters : number of weights of the published network; 0 where none is published.
    weights : what is published, the recommended ones first.
    preprocessing : of the network with random weights.
    """

    name: str
    task: Task
    parameters: int
    weights: tuple[Weights, ...]
    preprocessing: Preprocessing


@functools.lru_cache(maxsize=1)
def names() -> dict[str, Task]:
    """Every network and its task, by name."""
    from backend.networks import extra

    models = torchvision().models
    rooms: dict[Task, Any] = {
        "classification": models, "segmentation": models.segmentation, "video": models.video,
    }  # fmt: skip
    found: dict[str, Task] = {
        name: task for task, room in rooms.items() for name in models.list_models(module=room)
    }
    return {**found, **extra.TASKS}


@functools.cache
def entry(name: str) -> Entry:
    """What is known of a network; ParameterError for a name that does not exist."""
    task = names().get(name)
    if task is None:
        raise unknown_name(name, names(), "network")
    if name not in torchvision().models.list_models():
        from backend.networks import extra

        return Entry(name, task, extra.PARAMETERS[name], (), extra.PREPROCESSING[name])
    published = torchvision().models.get_model_weights(name)
    listed = [_weights(one, task) for one in published]
    default = getattr(published, "DEFAULT", None)
    listed.sort(key=lambda one: default is None or one.name != default.name)
    first = listed[0].preprocessing if listed else Preprocessing(224, 224, shorter=256)
    # Other weights of the network may want other pictures; its own size is that of the first.
    original = [one for one in listed if one.name.endswith("_V1") and "SWAG" not in one.name]
    usual = original[0].preprocessing if original else first
    parameters = int(next(iter(published)).meta["num_params"]) if listed else 0
    return Entry(name, task, parameters, tuple(listed), usual)


def _weights(one: Any, task: Task) -> Weights:
    """torchvision's record of weights in our words."""
    meta = one.meta
    trained = next((words for key, words in TRAINED_ON.items() if key in one.name), "")
    own = meta.get("license")
    licence = f"not BSD: see {own}" if own else CODE_LICENCE
    metrics: dict[str, float] = next(iter(meta.get("_metrics", {}).values()), {})
    found = re.search(r"-([0-9a-f]{8,})\.\w+$", one.url)
    return Weights(
        one.name, one.url, round(meta["_file_size"] * MEGABYTE),
        f"{licence}; {trained}" if trained else licence, found.group(1) if found else "",
        tuple(meta.get("categories") or ()), float(metrics.get("acc@1", float("nan"))),
        _preprocessing(one.transforms(), task, meta),
    )  # fmt: skip


def _preprocessing(preset: Any, task: Task, meta: dict[str, Any]) -> Preprocessing:
    """What torchvision's preset does, with the antialiasing of its tensors."""
    mean = tuple(getattr(preset, "mean", IMAGENET_MEAN))
    std = tuple(getattr(preset, "std", IMAGENET_SD))
    if task == "segmentation":
        return Preprocessing(SEGMENTED_SIDE, SEGMENTED_SIDE, mean=mean, std=std)
    crop = preset.crop_size
    height, width = (crop[0], crop[-1]) if isinstance(crop, list | tuple) else (crop, crop)
    scaled = preset.resize_size
    shorter = min(scaled) if isinstance(scaled, list | tuple) else scaled
    frames = max(16, meta.get("min_temporal_size", 0)) if task == "video" else 0
    cubic = getattr(preset.interpolation, "value", "bilinear") == "bicubic"
    return Preprocessing(
        height, width, mean=mean, std=std, shorter=shorter, frames=frames,
        interpolation="bicubic" if cubic else "bilinear",
    )  # fmt: skip


def build(name: str, seed: int = 0, classes: int | None = None, auxiliary: bool = False) -> Network:
    """The network with random weights, which depend on the seed only.

    Parameters
    ----------
    classes : output units; None takes the published number.
    auxiliary : with the second classifier that segmentation networks are published with.
    """
    known = entry(name)
    library = torch()
    with library.random.fork_rng(devices=[]):
        library.manual_seed(seed)
        module = _module(name, known.task, classes, auxiliary)
    labels = known.weights[0].labels if known.weights and classes is None else ()
    kind = known.task if known.task in ("video", "audio") else "image"
    provenance = {"architecture": name, "weights": "random", "seed": seed,
                  "definition": f"torchvision {torchvision().__version__}"}  # fmt: skip
    return Network(module, name, known.preprocessing, labels, provenance, kind)  # type: ignore[arg-type]


def _module(name: str, task: Task, classes: int | None, auxiliary: bool) -> Any:
    from backend.networks.attention import open_heads

    models = torchvision().models
    if name not in models.list_models():
        from backend.networks import extra

        return extra.module(name, classes)
    options: dict[str, Any] = {} if classes is None else {"num_classes": classes}
    if task == "segmentation":
        options["weights_backbone"] = None  # else torchvision fetches it
        if auxiliary:
            options["aux_loss"] = True
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = True  # the published initialisation, without a warning
    return open_heads(models.get_model(name, weights=None, **options))


def weights_named(name: str, weights: str = "") -> Weights:
    """Published weights of a network; the recommended ones without a name."""
    listed = entry(name).weights
    found = [one for one in listed if one.name == weights] or list(listed[: not weights])
    if not found:
        if not listed:
            raise FileProblem(f"No weights of {name} are published. Load a file, or train it.")
        raise unknown_name(weights, [one.name for one in listed], "weights")
    return found[0]


def fetch(
    weights: Weights,
    folder: Path,
    check: Callable[[], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Fetch published weights into a folder, unless they are there; nothing else ever does.

    Parameters
    ----------
    check : called for every megabyte; raises to cancel, which leaves no file.
    progress : called with bytes done and all.

    Raises
    ------
    FileProblem
        without a network, or when what arrives has another size or hash than announced.
    """
    path = folder / weights.file
    if path.is_file() and _hash_of(path).startswith(weights.hash):
        return path
    with _replying(weights) as source, replacing(path) as file:
        digest, done = hashlib.sha256(), 0
        while part := _read(source, weights):
            if check is not None:
                check()
            digest.update(part)
            file.write(part)
            done += len(part)
            if done > 2 * weights.size + MEGABYTE:
                raise FileProblem(f"{weights.file} is larger than announced; it was not kept.")
            if progress is not None:
                progress(done, max(weights.size, done))
        if not digest.hexdigest().startswith(weights.hash):
            raise FileProblem(f"{weights.file} arrived damaged: its hash is not the announced "
                              "one. It was not kept. Try again.")  # fmt: skip
    return path


def _replying(weights: Weights) -> Any:
    try:
        return urllib.request.urlopen(weights.address, timeout=30)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(weights, error) from error


def _read(source: Any, weights: Weights) -> bytes:
    try:
        part: bytes = source.read(MEGABYTE)
        return part
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(weights, error) from error


def _unreachable(weights: Weights, error: Exception) -> FileProblem:
    reason = getattr(error, "reason", "") or error
    return FileProblem(f"{weights.file} could not be fetched ({reason}). Fetch it elsewhere and "
                       "choose the file.")  # fmt: skip


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
