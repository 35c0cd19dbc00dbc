"""From parameters to a connectome and engines; refusals and warnings of section 6."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backend.core.files import FileProblem, revision
from backend.core.parameters import Notice, ParameterError
from backend.core.study import refuse
from backend.studies.criticality.parameters import CriticalityParameters, grid

if TYPE_CHECKING:
    from backend.brain.connectome import Connectome
    from backend.brain.greenberg_hastings import Rules
    from backend.brain.regions_ei import Weights

FEWEST_SAMPLES = 32


def connectome_of(p: CriticalityParameters) -> Connectome:
    """The connectome that is used, of as many regions as are simulated.

    Raises ParameterError at the file's field when it cannot be used.
    """
    from backend.brain import connectome

    if p.source == "synthetic":
        whole = connectome.synthetic(p.connectome_seed)
    else:
        refuse(not p.connectome, "connectome", "Your own connectome needs a file. Choose one.")
        try:
            whole = _read(p.connectome, p.symmetrise, revision(p.connectome))
        except FileProblem as problem:
            raise ParameterError("connectome", str(problem)) from None
    return whole.first(p.regions) if p.model == "neurons" else whole


@functools.lru_cache(maxsize=4)
def _read(path: str, symmetrise: bool, changed: tuple[object, ...]) -> Connectome:
    from backend.brain import connectome

    return connectome.read(Path(path), symmetrise)


def rules_of(p: CriticalityParameters) -> Rules:
    """Rules of the automaton."""
    from backend.brain.greenberg_hastings import Rules, exit_probability

    return Rules(p.threshold, p.r1, exit_probability(p.r2, p.r2_meaning), p.n_delay)


def weights_of(p: CriticalityParameters) -> Weights:
    """Synapses and noise of the neurons."""
    from backend.brain.regions_ei import Weights

    return Weights(
        p.ratio, p.g_ei, p.g_ie, p.g_ii, p.g_between, p.noise_e, p.noise_i
    )  # fmt: skip


def structure_of(p: CriticalityParameters, counts: np.ndarray) -> np.ndarray:
    """What connectivity is compared with: log of one plus the weight, or the count."""
    return np.log1p(p.scale * counts if p.model == "automaton" else counts)


def check(p: CriticalityParameters, procedure: str) -> list[Notice]:
    """Warnings; raises ParameterError for settings that cannot run."""
    if p.model == "recordings":
        refuse(procedure != "free", "model", "Recordings are analysed by Run. This needs the "
               "automaton or the neurons.", "automaton")  # fmt: skip
        refuse(p.series == "own" and not p.folder, "folder",
               "Your own time series need a folder or a file. Choose one.")  # fmt: skip
        if p.series == "own":
            _check_files(p)
        return []
    connectome = connectome_of(p)
    found = []
    if procedure == "regimes":
        grid(p, "three_thresholds" if p.model == "automaton" else "three_ratios")
    if procedure in ("gh", "eisweep"):
        refuse((procedure == "gh") != (p.model == "automaton"), "model",
               f"This sweep needs {'the automaton' if procedure == 'gh' else 'the neurons'}.",
               "automaton" if procedure == "gh" else "neurons")  # fmt: skip
        grid(p, "thresholds" if procedure == "gh" else "ratios")
        grid(p, "tds")
    if p.model == "neurons":
        _check_length(p)
        if p.regions > len(connectome):
            found.append(Notice(
                "regions", "Fewer regions", f"The connectome has {len(connectome)} regions; "
                f"{p.regions} are asked for. All {len(connectome)} are simulated.", len(connectome),
            ))  # fmt: skip
    if p.model == "automaton" and p.r2_meaning == "exit" and p.r2 > 0.5:
        found.append(Notice(
            "r2_meaning", "Nodes lock into waves", f"r₂ = {p.r2:g} as the chance to leave brings "
            "nodes back together: FC nears 1 and no optimum lies inside. \"Stay refractory\" gives "
            "Figure 5.", "stay",
        ))  # fmt: skip
    if connectome.isolated:
        names = ", ".join(connectome.isolated[:6])
        more = f" and {len(connectome.isolated) - 6} more" if len(connectome.isolated) > 6 else ""
        found.append(Notice(
            "connectome" if p.source == "file" else "regions", "Regions without fibres",
            f"{names}{more} have no fibres here: they act on their own."
            if len(connectome.isolated) > 1
            else f"{names} has no fibres here: it acts on its own.",
        ))  # fmt: skip
    return found


def _check_files(p: CriticalityParameters) -> None:
    from backend.studies.criticality.people import files_of

    try:
        files_of(Path(p.folder), Path(p.atlas) if p.atlas else None)
    except FileProblem as problem:
        name = "atlas" if "atlas" in str(problem) else "folder"
        raise ParameterError(name, str(problem)) from None


def _check_length(p: CriticalityParameters) -> None:
    refuse(
        p.discard_s >= p.duration_s, "discard_s",
        f"{p.discard_s:g} s are discarded of {p.duration_s:g} s simulated. Discard less.",
        max(0.0, np.floor(0.3 * p.duration_s)),
    )  # fmt: skip
    kept = int((p.duration_s - p.discard_s) / p.tr)
    refuse(
        kept < FEWEST_SAMPLES, "duration_s",
        f"{kept} BOLD samples remain; {FEWEST_SAMPLES} are needed. Simulate longer, or sample "
        "more often.", float(np.ceil((p.discard_s + FEWEST_SAMPLES * p.tr) / 10) * 10),
    )  # fmt: skip
