"""Recorded activations into features, pooled or masked files, layer by layer in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backend.analysis.dnnbrain_files import Mask
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.networks.act_edit import Layers, pooled, write_changed
from backend.networks.act_file import Activations, load
from backend.networks.layer_masks import usable
from backend.networks.scan import free_memory

Told = Callable[[int, int], None]
"""Hears how many layers of how many are done; raises to cancel."""

COPIES = {"features": 24, "pool": 8, "mask": 8}
"""Bytes a value takes while its layer is changed: features are computed in double precision."""


def features_file(
    source: Path, target: Path, method: Any, features: float, axis: Any, told: Told
) -> Activations:
    """Features of every layer of a file (:func:`backend.analysis.feature_extraction.extracted`)."""
    from backend.analysis.feature_extraction import extracted

    layers = Layers(source)
    must_fit(layers, "features")

    def change(name: str, values: np.ndarray, check: Callable[[], None]) -> np.ndarray:
        return extracted(values, method, features, axis, check)

    return changed(source, target, layers, change, told)


def pooled_file(source: Path, target: Path, how: str, told: Told) -> Activations:
    """One number a channel of every layer of a file."""
    layers = Layers(source)
    must_fit(layers, "pool")
    return changed(source, target, layers, lambda _, values, __: pooled(values, how), told)


def masked_file(source: Path, target: Path, masks: Mapping[str, Mask], told: Told) -> Activations:
    """The masked layers of a file, cut to what their masks keep.

    ParameterError when none of them is in the file.
    """
    there = load(source).shapes
    used = {name: mask for name, mask in masks.items() if name in there}
    if not used:
        holds = ", ".join(list(there)[:4])
        raise ParameterError("mask", f"None of the masked layers is in {source.name}, which holds "
                             f"{holds}. Mask one of these first.")  # fmt: skip
    for name, mask in used.items():
        usable(name, mask)
    layers = Layers(source, used)
    must_fit(layers, "mask")
    return changed(source, target, layers, lambda _, values, __: values, told)


def changed(
    source: Path, target: Path, layers: Layers,
    change: Callable[[str, np.ndarray, Callable[[], None]], np.ndarray], told: Told,
) -> Activations:  # fmt: skip
    """Write what ``change`` makes of each layer; the target is whole or not there."""
    if target.resolve() == source.resolve():
        raise FileProblem(f"{source.name} is the file that is read. Choose another name.")
    done = [0]

    def check() -> None:
        told(done[0], len(layers))

    def one(name: str, values: np.ndarray) -> np.ndarray:
        check()
        return change(name, values, check)

    def next_one(_: str) -> None:
        done[0] += 1

    write_changed(target, layers, one, next_one)
    told(len(layers), len(layers))
    return load(target)


def must_fit(layers: Layers, what: str) -> None:
    """ParameterError, before anything is done, for a layer that memory does not hold."""
    sizes = {name: int(np.prod(layers.held.shapes[name])) * COPIES[what] for name in layers}
    name = max(sizes, key=sizes.__getitem__)
    free = free_memory()
    if sizes[name] > 0.9 * free:
        raise ParameterError("layers", f"{name} needs {sizes[name] / 1e9:.3g} GB; {free / 1e9:.3g} "
                             "GB of memory are free. Record fewer channels, or pool over "
                             "places.")  # fmt: skip
