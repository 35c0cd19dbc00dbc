"""Every value the study can measure, with its words."""

from __future__ import annotations

from backend.core.result import Quantity
from backend.studies.criticality.measures import METRICS


def _live() -> dict[str, Quantity]:
    found = {name: Quantity(words) for name, words in METRICS.items()}
    return found | {
        "exponent": Quantity("Avalanche exponent a", "", 3, "P(s) falls as s to the −a."),
        "ks": Quantity("KS distance of the fit", "", 2),
        "largest": Quantity("Largest avalanche"),
        "rate_steps": Quantity("Excitations of a node", "per step"),
        "rate_hz": Quantity("Rate of a neuron", "Hz"),
        "reachable": Quantity("Pairs that reach each other", "%"),
        "mean_fc": Quantity("Mean FC"),
        "likeness": Quantity("FC and structure, r", "", 2),
        "hurst": Quantity("Hurst exponent (R/S)", "", 3, "Biased; see the calibration."),
    }


THRESHOLDS = (0.1, 0.3, 0.44, 0.5, 0.52, 0.7, 1.0, 1.4)
RATIOS = (1.0, 1.4, 1.8, 1.9, 1.95, 2.025, 2.1, 2.125, 2.15, 2.2, 2.3, 3.0)
"""Values of the control parameters whose results are named; the rest stand in the table."""
TDS = (0.1, 0.15, 0.2, 0.3)
_POINT = {
    "exponent": ("exponent a", 3), "ks": ("KS distance", 2), "largest": ("largest avalanche", 3),
    "mean_size": ("mean avalanche", 3), "mean_fc": ("mean FC", 3), "hurst": ("Hurst exponent", 3),
    "likeness": ("FC and structure, r", 2),
}  # fmt: skip


def _sweeps() -> dict[str, Quantity]:
    found = {f"best_{name}": Quantity(f"{words}: best at") for name, words in METRICS.items()}
    found |= {
        "best_mean_fc": Quantity("Mean FC: highest at"),
        "crossing": Quantity("Exponent passes 1.5 at"),
        "null_sd": Quantity("SD of r of unrelated BOLD", "", 2),
    }
    for procedure, symbol, values in (("gh", "T_m", THRESHOLDS), ("eisweep", "E/I", RATIOS)):
        for value in values:
            key, at = f"{procedure}_{value:g}", f"{symbol} {value:g}"
            for name, (words, digits) in _POINT.items():
                found[f"{key}_{name}"] = Quantity(f"{at}: {words}", "", digits)
            unit = "per step" if procedure == "gh" else "Hz"
            found[f"{key}_rate"] = Quantity(f"{at}: rate", unit)
            for td in TDS:
                for name, words in METRICS.items():
                    found[f"{key}_{name}_{td:g}"] = Quantity(
                        f"{at}, T_d {td:g}: {words[0].lower()}{words[1:]}"
                    )
    return found


def _people() -> dict[str, Quantity]:
    found = {f"r_{name}": Quantity(f"R of H and {words[0].lower()}{words[1:]}", "", 2)
             for name, words in METRICS.items()}  # fmt: skip
    return found | {
        "group_h": Quantity("Hurst exponent of the group (R/S)", "", 3, "Biased; see the "
                            "calibration."),
        "r_critical": Quantity("|R| at p = .01", "", 3),
    }  # fmt: skip


QUANTITIES = _live() | _sweeps() | _people()
