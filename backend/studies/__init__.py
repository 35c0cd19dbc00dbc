"""The studies: one module a paper, found here by their id."""

from __future__ import annotations

import functools
import importlib

from backend.core.parameters import unknown_name
from backend.core.study import Study

MODULES = {
    "ei-balanced-network": "ei_balanced_network",
    "gap-junction-topology": "gap_junction_topology",
    "dnnbrain": "dnnbrain",
    "sparse-coding": "sparse_coding",
    "criticality-fc": "criticality_fc",
}


def ids() -> list[str]:
    """Ids of all studies, in the order of their papers."""
    return list(MODULES)


@functools.cache
def find(identifier: str) -> Study:
    """The study of this id; ParameterError with the nearest ids if there is none.

    Each module defines ``STUDY``; its kernels are imported only when it runs.
    """
    if identifier not in MODULES:
        raise unknown_name(identifier, MODULES, "study")
    module = importlib.import_module(f"backend.studies.{MODULES[identifier]}")
    study = module.STUDY
    assert study.id == identifier
    return study
