"""Networks that torchvision does not define: VGG-Face and VGGish, in their published layouts.

timm's are taken from the package where it is installed.
"""

from __future__ import annotations

import difflib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Literal

from backend.core.files import FileProblem
from backend.networks.audio import SoundPreprocessing
from backend.networks.network import Network, Preprocessing
from backend.networks.runtime import torch, torchvision

if TYPE_CHECKING:
    from torch import nn

TASKS: dict[str, Literal["classification", "audio"]] = {
    "vgg_face": "classification", "vggish": "audio",
}  # fmt: skip
PARAMETERS = {"vgg_face": 145_002_878, "vggish": 72_141_184}
FACE_MEAN = (129.186279296875, 104.76238250732422, 93.59396362304688)
"""Of red, green and blue from 0 to 255 (Parkhi, Vedaldi & Zisserman 2015)."""
PREPROCESSING: dict[str, Preprocessing] = {
    "vgg_face": Preprocessing(
        224, 224, mean=tuple(value / 255 for value in FACE_MEAN), std=(1 / 255,) * 3
    ),
    "vggish": SoundPreprocessing(96, 64, channels=1, mean=(0.0,), std=(1.0,), resize="none"),
}


def module(name: str, classes: int | None = None) -> nn.Module:
    """The definition with torch's initial weights."""
    return vgg_face(classes or 2622) if name == "vgg_face" else vggish(classes or 128)


def vgg_face(classes: int) -> nn.Module:
    """VGG16 with the layer names of the published face network."""
    parts: list[tuple[str, Any]] = []
    nn = torch().nn
    before = 3
    for block, (width, convolutions) in enumerate(
        ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1
    ):
        for number in range(1, convolutions + 1):
            parts.append((f"conv{block}_{number}", nn.Conv2d(before, width, 3, padding=1)))
            parts.append((f"relu{block}_{number}", nn.ReLU()))
            before = width
        parts.append((f"pool{block}", nn.MaxPool2d(2)))
    parts.append(("flatten", nn.Flatten()))
    for number, (entering, width) in enumerate(((25_088, 4096), (4096, 4096)), 6):
        parts += [(f"fc{number}", nn.Linear(entering, width)), (f"relu{number}", nn.ReLU()),
                  (f"dropout{number}", nn.Dropout(0.5))]  # fmt: skip
    parts.append(("fc8", nn.Linear(4096, classes)))
    return nn.Sequential(OrderedDict(parts))


def vggish(classes: int) -> nn.Module:
    """VGGish: log-mel patches (n, 1, 96, 64) to an embedding (Hershey et al. 2017)."""
    layers: list[Any] = []
    nn = torch().nn
    before = 1
    for width in (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool"):
        if isinstance(width, str):
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
            before = width
    embeddings = nn.Sequential(
        nn.Linear(512 * 6 * 4, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(),
        nn.Linear(4096, classes), nn.ReLU(),
    )  # fmt: skip
    # The published weights take the flattened maps with channels last.
    rows = nn.Sequential(torchvision().ops.Permute([0, 2, 3, 1]), nn.Flatten())
    parts = (("features", nn.Sequential(*layers)), ("rows", rows), ("embeddings", embeddings))
    return nn.Sequential(OrderedDict(parts))


def from_timm(name: str, seed: int, classes: int | None = None) -> Network:
    """A network of timm with random weights, where the package is installed.

    Raises
    ------
    FileProblem
        without the package, or for a name that it does not have.
    """
    try:
        import timm
    except ImportError:
        raise FileProblem("Networks of timm need the package timm, which is not installed. "
                          "Install it, or choose a network of torchvision.") from None  # fmt: skip
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=2)
        hint = f" The closest are {' and '.join(near)}." if near else ""
        raise FileProblem(f'timm has no network "{name}".{hint}')
    options = {} if classes is None else {"num_classes": classes}
    with torch().random.fork_rng(devices=[]):
        torch().manual_seed(seed)
        model = timm.create_model(name, pretrained=False, **options)
    config = timm.data.resolve_model_data_config(model)
    channels, height, width = config["input_size"]
    shorter = round(min(height, width) / config["crop_pct"])
    cubic = config["interpolation"] == "bicubic"
    preprocessing = Preprocessing(
        height, width, channels, tuple(config["mean"]), tuple(config["std"]), shorter=shorter,
        interpolation="bicubic" if cubic else "bilinear",
    )  # fmt: skip
    provenance = {"architecture": name, "weights": "random", "seed": seed,
                  "definition": f"timm {timm.__version__}"}  # fmt: skip
    return Network(model, name, preprocessing, (), provenance)
