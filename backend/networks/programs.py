"""Networks that come as programs: TorchScript archives and programs of ``torch.export``.

Both hold operations, not only weights. Before torch reads one, its text is searched for whatever
is not arithmetic on tensors, so that opening a file runs no code and a forward pass only computes.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.core.files import FileProblem
from backend.networks.layers import first_tensor
from backend.networks.network import Network
from backend.networks.runtime import torch
from backend.networks.script_layers import opened_script
from backend.networks.state_files import LARGEST, hash_of

if TYPE_CHECKING:
    from torch import Tensor, nn

FORBIDDEN = ("save", "from_file", "_print")
"""Operations that reach beyond tensors, to files."""
_TARGET = re.compile(r"torch\.ops\.(aten|torchvision)\.(\w+)\.\w+\Z")
_NUMBERS = re.compile(
    r"_operator\.(getitem|add|sub|mul|truediv|floordiv|mod|pow|neg|eq|ne|lt|le|gt|ge)\Z"
)
_EXPRESSION = re.compile(
    r"Symbol\('[su]\d+'(?:, (?:positive|nonnegative|integer)=True)*\)"
    r"|\b(?:Add|Mul|Pow|Integer|Max|Min|Mod|FloorDiv|CleanDiv)\b|\b[su]\d+\b"
    r"|[\d\s+\-*/%(),.<>=]"
)
_EXPORTED_FILES = re.compile(
    r"[^/]+/(archive_format|archive_version|byteorder|\.data/\w+|models/model\.json"
    r"|data/weights/(weight_\d+|model_weights_config\.json)"
    r"|data/constants/(tensor_\d+|model_constants_config\.json)|data/sample_inputs/model\.pt)\Z"
)


def open_program(file: Path, like: Network) -> Network:
    """The program as a network that takes the input of ``like``.

    Raises
    ------
    FileProblem
        when it is damaged, does more than arithmetic, or does not take such pictures.
    """
    exported = file.suffix.lower() == ".pt2"
    module = _exported(file) if exported else _scripted(file, like.example(2))
    network = Network(
        module, file.stem, like.preprocessing, (),
        {"architecture": file.name, "weights": file.name, "sha256": hash_of(file),
         "program": "torch.export" if exported else "TorchScript"}, like.kind,
    )  # fmt: skip
    _try(network, file)
    return network


def _try(network: Network, file: Path) -> None:
    """Two pictures at once, as scans show them."""
    size = " × ".join(str(part) for part in network.preprocessing.shape)
    if _answers(network, 2):
        return
    if _answers(network, 1):
        raise FileProblem(f"{file.name} takes one picture at a time only. Export it with a dynamic "
                          "batch dimension.")  # fmt: skip
    raise FileProblem(f"{file.name} does not run on pictures of {size}. Choose the network it was "
                      "made from beside it.")  # fmt: skip


def _answers(network: Network, n: int) -> bool:
    """Whether so many pictures get an output each."""
    try:
        with torch().no_grad():
            return len(first_tensor(network.module(network.example(n)))) == n
    except Exception:
        return False


def _members(file: Path) -> Iterator[tuple[str, bytes]]:
    """Every member of an archive with its content, read once; sizes are checked first."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            size = sum(member.file_size for member in members)
            if len(set(names)) != len(names) or size > min(LARGEST, 64 * file.stat().st_size + 1e6):
                raise FileProblem(f"{file.name} is no archive that torch writes; it was not read.")
            for member in members:
                yield member.filename, archive.read(member)
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        raise FileProblem(f"{file.name} is damaged. Export or copy it again.") from error


def _refused(file: Path, what: str) -> FileProblem:
    return FileProblem(f"{file.name} does more than compute ({what}), so it was not opened. Save "
                       "the network's state_dict() instead.")  # fmt: skip


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings and log lines of torch's readers."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


# --- TorchScript ---------------------------------------------------------------------------------

_CALL = re.compile(rf"\b({'|'.join(FORBIDDEN)})\s*\(")
_SPACE = re.compile(r"(?<![\w.])ops\.(\w+)\.")
_SETSTATE = re.compile(r"def __setstate__")


def _scripted(file: Path, example: Tensor) -> nn.Module:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as copy:
        for name, content in _members(file):
            inner = name.partition("/")[2]
            if inner.startswith("code/") and inner.endswith(".py"):
                _check_script(file, content.decode("utf-8", "replace"))
            copy.writestr(name, content)
    buffer.seek(0)
    try:
        with _quiet():
            script = torch().jit.load(buffer, map_location="cpu").eval()
    except (RuntimeError, ValueError, OSError) as error:
        raise FileProblem(f"{file.name} is damaged, or of another torch. Export it "
                          "again.") from error  # fmt: skip
    return opened_script(script, example)


def _check_script(file: Path, text: str) -> None:
    called = set(_CALL.findall(text))
    spaces = set(_SPACE.findall(text)) - {"prim", "aten", "torchvision"}
    if called or spaces:
        raise _refused(file, sorted(called | spaces)[0])
    if _SETSTATE.search(text):
        raise _refused(file, "it runs when it is opened")


# --- torch.export --------------------------------------------------------------------------------


def _exported(file: Path) -> nn.Module:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as copy:
        for name, content in _members(file):
            if not _EXPORTED_FILES.match(name):
                raise _refused(file, name.partition("/")[2][:40] or name[:40])
            if name.endswith(".json"):
                _check_json(file, content)
            elif name.endswith("sample_inputs/model.pt"):
                _check_inputs(file, content)
            copy.writestr(name, content)
    buffer.seek(0)
    try:
        with _quiet():
            program = torch().export.load(buffer)
            module = torch().export.unflatten(program)
    except Exception as error:
        raise FileProblem(f"{file.name} is damaged, or of another torch. Export it "
                          "again.") from error  # fmt: skip
    return _named_parts(module, program)


def _check_json(file: Path, content: bytes) -> None:
    """Every operation is one on tensors, every expression is arithmetic, nothing is pickled."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FileProblem(f"{file.name} is damaged. Export it again.") from error
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            _check_entry(file, value)
            pending.extend(value.values())


def _check_entry(file: Path, value: dict[str, Any]) -> None:
    if value.get("use_pickle"):
        raise _refused(file, "pickled objects")
    target = value.get("target")
    if isinstance(target, str) and "inputs" in value:
        found = _TARGET.match(target)
        if not (_NUMBERS.match(target) or (found and found.group(2) not in FORBIDDEN)):
            raise _refused(file, target[:40])
    for key in ("expr_str", "as_expr"):
        text = value.get(key)
        if isinstance(text, str) and _EXPRESSION.sub("", text):
            raise _refused(file, text[:40])
    for key in value.get("range_constraints", {}) or {}:
        if _EXPRESSION.sub("", str(key)):
            raise _refused(file, str(key)[:40])


def _check_inputs(file: Path, content: bytes) -> None:
    try:
        torch().load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:
        raise _refused(file, "its sample inputs") from error


def _named_parts(module: nn.Module, program: Any) -> nn.Module:
    """Give each part the name of the class that it was exported from."""
    kinds: dict[str, str] = {}
    for node in program.graph.nodes:
        for path, kind in node.meta.get("nn_module_stack", {}).values():
            kinds[path.partition("@")[0]] = str(kind).rpartition(".")[2]
    for path, part in module.named_modules():
        kind = kinds.get(path)
        if path and kind and kind.isidentifier():
            part.__class__ = type(kind, (type(part),), {})
        for node in getattr(getattr(part, "graph", None), "nodes", ()):
            node.meta.clear()  # notes of the export that no pass reads and no copy can take
    return module
