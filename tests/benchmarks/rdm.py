"""RDMs of 1,000 conditions and 10,000 features against rsatoolbox; label permutations at n = 640.

Run with ``python tests/benchmarks/rdm.py``; prints JSON rows {name, value, unit, peer, peer_value,
ratio, bar, met}. Both get the same double-precision array; crossnobis has two folds and no noise
precision. Peak memory is counted beyond the data, by numpy's allocations.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from backend.analysis.crossnobis import crossnobis
from backend.analysis.rdm import Distance, rdm
from backend.analysis.rdm_inference import bootstrap, permutation_test

Row = dict[str, Any]
CONDITIONS, FEATURES, ITEMS = 1000, 10_000, 640
PEER = "rsatoolbox"


def row(name: str, value: float, unit: str, bar: str = "", met: bool | None = None) -> Row:
    """One line of the benchmark table."""
    return {
        "name": name, "value": value, "unit": unit, "peer": "", "peer_value": None, "ratio": None,
        "bar": bar, "met": met,
    }  # fmt: skip


def seconds(action: Callable[[], object], repeats: int = 5) -> float:
    """Median time of some runs after one that warms up."""
    action()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def against(name: str, ours: Callable[[], np.ndarray], theirs: Callable[[], np.ndarray] | None,
            least: float) -> Row:  # fmt: skip
    """A distance beside its peer, by turns; both must give the same numbers."""
    if theirs is None:
        return row(name, seconds(ours), "s", f">= {least:g} x") | {"peer": f"no {PEER} here"}
    assert np.abs(ours() - theirs()).max() < 1e-9
    pairs = [(seconds(ours, 1), seconds(theirs, 1)) for _ in range(4)]
    took, peer = (statistics.median(times) for times in zip(*pairs, strict=True))
    one = row(name, took, "s", f">= {least:g} x")
    ratio = peer / took
    return one | {"peer": PEER, "peer_value": peer, "ratio": ratio, "met": ratio >= least}


def peer_of(features: np.ndarray, method: str, **columns: np.ndarray) -> Any:
    """rsatoolbox's distances as a function without arguments; None when it is not installed."""
    try:
        from rsatoolbox.data import Dataset
        from rsatoolbox.rdm import calc_rdm
    except ImportError:
        return None
    words = {"descriptor": "condition", "cv_descriptor": "fold"} if columns else {}
    data = Dataset(features, obs_descriptors=columns)
    return lambda: calc_rdm(data, method=method, **words).get_matrices()[0]


def distances() -> list[Row]:
    """The three distances."""
    generator = np.random.default_rng(0)
    features = generator.standard_normal((2 * CONDITIONS, FEATURES)) + 1.0
    half = features[:CONDITIONS]
    size = f"{CONDITIONS:,} x {FEATURES:,}"
    pairs: tuple[tuple[Distance, str, float], ...] = (
        ("correlation", "correlation", 10.0),
        ("squared Euclidean", "euclidean", 1.0),
    )
    rows = [
        against(f"RDM {size}, {ours}", lambda o=ours: rdm(half, o), peer_of(half, theirs), least)
        for ours, theirs, least in pairs
    ]
    condition, fold = np.tile(np.arange(CONDITIONS), 2), np.repeat([0, 1], CONDITIONS)
    peer = peer_of(features, "crossnobis", condition=condition, fold=fold)
    rows.append(
        against(
            f"RDM {size}, crossnobis, 2 folds",
            lambda: crossnobis(features, condition, fold)[0],
            peer,
            10.0,
        )
    )
    return [*rows, memory(half)]


def memory(features: np.ndarray) -> Row:
    """Largest allocation beyond the data while a correlation RDM is made, in units of n x n."""
    tracemalloc.start()
    rdm(features, "correlation")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    matrices = peak / (8 * len(features) ** 2)
    return row("RDM, peak memory beyond the data, in RDMs", matrices, "n x n", "<= 10",
               matrices <= 10)  # fmt: skip


def inference() -> list[Row]:
    """A thousand permutations, and a thousand bootstrap samples."""
    generator = np.random.default_rng(1)
    first, second = (rdm(generator.standard_normal((ITEMS, 30))) for _ in range(2))
    rows = []
    for how in ("Pearson", "Spearman"):
        took = seconds(lambda h=how: permutation_test([first], second, h))
        name = f"1,000 label permutations, n = {ITEMS}, {how}"
        rows.append(row(name, took, "s", "<= 5 s", took <= 5.0))
        took = seconds(lambda h=how: bootstrap([first], second, h), 2)
        rows.append(row(f"1,000 bootstrap samples, n = {ITEMS}, {how}", took, "s"))
    return rows


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps([*distances(), *inference()]))
