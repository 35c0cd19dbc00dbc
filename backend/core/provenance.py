"""What made a result: parameters, seed, changes, inputs' hashes, versions and machine."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from backend.core.parameters import Parameters

PACKAGES = (
    "numpy", "scipy", "numba", "pandas", "pydantic", "scikit-image", "brian2", "torch",
    "torchvision", "scikit-learn", "captum", "h5py", "nibabel",
)  # fmt: skip
WINDOW_PACKAGES = ("PySide6-Essentials", "QtAwesome", "matplotlib")


def version() -> str:
    """Isomorph's version."""
    try:
        return metadata.version("isomorph")
    except metadata.PackageNotFoundError:
        return "0.1.0"


@functools.cache
def versions(names: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Installed versions by package name; missing ones are left out."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@functools.cache
def machine() -> dict[str, Any]:
    """Hardware and system facts for provenance and the about page."""
    return {
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gb": memory_gb(),
    }


def processor() -> str:
    """Name of the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def memory_gb() -> float:
    """Physical memory in GB, 0 when unknown."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError, AttributeError):
        return 0.0


def file_hash(path: Path) -> str:
    """SHA-256 of a file, "" when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def input_hashes(parameters: Parameters) -> dict[str, dict[str, str]]:
    """Name and SHA-256 of every file among the parameters."""
    found = {}
    for name, declared in parameters.declarations().items():
        value = getattr(parameters, name)
        if declared.kind == "file" and value and Path(value).is_file():
            found[name] = {"file": Path(value).name, "sha256": file_hash(Path(value))}
    return found


def of_run(
    study: str,
    procedure: str,
    parameters: Parameters,
    changes: Sequence[Mapping[str, Any]],
    started: str,
    synthetic: str,
) -> dict[str, Any]:
    """The provenance record of one run (JSON-able)."""
    return {
        "software": "Isomorph",
        "version": version(),
        "study": study,
        "procedure": procedure,
        "parameters": parameters.document(),
        "changes": changes,
        "inputs": input_hashes(parameters),
        "synthetic": synthetic,
        "packages": versions(),
        "machine": machine(),
        "started": started,
    }


def of_action(action: str, parameters: Parameters | None = None) -> dict[str, Any]:
    """The provenance record of something made at a moment (JSON-able)."""
    return {
        "software": "Isomorph",
        "version": version(),
        "action": action,
        "parameters": parameters.document() if parameters is not None else {},
        "inputs": input_hashes(parameters) if parameters is not None else {},
        "packages": versions(),
        "machine": machine(),
        "made": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
