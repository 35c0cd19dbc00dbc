"""What the operator sees of a running session: numbers, timing, answers, psychometric curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.stage.design import WITHHOLD, Design
from backend.stage.events import frames_shown
from backend.stage.timing import LATE_RATIO, interval_histogram

if TYPE_CHECKING:
    from backend.analysis.detection import Detection

INTERVALS = 600
LEAST_FOR_FIT = 20
RT_BINS = 24
PACE = 50


class LiveResult:
    """Grows with every ``trial end`` event of the presenter.

    Attributes
    ----------
    trials : the events so far, in order.
    flips : frames shown; ``late`` late ones as (trial, frame, phase, interval in ms, frames lost).
    """

    def __init__(self, design: Design, rate_hz: float) -> None:
        self.design, self.period = design, 1.0 / rate_hz
        self.trials: list[dict[str, Any]] = []
        self.flips = 0
        self.late: list[dict[str, Any]] = []
        self._intervals: list[float] = []
        self._first: float | None = None
        self.graded = any("correct" in row for block in design.blocks for row in block.trials)
        self.meanings = list(dict.fromkeys(key.meaning for key in design.keys))

    def add(self, event: Mapping[str, Any]) -> None:
        """Take one finished trial."""
        self.trials.append(dict(event))
        flips = np.asarray(event["flips"], float)
        self.flips += max(len(flips) - 1, 0)
        self.late += event["late"]
        self._intervals = [*self._intervals, *(1000 * np.diff(flips))][-INTERVALS:]

    # ---- numbers -----------------------------------------------------------------------------

    @property
    def answered(self) -> list[dict[str, Any]]:
        """Trials with an answer."""
        return [t for t in self.trials if t["answer"].get("response") not in (None, "", "n/a")]

    @property
    def silence(self) -> bool:
        """Whether not to answer is an answer, the right one in some trials."""
        return any(t["row"].get("correct") == WITHHOLD for t in self.trials)

    @property
    def scored(self) -> list[dict[str, Any]]:
        """Trials that are right or wrong: the answered ones, or all where silence is an answer."""
        return self.trials if self.silence else self.answered

    @property
    def times(self) -> np.ndarray:
        """Response times in s of the answered trials."""
        found = [t["answer"].get("response_time") for t in self.answered]
        return np.array([value for value in found if isinstance(value, int | float)], float)

    def seconds_left(self, trials: int) -> float:
        """Time that so many more trials take, at the pace of the last ones (pages left out)."""
        last = [t for t in self.trials[-PACE:] if t["flips"]]
        each = [t["flips"][-1] - t["flips"][0] for t in last]
        between = [(t.get("before") or {}).get("shown", 0) * self.period for t in last]
        return trials * float(np.median(each) + np.median(between)) if last else 0.0

    def rows(self) -> list[tuple[str, str, str]]:
        """(label, note, value) of the counters."""
        answered, times = self.answered, self.times
        rows = [("Answers", "", f"{len(answered)} of {len(self.trials)}")]
        rows.append(("Silent" if self.silence else "No answer", "",
                     str(len(self.trials) - len(answered))))  # fmt: skip
        if self._streams:
            hits, targets, false = self._stream_totals()
            rows = [("Targets found", "", f"{hits} of {targets}"),
                    ("False alarms", "", str(false))]  # fmt: skip
        elif self.graded:
            right = [bool(t["answer"].get("correct")) for t in self.scored]
            of = "of the trials" if self.silence else "of the answers"
            rows.append(("Right", of, percent(float(np.mean(right))) if right else "–"))
            rows += self._detection()
        elif self.meanings and answered:
            first = self.meanings[0]
            share = float(np.mean([t["answer"]["response"] == first for t in answered]))
            rows.append((f"Said “{first}”", "", percent(share)))
        if len(times):
            rows.append(("Median response time", "", f"{np.median(times):.3f} s"))
        thresholds = [t["threshold"] for t in self.trials if t.get("threshold") is not None]
        if thresholds:
            rows.append(("Threshold so far", "", f"{thresholds[-1]:.3g}"))
        return rows

    @property
    def _streams(self) -> bool:
        return any("hits" in trial["answer"] for trial in self.trials)

    def _stream_totals(self) -> tuple[int, int, int]:
        names = ("hits", "targets", "false_alarms")
        hits, targets, false = (
            sum(int(trial["answer"].get(name, 0)) for trial in self.trials) for name in names
        )
        return hits, targets, false

    @property
    def signal(self) -> str:
        """The answer that counts as signal: the first right one when there are two.

        Where silence is one of the two, the other.
        """
        wanted = dict.fromkeys(
            str(t["row"]["correct"]) for t in self.scored if t["row"].get("correct")
        )
        if len(wanted) != 2:
            return ""
        return next(meaning for meaning in wanted if meaning != WITHHOLD)

    def detection(self) -> Detection | None:
        """d-prime and criterion; None unless there are two answers and both are sometimes right."""
        from backend.analysis.detection import detection

        signal = self.signal
        counts = {True: [0, 0], False: [0, 0]}
        for trial in self.scored:
            is_signal = trial["row"].get("correct") == signal
            counts[is_signal][trial["answer"].get("response") == signal] += 1
        (misses, hits), (rejects, false) = counts[True], counts[False]
        if not signal or not (misses + hits and rejects + false):
            return None
        return detection(hits, misses + hits, false, rejects + false)

    def _detection(self) -> list[tuple[str, str, str]]:
        found = self.detection()
        if found is None:
            return []
        return [("d-prime", f"signal “{self.signal}”", f"{found.d_prime:.2f}"),
                ("Criterion", "", f"{found.criterion:+.2f}".replace("-", "−"))]  # fmt: skip

    @property
    def guess(self) -> float:
        """Share of right answers without seeing; 0 where no answer is right."""
        methods = [block.method for block in self.design.blocks if block.method is not None]
        return methods[0].guess if methods and self.graded else 0.0

    def mark(self, trial: Mapping[str, Any]) -> bool:
        """Whether it was right; where nothing is right, whether the first meaning was said."""
        answer = trial["answer"]
        if self.graded and answer.get("correct") is not None:
            return bool(answer["correct"])
        return bool(self.meanings) and answer.get("response") == self.meanings[0]

    @property
    def measure(self) -> str:
        """What the levels are, with their unit."""
        methods = [block.method for block in self.design.blocks if block.method is not None]
        return methods[0].measure if methods and methods[0].measure else "level"

    # ---- pictures ----------------------------------------------------------------------------

    def share(self) -> dict[str, Any]:
        """Running share of right answers, or of the first meaning, over trials."""
        marks = [self.mark(trial) for trial in self.scored]
        if not marks:
            return {}
        count = np.arange(1, len(marks) + 1)
        return {"x": count.astype(float), "share": np.cumsum(marks) / count}

    def intervals(self) -> dict[str, Any]:
        """Histogram of the last flip intervals in ms."""
        if not self._intervals:
            return {}
        counts, edges = interval_histogram(np.array(self._intervals), 1000 * self.period)
        return {"edges": edges, "flips": np.asarray(counts, float)}

    @property
    def late_above_ms(self) -> float:
        """Longer intervals are misses."""
        return 1000 * LATE_RATIO * self.period

    def onsets(self) -> dict[str, Any]:
        """Trials that followed another at once: how far their first flip was from the plan, ms."""
        followed = [t for t in self.trials if t.get("before") and t["before"]["planned"]]
        if not followed:
            return {}
        number = np.array([float(t["number"]) for t in followed])
        return {"x": number, "off": np.array([float(t["before"]["off_ms"]) for t in followed])}

    def reaction(self) -> dict[str, Any]:
        """Histogram of response times in s."""
        times = self.times
        if not len(times):
            return {}
        counts, edges = np.histogram(times, RT_BINS, (0, max(1.0, float(times.max()))))
        return {"edges": edges, "answers": counts.astype(float)}

    def curve(self) -> dict[str, Any]:
        """Share right (or of the first meaning) over levels, with a fit from twenty answers on."""
        from backend.analysis.psychometrics import binomial_interval

        levels: dict[float, list[bool]] = {}
        for trial in self.scored:
            level = trial["row"].get("level")
            if isinstance(level, int | float):
                levels.setdefault(float(level), []).append(self.mark(trial))
        if not levels:
            return {}
        x = np.array(sorted(levels))
        n = np.array([len(levels[value]) for value in x])
        k = np.array([sum(levels[value]) for value in x])
        spans = [binomial_interval(int(a), int(b)) for a, b in zip(k, n, strict=True)]
        data: dict[str, Any] = {
            "x_title": self.measure, "n": n, "k": k, "x": x, "y": k / n,
            "low": np.array([s[0] for s in spans]),
            "high": np.array([s[1] for s in spans]),
        }  # fmt: skip
        if n.sum() >= LEAST_FOR_FIT and len(x) > 2:
            data |= self._fit(x, k, n)
        return data

    def _fit(self, x: np.ndarray, k: np.ndarray, n: np.ndarray) -> dict[str, Any]:
        from backend.analysis.psychometrics import fit_logistic

        try:
            fit = fit_logistic(x, k, n, guess=self.guess)
        except ValueError:
            return {}
        grid = np.linspace(x.min(), x.max(), 100)
        return {"fit_x": grid, "fit_y": fit(grid), "threshold": fit.threshold}


def as_event(record: Mapping[str, Any], of: int) -> dict[str, Any]:
    """A journal record as the ``trial end`` event it was."""
    return {
        "what": "trial end", "number": record["trial"], "of": of, "block": record["block_name"],
        "row": record["row"], "answer": record["answer"], "late": record["late"],
        "flips": record["flips"], "prepare_ms": record["prepare_ms"], "threshold": None,
        "before": record.get("before"), "focused": record["focused"],
        "held": record.get("held", []),
        "frames": frames_shown(record["events"]),
    }  # fmt: skip


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.1f} %"
