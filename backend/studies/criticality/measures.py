"""What is measured of a stretch of dynamics, shared by live runs, sweeps and recordings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.parameters import show_number

if TYPE_CHECKING:
    from backend.analysis.avalanches import PowerLaw
    from backend.analysis.graph_metrics import Metrics

GUIDE = 1.5
"""Exponent of the guide line."""
METRICS = {
    "global_efficiency": "Global efficiency",
    "local_efficiency": "Local efficiency",
    "clustering": "Clustering",
    "path": "Path length L",
    "strength": "Mean strength",
    "density": "Density (paper: sparsity)",
}
"""Metric → words; the six of the paper."""


@dataclass(frozen=True)
class Kind:
    """How avalanches of a system are fitted and told apart.

    Attributes
    ----------
    largest : end of the fit. large, cap : sizes that count as a hump, and the end of the law they
        are counted against (see ``avalanches.regime``).
    """

    largest: int
    large: int
    cap: int


KINDS = {"automaton": Kind(60, 30, 90), "neurons": Kind(100, 100, 1000)}


def fit_of(found: np.ndarray, model: str) -> tuple[PowerLaw, str]:
    """Fit of avalanche sizes, and the regime they speak of."""
    from backend.analysis.avalanches import power_law, regime

    kind = KINDS[model]
    fit = power_law(found, 1, kind.largest)
    return fit, regime(found, fit, kind.large, kind.cap)


def avalanche_data(found: np.ndarray, fit: PowerLaw, model: str) -> dict[str, Any]:
    """Log-binned sizes, the guide of −1.5 and the fit, for a scatter with logarithmic axes."""
    from backend.analysis.avalanches import log_bins

    x, share = log_bins(found)
    if not len(x):
        return {"x": np.empty(0), "sizes": np.empty(0)}
    line = np.geomspace(1, max(KINDS[model].largest, 10), 40)
    data: dict[str, Any] = {"x": x, "sizes": share, "guide_x": line}
    data["guide"] = share[0] * (line / x[0]) ** -GUIDE
    data["note"] = f"{len(found):,} avalanches, the largest {int(found.max()):,}"
    if np.isfinite(fit.exponent):
        support = np.arange(1, KINDS[model].largest + 1, dtype=float)
        inside = fit.count / len(found)
        law = line**-fit.exponent / (support**-fit.exponent).sum() * inside
        data |= {"fit_x": line, "fit": law}
    return data


def regime_data(fit: PowerLaw, word: str, found: np.ndarray, model: str) -> dict[str, Any]:
    """Counters that say what the sizes say; the control parameter is not asked."""
    unknown = "n/a"
    known = np.isfinite(fit.exponent)
    kind = KINDS[model]
    rows = [
        ("Exponent −a", f"sizes 1 to {kind.largest}", shown(-fit.exponent) if known else unknown),
        ("KS distance", "from that power law", shown(fit.distance) if known else unknown),
        ("Avalanches", "200 give an exponent", show_number(len(found))),
        ("Largest", "", show_number(int(found.max())) if len(found) else "–"),
        ("LLR, p", "against an exponential",
         f"{shown(fit.ratio)}, {p_words(fit.p)}" if known and math.isfinite(fit.p) else unknown),
    ]  # fmt: skip
    return {"lead": word, "caption": "" if known else "too few avalanches so far", "rows": rows}


def network_data(found: Metrics, td: float) -> dict[str, Any]:
    """Counters of the six metrics at T_d; L says how much of the network it speaks of."""
    whole = found.reachable >= 1
    note = "" if whole else f"of {shown(100 * found.reachable)} % of pairs: not comparable"
    path = shown(found.path) if whole else f"({shown(found.path)})"
    rows = [
        ("Local efficiency", "", shown(found.local_efficiency)),
        ("Clustering", "", shown(found.clustering)),
        ("L", note or "path length", path),
        ("Strength", "mean, E_corr", shown(found.strength)),
        ("Density", "paper: sparsity", shown(found.density)),
    ]
    if found.isolated:
        rows.append(("Isolated", f"largest component {found.largest}", str(found.isolated)))
    lead = show_number(float(f"{found.global_efficiency:.3f}"), 3)
    return {"lead": lead, "rows": rows, "caption": f"global efficiency, T_d {td:g}"}


def p_words(p: float) -> str:
    """A p value as it is printed."""
    return "p < .001" if p < 0.001 else f"p = {shown(p, 2)}"


def shown(value: float, digits: int = 3) -> str:
    """A measured value with three digits; a dash for none."""
    return show_number(float(f"{value:.{digits}g}")) if math.isfinite(value) else "–"


def bold_sample_sd(series: np.ndarray, rng: np.random.Generator, pairs: int = 300) -> float:
    """SD of the correlation of unrelated series as smooth as these: one is shifted around."""
    time = len(series)
    values = series - series.mean(axis=0)
    length = np.sqrt((values**2).sum(axis=0))
    unit = values[:, length > 0] / length[length > 0]
    if unit.shape[1] < 2 or time < 8:
        return float("nan")
    a, b = rng.integers(0, unit.shape[1], (2, pairs))
    shifts = rng.integers(time // 4, 3 * time // 4 + 1, pairs)
    found = [unit[:, i] @ np.roll(unit[:, j], s) for i, j, s in zip(a, b, shifts, strict=True)]
    return float(np.std(found))
