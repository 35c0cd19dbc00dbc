"""The classification image of a session of noisy faces, growing trial by trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backend.core.parameters import ParameterError
from backend.stage.design import Design, split_reference
from backend.stage.stimuli import Stimuli

NOISE_GENERATOR = "faces-noise"
LEAST = 2


class NoiseAnswers:
    """Running sums of the noise weights by answer (07, sections 2.5 and 9).

    One picture a trial: positive pixels are brighter for the first key's meaning. Two pictures
    (``left``, ``right``: the same noise added and subtracted): brighter for the one chosen.
    """

    def __init__(self, design: Design) -> None:
        from backend.analysis.reverse_correlation import ClassificationImage, PairImage
        from backend.stimuli.generators.noise_form import basis_of

        self.source = next(one for one in design.sources if one.generator == NOISE_GENERATOR)
        _, self._parameters, _ = Stimuli(design).generator(self.source)
        basis = basis_of(self._parameters, self._parameters.side)
        self.pairs = bool(self._parameters.pairs)
        self._seen: list[tuple[int, bool]] = []
        self.positive = design.keys[0].meaning if design.keys else ""
        self.sums = PairImage(basis) if self.pairs else ClassificationImage(basis)

    @property
    def trials(self) -> int:
        """Answered trials so far."""
        return self.sums.trials

    def add(self, row: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Take a trial from its row and answer ("trial end" events, journal records)."""
        response = answer.get("response")
        if response in (None, "", "n/a"):
            return
        if not self.pairs:
            place = self._place(str(row["stimulus"]))
            self.sums.add(self._theta(place), np.array([response == self.positive]))
            self._seen.append((place, response == self.positive))
            return
        left, right = (self._place(str(row[side])) for side in ("left", "right"))
        chosen = left if response == "left" else right
        added = min(left, right)
        self.sums.add(self._theta(added), np.array([1 if chosen == added else -1]))

    def _place(self, reference: str) -> int:
        return self.source.place(split_reference(reference)[1])

    @property
    def positives(self) -> np.ndarray:
        """(n,) bool: answers of single pictures in the order of the trials."""
        return np.array([positive for _, positive in self._seen], bool)

    def blocks(self) -> Iterator[np.ndarray]:
        """Weights of single pictures in the order of the trials, a trial at a time."""
        for place, _ in self._seen:
            yield self._theta(place)

    def _theta(self, place: int) -> np.ndarray:
        from backend.stimuli.generators.faces_noise import signed_theta

        return signed_theta(self._parameters, self.sums.basis.count, place, place + 1)

    def image(self, side: int = 128) -> np.ndarray | None:
        """(side, side) classification image; None before both answers were given."""
        if self.trials < LEAST:
            return None
        try:
            return self.sums.image(side)
        except ParameterError:
            return None


def noise_answers(design: Design) -> NoiseAnswers | None:
    """The running image of a design; None when it shows no noise with known weights."""
    shown = any(source.generator == NOISE_GENERATOR for source in design.sources)
    return NoiseAnswers(design) if shown else None
