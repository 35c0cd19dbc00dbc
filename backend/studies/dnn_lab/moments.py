"""RSA over time: when a recording is most like each layer, with permuted labels (2.8, 2.12)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.analysis.inputs import FEWEST_CONDITIONS
from backend.analysis.rdm import label_means
from backend.analysis.rsa import condition_rdm, pattern_scores
from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import Session

if TYPE_CHECKING:
    from backend.brain.recordings import Trials

MOST_LINES = 8
"""Layers drawn over time: as many as there are colours."""
ALPHA = 0.05


@dataclass(frozen=True)
class Recorded:
    """What is compared over time.

    Attributes
    ----------
    means : (n_condition, n_channel, n_time). times_ms : (n_time,). models : RDMs of the layers.
    names : of the layers. timed : False where x is only the number of the moment.
    """

    means: np.ndarray
    times_ms: np.ndarray
    models: list[np.ndarray]
    names: list[str]
    timed: bool = True
    synthetic: str = ""


def over_time(run: Run) -> None:
    """Similarity of layers with a recording, moment by moment, and which moments are reliable."""
    session = Session(run)
    p = session.p
    found = simulated(run, session) if p.meg == "simulated" else own(run, session)
    run.status("Distances at every moment")
    brain = distances(run, found)
    lines, p_max = tested(run, found, brain)
    measure(run, found, lines, p_max)


def simulated(run: Run, session: Session) -> Recorded:
    """The simulated MEG of the five layers it is made from."""
    from backend.brain.simulated_signals import simulated_epochs

    session.scan()
    if not session.means or len(session.means[0]) <= 50:
        raise ParameterError(
            "brain", "The simulated MEG needs five rectified layers with places and more than 50 "
            "categories. Leave Layers empty and choose a ShapeWorld set.",
        )  # fmt: skip
    run.status("Simulating the MEG")
    epochs = simulated_epochs(session.means, seed=session.p.seed)
    models = [
        condition_rdm(one, None, session.p.distance, check=run.check) for one in session.means
    ]
    names = [f"layer {i}" for i in range(1, len(models) + 1)]
    return Recorded(epochs.averaged(), epochs.times_ms.astype(float), models, names,
                    synthetic="SIMULATED MEG, made from the network's own layers")  # fmt: skip


def own(run: Run, session: Session) -> Recorded:
    """A user's epochs, averaged over the trials of each picture or class."""
    from backend.brain.recordings import averaged, matched, read_trials

    p, stimuli = session.p, session.stimuli
    run.status("Opening the recording")
    trials = read_trials(Path(p.recording))
    classes = [str(one) for one in np.unique(stimuli.category)]
    if len(classes) == len(stimuli.names):
        classes = list(stimuli.names)
    match = matched(trials, stimuli.pictures, classes, p.trials_match, p.trials_column.strip())
    say_matched(run, trials, match.place, match.level)
    means = averaged(
        trials, match, p.channel_type, run.check,
        lambda done, total: run.progress(done, total, "trials"),
    )  # fmt: skip
    by_class = match.level == "classes" or p.by_category
    labels = stimuli.category if by_class else None
    if match.level == "pictures" and by_class:
        flat, _ = label_means(means.reshape(len(means), -1), stimuli.category)
        means = flat.reshape(len(flat), *means.shape[1:])
    if len(means) < FEWEST_CONDITIONS:
        raise ParameterError(
            "by_category", f"{len(means)} classes are too few for an RDM; it needs "
            f"{FEWEST_CONDITIONS}. Switch Average categories off.", False,
        )  # fmt: skip
    layers = session.after()
    if len(layers) > MOST_LINES:
        spread = np.linspace(0, len(layers) - 1, MOST_LINES).round().astype(int)
        run.note(f"{MOST_LINES} of {len(layers)} layers are compared, spread over the depth. Name "
                 "others under Layers.")  # fmt: skip
        layers = [layers[i] for i in spread]
    models = [
        condition_rdm(
            pattern_scores(one.patterns, p.components), labels, p.distance, None, run.check
        )
        for one in layers
    ]
    return Recorded(means, trials.times_ms, models, [one.shown for one in layers], trials.timed)


def say_matched(run: Run, trials: Trials, place: np.ndarray, level: str) -> None:
    """How many trials are used, and what was left out."""
    used = int((place >= 0).sum())
    words = f"{used:,} of {len(trials):,} trials of {trials.file} belong to {level}"
    left = "" if used == len(trials) else "; the others are left out"
    bad = f"; {trials.bad} channels marked bad are left out" if trials.bad else ""
    run.note(f"{words}{left}{bad}.")


def distances(run: Run, found: Recorded) -> list[np.ndarray]:
    """RDM of the recording at every moment."""
    p: DNNBrainParameters = run.parameters
    made = []
    for moment in range(found.means.shape[2]):
        pattern = np.ascontiguousarray(found.means[:, :, moment])
        made.append(condition_rdm(pattern, None, p.distance, check=run.check))
        run.progress(moment + 1, found.means.shape[2], "moments")
    return made


def tested(
    run: Run, found: Recorded, brain: list[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Similarity (n_time,) of every layer and p corrected by the largest over moments.

    A permutation gives a layer's pictures other labels, the same ones at every moment, so that the
    largest similarity over time of each permutation is what chance reaches anywhere.
    """
    from backend.analysis.rdm_inference import permutation_test

    p: DNNBrainParameters = run.parameters
    lines: list[np.ndarray] = []
    p_max: list[np.ndarray] = []
    total = len(found.models) * p.label_permutations
    for number, model in enumerate(found.models):
        before = number * p.label_permutations
        test = permutation_test(
            brain, model, p.comparison, p.label_permutations, seed=p.seed, check=run.check,
            progress=partial(further, run, before, total),
        )  # fmt: skip
        lines.append(test.observed)
        p_max.append(test.p_max)
        show(run, found, lines, p_max)
    return lines, p_max


def further(run: Run, before: int, total: int, done: int, _: int) -> None:
    """Progress of one layer's permutations among all."""
    run.progress(before + done, total, "permutations")


def show(run: Run, found: Recorded, lines: list[np.ndarray], p_max: list[np.ndarray]) -> None:
    """A line a layer, dots where it is above what chance reaches anywhere."""
    p: DNNBrainParameters = run.parameters
    x = found.times_ms
    reliable = [(x[q <= ALPHA], one[q <= ALPHA]) for one, q in zip(lines, p_max, strict=True)]
    across, up = (np.concatenate(part) for part in zip(*reliable, strict=True))
    order = np.argsort(across, kind="stable")
    contents: dict[str, Any] = {f"l{i}": one for i, one in enumerate(lines, 1)}
    if p.meg == "own":
        numbered = (f"{i} {name}" for i, name in enumerate(found.names, 1))
        contents["note"] = f"{Path(p.recording).name}; layers: {', '.join(numbered)}"
    if not found.timed:
        contents["x_title"] = "moment (number)"
    run.channel("time").publish(
        x=x, y_title=p.comparison, reliable_x=across[order], reliable=up[order], **contents
    )


def measure(run: Run, found: Recorded, lines: list[np.ndarray], p_max: list[np.ndarray]) -> None:
    """Peaks, when each layer is first seen, the table and the files."""
    from backend.brain.evoked import Evoked, even

    p: DNNBrainParameters = run.parameters
    x = found.times_ms
    columns: dict[str, list[float]] = {"ms" if found.timed else "moment": x.tolist()}
    for i, (line, q) in enumerate(zip(lines, p_max, strict=True), 1):
        if found.timed:
            run.measure_known(f"peak_ms_{i}", float(x[line.argmax()]))
            run.measure_known(f"onset_ms_{i}", float(x[q <= ALPHA][0]) if (q <= ALPHA).any()
                              else float("nan"))  # fmt: skip
        key = f"layer_{i}" if p.meg == "simulated" else found.names[i - 1]
        columns[key], columns[f"{key}_p"] = line.tolist(), q.tolist()
    run.table("time", columns)
    if found.timed and even(x):
        courses = {
            f"similarity ({p.comparison})": dict(zip(found.names, lines, strict=True)),
            "p, largest over moments": dict(zip(found.names, p_max, strict=True)),
        }
        run.offer("similarity-ave", "Similarity over time, Evoked", lambda: Evoked(
            times_ms=x, courses=courses, words=found.synthetic
        ))  # fmt: skip
    if p.meg == "simulated":
        run.lead(
            "peak_ms_5", "Made at 280 ms; layers that are alike are seen together, which pulls "
            "the peak earlier.",
        )  # fmt: skip
        return
    best = int(np.argmax([line.max() for line in lines]))
    moment = int(lines[best].argmax())
    when = f"{x[moment]:.0f} ms" if found.timed else f"moment {x[moment]:.0f}"
    sentence = (
        f"Most alike: {found.names[best]} at {when}, {p.comparison} {lines[best][moment]:.2f}, "
        f"p = {p_max[best][moment]:.2g} over all moments."
    )
    if f"peak_ms_{best + 1}" in run.result.values:
        run.lead(f"peak_ms_{best + 1}", sentence)
    else:
        run.note(sentence)
