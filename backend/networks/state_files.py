"""State dictionaries from files: tensors only, nothing is run, and no size is taken on trust."""

from __future__ import annotations

import hashlib
import math
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.files import FileProblem
from backend.networks.runtime import torch

if TYPE_CHECKING:
    from torch import Tensor, nn

State = dict[str, "Tensor"]
WRAPPERS = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "ema")
"""Keys under which training scripts keep the state dictionary."""
PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.", "encoder.module.")
"""Put before every key by wrappers of a network."""
LARGEST = 1 << 36
"""Bytes; no weights of a network of pictures are larger."""


def read(path: Path) -> State:
    """The tensors of a ``.pt``, ``.pth`` or ``.npz`` file by name, prefixes of wrappers removed.

    Raises
    ------
    FileProblem
        when it is missing, damaged, hostile, or holds something else.
    """
    if not path.is_file():
        raise FileProblem(f"{path.name} does not exist. Choose the file again.")
    if path.stat().st_size == 0:
        raise FileProblem(f"{path.name} is empty. Copy or fetch it again.")
    found = _arrays(path) if path.suffix.lower() == ".npz" else _tensors(path)
    if not found:
        raise FileProblem(f"{path.name} holds no weights.")
    return _without_prefixes(found)


def hash_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _arrays(path: Path) -> State:
    state: State = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                with archive.open(member) as file:
                    shape, kind = _header(file)
                if kind.kind not in "fiub":
                    continue  # provenance in words
                if math.prod(shape) * kind.itemsize > member.file_size:
                    raise FileProblem(f"{path.name} is damaged: {name} is shorter than it says.")
                _fits(path, member.file_size)
        with np.load(path, allow_pickle=False) as data:
            for name in data.files:
                if data[name].dtype.kind in "fiub":
                    state[name] = torch().from_numpy(np.ascontiguousarray(data[name]))
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise FileProblem(f"{path.name} holds no arrays of weights "
                          f"({_first_line(error)}).") from error  # fmt: skip
    return state


def _header(file: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array in a file, without reading it."""
    version = np.lib.format.read_magic(file)
    reader = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        reader = np.lib.format.read_array_header_2_0
    shape, _, kind = reader(file)
    return shape, kind


def _fits(path: Path, size: int) -> None:
    if size > LARGEST:
        raise FileProblem(f"{path.name} would unpack to {size / 1e9:.0f} GB; it was not read.")


def _tensors(path: Path) -> State:
    if zipfile.is_zipfile(path):
        _check_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old files' pickles, which are read all the same
            loaded = torch().load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Unsupported" in str(error) or "GLOBAL" in str(error) or "Weights only" in str(error):
            raise FileProblem(
                f"{path.name} holds more than weights; reading it could run programs, so it was "
                "not read. Save the network's state_dict() and choose that."
            ) from error
        raise FileProblem(_damaged(path)) from error
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, TypeError, IndexError,
            AttributeError, AssertionError, MemoryError, UnicodeDecodeError) as error:  # fmt: skip
        raise FileProblem(_damaged(path)) from error
    return _state_in(loaded)


def _damaged(path: Path) -> str:
    return f"{path.name} is damaged or is no file of weights. Copy or fetch it again."


def _check_archive(path: Path) -> None:
    """Refuse an archive that unpacks to far more than it is (torch stores without packing)."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise FileProblem(_damaged(path)) from error
    _fits(path, unpacked)
    if unpacked > 2 * path.stat().st_size + (1 << 20):
        raise FileProblem(f"{path.name} would unpack to {unpacked / 1e9:.1f} GB, far more than "
                          "its size; it was not read.")  # fmt: skip


def _state_in(loaded: Any) -> State:
    """The tensors of what a training script saved."""
    while isinstance(loaded, Mapping):
        inner = next(
            (loaded[key] for key in WRAPPERS if isinstance(loaded.get(key), Mapping)), None
        )
        if inner is None:
            break
        loaded = inner
    if not isinstance(loaded, Mapping):
        return {}
    is_tensor = torch().is_tensor
    return {str(key): value for key, value in loaded.items() if is_tensor(value)}


def _without_prefixes(state: State) -> State:
    """Names as the bare module has them."""
    changed = True
    while changed:
        changed = False
        for prefix in PREFIXES:
            if all(key.startswith(prefix) for key in state):
                state = {key.removeprefix(prefix): value for key, value in state.items()}
                changed = True
    return state


def fill(module: nn.Module, state: Mapping[str, Tensor], file: str, network: str) -> None:
    """Put weights into a module.

    Raises
    ------
    FileProblem
        names the first key that is missing or too many, with shapes, or values that are no numbers.
    """
    wanted = module.state_dict()
    for key, value in wanted.items():
        if key not in state:
            if key.endswith("num_batches_tracked"):
                continue
            raise FileProblem(
                f"{file} does not fit {network}: {key} ({_shape(value)}) is missing. It has "
                f"{len(state)} tensors, the first {next(iter(state))}."
            )
        if state[key].shape != value.shape:
            raise FileProblem(
                f"{file} does not fit {network}: {key} is {_shape(state[key])}; the network "
                f"needs {_shape(value)}."
            )
    extra = [key for key in state if key not in wanted and not key.endswith("num_batches_tracked")]
    if extra:
        raise FileProblem(
            f"{file} does not fit {network}, which has no {extra[0]} ({_shape(state[extra[0]])}). "
            "Choose the network that it was trained with."
        )
    for key, value in state.items():
        if value.is_floating_point() and not bool(value.isfinite().all()):
            count = int((~value.isfinite()).sum())
            raise FileProblem(f"{file} holds {count} weights that are not numbers, the first in "
                              f"{key}.")  # fmt: skip
    try:
        module.load_state_dict({k: v for k, v in state.items() if k in wanted}, strict=False)
    except (RuntimeError, TypeError, ValueError, NotImplementedError) as error:
        raise FileProblem(f"{file} does not fit {network}: {_first_line(error)}.") from error


def _shape(value: Tensor) -> str:
    return " × ".join(str(size) for size in value.shape) or "one number"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:80].rstrip(".:")
