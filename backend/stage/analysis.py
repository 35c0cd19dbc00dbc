"""What a session found: accuracy, sensitivity, times, curve, classification image, transfer.

Written beside the data as ``derivatives/isomorph/sub-…/ses-…``: a table, figures, one page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backend.core.views import Axis, Series, View
from backend.stage.design import BETWEEN, Design
from backend.stage.live import LiveResult, as_event
from backend.stage.noise_answers import NoiseAnswers, noise_answers

BOOTSTRAP, SHUFFLES, CI_SIDE = 500, 200, 128
LAPSE = 0.1
INFO = 1.96
FLAT = 2.0
"""Width over the range of levels from which on a threshold is a guess."""
Check = Callable[[], None]
NAN2 = (math.nan, math.nan)


@dataclass(frozen=True)
class Line:
    """One number: with its interval and how many trials stand behind it."""

    name: str
    value: float
    interval: tuple[float, float] = NAN2
    unit: str = ""
    n: int = 0
    note: str = ""


@dataclass
class Analysis:
    """Lines of the table, views with their data, and arrays worth keeping (.npy)."""

    lines: list[Line] = field(default_factory=list)
    figures: list[tuple[View, dict[str, Any]]] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, name: str, value: float, interval: tuple[float, float] = NAN2, unit: str = "",
            n: int = 0, note: str = "") -> None:  # fmt: skip
        """Append a line."""
        low, high = interval
        value = 0.0 if abs(value) < 1e-12 else value
        self.lines.append(Line(name, float(value), (float(low), float(high)), unit, n, note))


def analyse(
    design: Design,
    records: Sequence[Mapping[str, Any]],
    measured_hz: float,
    check: Check = lambda: None,
) -> Analysis:
    """Everything that can be said of these finished trials (journal records).

    Parameters
    ----------
    check : called between the slow parts; may raise to cancel.
    """
    live = LiveResult(design, measured_hz)
    noise = noise_answers(design)
    for record in records:
        live.add(as_event(record, len(records)))
        if noise is not None:
            noise.add(record["row"], record["answer"])
    made = Analysis()
    _timing(made, live)
    _answers(made, live)
    _times(made, live)
    check()
    _curve(made, live, check)
    if noise is not None and noise.trials:
        _image(made, noise, check)
    _transfer(made, live)
    return made


def _timing(made: Analysis, live: LiveResult) -> None:
    made.add("Trials", len(live.trials), n=len(live.trials))
    made.add("Late flips", len(live.late), n=live.flips, note=f"of {live.flips} flips")
    data = live.onsets()
    if data:
        late = sum(one["phase"] == BETWEEN for one in live.late)
        followed = len(data["x"])
        note = f"of {followed} that followed another at once"
        made.add("Trials begun late", late, n=followed, note=note)
        made.figures.append(
            (
                View(
                    "onsets",
                    "Onset against plan",
                    "scatter",
                    "onsets",
                    x=Axis("trial"),
                    y=Axis("shown − planned", "ms"),
                    series=(Series("off", "trials", "1", "dots"),),
                ),
                data,
            )
        )


def _answers(made: Analysis, live: LiveResult) -> None:
    """Accuracy by condition, d-prime and criterion, hits of streams."""
    from backend.analysis.psychometrics import binomial_interval

    if any("hits" in trial["answer"] for trial in live.trials):
        for name in ("hits", "targets", "false_alarms"):
            total = sum(int(trial["answer"].get(name, 0)) for trial in live.trials)
            made.add(name.replace("_", " ").capitalize(), total, n=len(live.trials))
        return
    groups: dict[str, list[bool]] = {}
    for trial in live.scored:
        right = live.mark(trial)
        groups.setdefault("all", []).append(right)
        kind = str(trial["row"].get("trial_type", ""))
        if kind:
            groups.setdefault(kind, []).append(right)
    words = "Right" if live.graded else f"Said {live.meanings[0]}" if live.meanings else ""
    for kind, marks in groups.items():
        if kind != "all" and len(groups) == 2:
            continue  # one condition is all of them
        interval = binomial_interval(sum(marks), len(marks))
        made.add(f"{words}, {kind}", float(np.mean(marks)), interval, n=len(marks))
    found = live.detection()
    if found is not None:
        n = len(live.scored)
        made.add(
            "d-prime", found.d_prime, found.d_prime_interval, n=n, note=f"signal {live.signal}"
        )
        made.add("Criterion", found.criterion, found.criterion_interval, n=n)


def _times(made: Analysis, live: LiveResult) -> None:
    from backend.analysis.response_times import summarise

    times = live.times
    if not len(times):
        return
    found = summarise(times)
    note = f"{found.fast} anticipations below 0.15 s left out" if found.fast else ""
    made.add("Response time, median", found.median, found.interval, "s", found.n, note)
    made.add("Response time, mean", found.mean, unit="s", n=found.n, note=f"SD {found.sd:.3f} s")
    made.figures.append(
        (
            View(
                "times",
                "Response times",
                "histogram",
                "times",
                x=Axis("response time", "s"),
                y=Axis("answers"),
                series=(Series("answers", "answers", "4", "bars"),),
            ),
            live.reaction(),
        )
    )


def _curve(made: Analysis, live: LiveResult, check: Check) -> None:
    """Logistic with lapse rate and bootstrap intervals."""
    from backend.analysis.psychometrics import fit_logistic

    data = live.curve()
    if not data or len(data["x"]) < 3:
        return
    x, n, k = data["x"], data["n"], data["k"]
    if k.sum() in (0, n.sum()):
        made.add("Threshold", math.nan, n=int(n.sum()), note="all answers are the same")
        return
    try:
        fit = fit_logistic(x, k, n, LAPSE, BOOTSTRAP, check=check, guess=live.guess)
    except ValueError:
        return
    total = int(n.sum())
    unit = live.measure.rpartition("(")[2].rstrip(")") if "(" in live.measure else ""
    tried = f"{x.min():g} to {x.max():g}"
    flat = fit.width > FLAT * (x.max() - x.min())
    if flat or not x.min() <= fit.threshold <= x.max():
        where = "the curve is too flat over" if flat else "it is outside"
        note = f"{where} the levels {tried}, so it cannot be told"
        made.add("Threshold", math.nan, n=total, note=note)
    else:
        note = f"bootstrap of {BOOTSTRAP}"
        low, high = fit.threshold_interval
        if low < x.min() or high > x.max():
            note += f"; the interval is cut at the levels {tried}"
        interval = (max(low, x.min()), min(high, x.max()))
        made.add("Threshold", fit.threshold, interval, unit, total, note)
        made.add("Width, 10 to 90 %", fit.width, fit.width_interval, unit, total)
    made.add("Lapse rate", 1.0 - max(fit.lower, fit.upper), n=total, note=f"at most {LAPSE}")
    grid = np.linspace(x.min(), x.max(), 100)
    shown = {**data, "fit_x": grid, "fit_y": fit(grid), "threshold": fit.threshold}
    made.figures.append(
        (
            View(
                "curve",
                "Psychometric curve",
                "psychometric",
                "curve",
                x=Axis(live.measure),
                y=Axis("share", "", 0.0, 1.0),
                series=(Series("y", "answers", "4", "dots"), Series("fit_y", "logistic fit", "4")),
            ),
            shown,
        )
    )


def _image(made: Analysis, noise: NoiseAnswers, check: Check) -> None:
    """Classification image, what in it is significant, and its energy by scale."""
    from backend.analysis import reverse_correlation as rc
    from backend.core.parameters import ParameterError

    try:
        image = noise.sums.image(CI_SIDE)
        counts = noise.sums.significant_by_scale()
        bands = noise.sums.bands(CI_SIDE)
    except ParameterError:
        return
    n = noise.trials
    cycles = [2 * 2**scale for scale in noise.sums.basis.scales]
    words = ", ".join(f"{count} at {c}" for count, c in zip(counts, cycles, strict=True))
    made.add(
        "Significant weights",
        sum(counts),
        n=n,
        note=f"Bonferroni over {noise.sums.basis.count}; {words} cycles per image",
    )
    made.add("Largest |d|", float(np.abs(noise.sums.d).max()), n=n)
    info = rc.info_value(noise.sums)
    words = (
        f"above {INFO}: not a random responder"
        if info > INFO
        else f"not above {INFO}: a random responder could have done this"
    )
    made.add("infoVal", info, n=n, note=words)
    check()
    if not noise.pairs:
        shuffled = rc.shuffled_weights(noise.blocks, noise.positives, SHUFFLES)
        made.add(
            "Largest |d| by chance",
            rc.largest_by_chance(shuffled),
            n=n,
            note=f"95 % of {SHUFFLES} shuffles of the answers",
        )
        z, threshold = rc.pixel_test(noise.sums, shuffled)
        made.add(
            "Significant pixels",
            float((np.abs(z) > threshold).mean()),
            n=n,
            note=f"share of 64 × 64, |z| above {threshold:.2f} (family-wise, shuffles)",
        )
        made.arrays["pixel_z"] = z
    made.arrays |= {"classification_image": image, "bands": bands, "weights": noise.sums.w}
    bright = "the chosen picture" if noise.pairs else noise.positive
    made.figures.append(
        (
            View(
                "ci",
                "Classification image",
                "image",
                "ci",
                colour_map="CET-D1A",
                note=f"brighter for {bright}, {n} trials",
            ),
            {"image": image},
        )
    )
    power = np.sqrt((bands.astype(float) ** 2).mean(axis=(1, 2)))
    made.figures.append(
        (
            View(
                "scales",
                "Classification image by scale",
                "bars",
                "scales",
                x=Axis("cycles per image"),
                y=Axis("RMS"),
                series=(Series("values", "RMS", "4", "bars"),),
            ),
            {"labels": [str(c) for c in cycles], "values": power},
        )
    )


def _transfer(made: Analysis, live: LiveResult) -> None:
    """Learning against transfer of shape designs (09, section 2.4): blocks with feedback teach."""
    teach = {block.name for block in live.design.blocks if block.feedback}
    shares: dict[str, list[int]] = {}
    for trial in live.scored:
        if trial["answer"].get("correct") is not None:
            shares.setdefault(str(trial["block"]), []).append(int(trial["answer"]["correct"]))
    lessons = [marks for name, marks in shares.items() if name in teach]
    if not lessons:
        return
    learned = 100 * float(np.mean(lessons[-1]))
    for name, marks in shares.items():
        if name in teach:
            continue
        moved = 100 * float(np.mean(marks))
        index, interval = _transfer_interval(lessons[-1], marks)
        note = f"learning {learned:.1f} %, transfer {moved:.1f} %"
        if math.isnan(index):
            note += "; not defined, the task was not learned"
        made.add(f"Transfer index, {name}", index, interval, "%", len(marks), note)


def _transfer_interval(
    taught: Sequence[int], marks: Sequence[int]
) -> tuple[float, tuple[float, float]]:
    """Transfer index of two lists of right (1) and wrong (0), with its bootstrap interval."""
    from backend.analysis.transfer import transfer_index

    rng = np.random.default_rng(0)
    both = []
    for values in (taught, marks):
        drawn = rng.binomial(len(values), float(np.mean(values)), BOOTSTRAP) / len(values)
        both.append(100 * np.concatenate([[np.mean(values)], drawn]))
    found = transfer_index(*both).per_epoch
    index, draws = float(found[0]), found[1:][np.isfinite(found[1:])]
    if math.isnan(index) or len(draws) < BOOTSTRAP // 2:
        return index, NAN2
    low, high = np.percentile(draws, [2.5, 97.5])
    return index, (float(low), float(high))
