"""torch and torchvision, imported when first asked for and set up once.

Everything that needs torchvision takes it from here: its Linux wheel is built for CUDA, and beside
a CPU-only torch its own operators do not load, so that a plain import fails.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_MISSING_OPERATORS = (
    ("torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"),
    ("torchvision::qnms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"),
)


@functools.lru_cache(maxsize=1)
def torch() -> Any:
    """The torch module; it computes with one core fewer than there are, at least one."""
    load_ahead()
    module = importlib.import_module("torch")
    module.set_num_threads(threads())
    module.hub.tqdm.monitor_interval = 0  # else a graph that runs leaves a thread behind
    return module


def load_ahead() -> None:
    """Map torch's library before its import does, which holds Python's lock for 0.2 s meanwhile.

    A call through ctypes does not. Where the library is not found the import alone loads it.
    """
    spec = None if "torch" in sys.modules else importlib.util.find_spec("torch")
    if sys.platform != "linux" or spec is None or spec.origin is None:
        return
    load = ctypes.CDLL(None).dlopen
    load.restype, load.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    load(bytes(Path(spec.origin).parent / "lib" / "libtorch_python.so"), os.RTLD_LAZY)


def threads() -> int:
    """Threads for one worker: cores minus the window's, or fewer when OMP_NUM_THREADS says so."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    most = max(1, cores - 1)
    return min(most, int(asked)) if asked.isdigit() and int(asked) else most


@functools.lru_cache(maxsize=1)
def torchvision() -> ModuleType:
    """The torchvision module with its model definitions; detection operators may be missing."""
    if not _operators_load():
        for name, schema in _MISSING_OPERATORS:
            torch().library.define(name, schema)
    return importlib.import_module("torchvision")


def _operators_load() -> bool:
    """Whether torchvision's compiled operators fit this torch; when they do they are loaded."""
    spec = importlib.util.find_spec("torchvision")
    folders = (spec and spec.submodule_search_locations) or []
    libraries = [path for folder in folders for path in Path(folder).glob("_C.*")]
    try:
        for library in libraries:
            torch().ops.load_library(str(library))
    except (OSError, RuntimeError):
        return False
    return bool(libraries)
