"""Classification images in weight space, trial by trial (07-face-gender-reverse-correlation).

An observer's answers split the noise weights theta; the difference of their means, w, gives the
image B w, identical to subtracting mean noise images. Running sums of weights and squares hold
everything, so that effect sizes are known at any moment without the trials.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import numpy as np
from numba import njit

from backend.core.parameters import ParameterError
from backend.stimuli.noise_basis import NoiseBasis, noise_basis

Criterion = Literal["unit", "male-unit mean", "d mean", "d median"]
FEMALE, MALE = "female", "male"
_SIGMA2 = 1.0 / 3.0
"""Variance of a weight, uniform in [-1, 1]."""


def answers(z_female: np.ndarray, z_male: np.ndarray, criterion: Criterion = "unit") -> np.ndarray:
    """(n,) True where the observer says female (section 2.4b).

    With d = z_male - z_female, "unit" says male where d > 0; "d mean" and "d median" compare d with
    its own mean or median, "male-unit mean" the male unit with its own mean.
    """
    d = z_male - z_female
    level, value = {
        "unit": (0.0, d),
        "male-unit mean": (z_male.mean(), z_male),
        "d mean": (d.mean(), d),
        "d median": (np.median(d), d),
    }[criterion]
    return ~(value > level)


class WeightImage(ABC):
    """What one-interval and two-interval images share.

    Attributes
    ----------
    basis : its scales say which weights there are.
    """

    def __init__(self, basis: NoiseBasis) -> None:
        self.basis = basis

    @property
    @abstractmethod
    def w(self) -> np.ndarray:
        """(count,) weights of the image."""

    @property
    @abstractmethod
    def d(self) -> np.ndarray:
        """(count,) Cohen's d of each weight."""

    @property
    @abstractmethod
    def t(self) -> np.ndarray:
        """(count,) t of each weight."""

    @property
    @abstractmethod
    def degrees(self) -> int:
        """Degrees of freedom of t."""

    @property
    @abstractmethod
    def variance(self) -> float:
        """Variance of a weight of ``w`` when answers have nothing to do with the noise."""

    @property
    def p(self) -> np.ndarray:
        """(count,) two-sided p of each weight."""
        from scipy.special import stdtr

        return 2.0 * stdtr(self.degrees, -np.abs(self.t))

    def significant(self, alpha: float = 0.05) -> np.ndarray:
        """(count,) True where p is below alpha / count (Bonferroni)."""
        return self.p < alpha / self.basis.count

    def significant_by_scale(self, alpha: float = 0.05) -> list[int]:
        """Number of significant weights of each scale."""
        found = self.significant(alpha)
        return [int(found[part].sum()) for part in self.basis.slices]

    def image(self, side: int | None = None) -> np.ndarray:
        """(side, side) classification image B w; positive is brighter for female."""
        return self.at(side).images(self.w)

    def bands(self, side: int | None = None) -> np.ndarray:
        """(scales, side, side) images of each scale; they sum to ``image``."""
        basis = self.at(side)
        return np.stack([basis.images(self.w, k) for k in range(len(basis.scales))])

    def at(self, side: int | None) -> NoiseBasis:
        """The basis at another side, by area averaging of the stimulus."""
        if side is None or side == self.basis.side:
            return self.basis
        return noise_basis(side, self.basis.source, self.basis.kind, self.basis.scales)


class ClassificationImage(WeightImage):
    """One picture a trial, answered female or male (section 2.5)."""

    def __init__(self, basis: NoiseBasis) -> None:
        super().__init__(basis)
        self._sums = np.zeros((2, basis.count))
        self._squares = np.zeros((2, basis.count))
        self._n = np.zeros(2, np.int64)

    def add(self, theta: np.ndarray, female: np.ndarray) -> None:
        """Add trials: theta (m, count), female (m,) bool.

        Trials are added one after the other in double precision, so that the image does not depend
        on how they were batched.
        """
        weights = np.ascontiguousarray(np.atleast_2d(theta), np.float32)
        which = np.atleast_1d(np.asarray(female, bool)).astype(np.int64)
        _check_shapes(weights, which, self.basis.count)
        _add(weights, which, self._sums, self._squares)
        self._n += np.bincount(which, minlength=2)

    @property
    def n_female(self) -> int:
        return int(self._n[1])

    @property
    def n_male(self) -> int:
        return int(self._n[0])

    @property
    def trials(self) -> int:
        return int(self._n.sum())

    @property
    def w(self) -> np.ndarray:
        male, female = self._means()
        return female - male

    @property
    def d(self) -> np.ndarray:
        means = self._means()
        within = (self._squares - self._n[:, None] * means**2).sum(axis=0)
        return (means[1] - means[0]) / np.sqrt(within / max(self.degrees, 1))

    @property
    def t(self) -> np.ndarray:
        return self.d * np.sqrt(self._n.prod() / self._n.sum())

    @property
    def degrees(self) -> int:
        return self.trials - 2

    @property
    def variance(self) -> float:
        self._means()
        return float(_SIGMA2 * (1.0 / self._n).sum())

    def _means(self) -> np.ndarray:
        """(2, count) mean weights of male and female answers; ParameterError if one has none."""
        for count, answer in zip(self._n, (MALE, FEMALE), strict=True):
            if count == 0:
                raise ParameterError(
                    "answers",
                    f'No answer was "{answer}" in {self.trials} trials. A classification image '
                    "needs both answers. Check the keys of the observer.",
                )
        return self._sums / self._n[:, None]


class PairImage(WeightImage):
    """Two intervals a trial, base + noise and base - noise (2IFC): w = mean(response × theta).

    A response is 1 where the picture with added noise was chosen, else -1 (section 9).
    """

    def __init__(self, basis: NoiseBasis) -> None:
        super().__init__(basis)
        self._sums = np.zeros((1, basis.count))
        self._squares = np.zeros((1, basis.count))
        self.trials = 0

    def add(self, theta: np.ndarray, response: np.ndarray) -> None:
        """Add trials: theta (m, count) of the added noise, response (m,) 1 or -1.

        Raises
        ------
        ParameterError : other responses.
        """
        weights = np.ascontiguousarray(np.atleast_2d(theta), np.float32)
        signs = np.atleast_1d(np.asarray(response))
        _check_shapes(weights, signs, self.basis.count)
        strange = np.setdiff1d(signs, (-1, 1))
        if strange.size:
            raise ParameterError(
                "response", f"Responses are 1 or −1; {strange[:3].tolist()} was found."
            )
        signed = weights * signs.astype(np.float32)[:, None]
        _add(signed, np.zeros(len(signs), np.int64), self._sums, self._squares)
        self.trials += len(signs)

    @property
    def w(self) -> np.ndarray:
        if self.trials == 0:
            raise ParameterError("answers", "There is no trial yet. Run at least two.")
        return self._sums[0] / self.trials

    @property
    def d(self) -> np.ndarray:
        within = self._squares[0] - self.trials * self.w**2
        return self.w / np.sqrt(within / max(self.degrees, 1))

    @property
    def t(self) -> np.ndarray:
        return self.d * np.sqrt(self.trials)

    @property
    def degrees(self) -> int:
        return self.trials - 1

    @property
    def variance(self) -> float:
        return _SIGMA2 / max(self.trials, 1)


def _check_shapes(theta: np.ndarray, answer: np.ndarray, count: int) -> None:
    if theta.ndim != 2 or theta.shape[1] != count:
        raise ParameterError(
            "theta",
            f"Weights of {' × '.join(map(str, theta.shape))} were given; these scales need "
            f"trials × {count}.",
        )
    if answer.shape != (len(theta),):
        raise ParameterError(
            "answers", f"There are {answer.size} answers for {len(theta)} trials. They must match."
        )


@njit(nogil=True, cache=True, error_model="numpy")
def _add(theta, which, sums, squares):  # type: ignore[no-untyped-def]
    for trial in range(theta.shape[0]):
        total, square = sums[which[trial]], squares[which[trial]]
        for j in range(theta.shape[1]):
            value = np.float64(theta[trial, j])
            total[j] += value
            square[j] += value * value


def shuffled_weights(
    blocks: Callable[[], Iterable[np.ndarray]] | Iterator[np.ndarray],
    female: np.ndarray,
    shuffles: int = 200,
    seed: int = 0,
) -> np.ndarray:
    """(shuffles, count) weights w after shuffling the answers over trials.

    Parameters
    ----------
    blocks : yields theta of consecutive trials, (m, count) each, or makes such an iterator.
    female : (n,) bool answers in trial order.

    Source: section 8 (permutation interval) and section 10 (theta' times signs, in blocks).
    """
    n = len(female)
    rng = np.random.default_rng(seed)
    base = np.where(female, 1.0 / max(female.sum(), 1), -1.0 / max((~female).sum(), 1))
    signs = np.stack([rng.permutation(base) for _ in range(shuffles)]).astype(np.float32)
    total, start = None, 0
    for theta in blocks() if callable(blocks) else blocks:
        part = signs[:, start : start + len(theta)] @ theta.astype(np.float32, copy=False)
        total = part.astype(float) if total is None else total + part
        start += len(theta)
    if total is None or start != n:
        raise ParameterError(
            "answers", f"There are {n} answers for {start} trials. They must match."
        )
    return total


def largest_by_chance(shuffled: np.ndarray, alpha: float = 0.05) -> float:
    """|d| that the largest of all weights exceeds with probability alpha under shuffled answers.

    Family-wise over weights without assuming independence (max-statistic permutation test).
    """
    effects = np.abs(shuffled).max(axis=1) / np.sqrt(_SIGMA2)
    return float(np.quantile(effects, 1.0 - alpha))


def pixel_test(
    image: WeightImage, shuffled: np.ndarray, side: int = 64, alpha: float = 0.05
) -> tuple[np.ndarray, float]:
    """z of every pixel and the |z| above which a pixel is significant.

    z is the image over its standard deviation under shuffled answers; the threshold is the
    1 - alpha quantile of the largest |z| of a shuffled image. Random field theory is not offered:
    patch noise is not stationary, which it assumes; shuffling keeps its covariance as it is.
    """
    basis = image.at(side)
    chance = basis.images(shuffled.astype(np.float32))
    sd = np.maximum(chance.std(axis=0), 1e-12)
    threshold = np.quantile(np.abs(chance / sd).max(axis=(1, 2)), 1.0 - alpha)
    return image.image(side) / sd, float(threshold)


def info_value(image: WeightImage, side: int = 64, responders: int = 1000, seed: int = 0) -> float:
    """infoVal: (‖CI‖ - median) / (1.4826 MAD) of the norms of random responders' images.

    Random responders' weights are drawn from their limiting normal distribution (section 9).
    """
    basis = image.at(side)
    rng = np.random.default_rng(seed)
    norms = []
    for start in range(0, responders, 100):
        drawn = rng.standard_normal((min(100, responders - start), basis.count))
        chance = basis.images((drawn * np.sqrt(image.variance)).astype(np.float32))
        norms.append(np.sqrt((chance.astype(float) ** 2).sum(axis=(1, 2))))
    norm = np.concatenate(norms)
    middle = np.median(norm)
    spread = 1.4826 * np.median(np.abs(norm - middle))
    return float((np.sqrt((image.image(side).astype(float) ** 2).sum()) - middle) / spread)


def female_answers(values: Iterable[object]) -> np.ndarray:
    """(n,) bool from answers as they are coded elsewhere.

    female/male, f/m, -1/1 (rcicr: 1 is female), and the four keys "probably female" … "probably
    male".

    Raises
    ------
    ParameterError : another coding, listing the values found.
    """
    words = [str(value).strip().lower().replace(".0", "") for value in values]
    kinds = set(words)
    female = {FEMALE, f"probably {FEMALE}", f"possibly {FEMALE}"}
    male = {MALE, f"probably {MALE}", f"possibly {MALE}"}
    for yes, no in ((female, male), ({"f"}, {"m"}), ({"1", "+1"}, {"-1"})):
        if kinds <= yes | no:
            return np.array([word in yes for word in words])
    found = ", ".join(f'"{word}"' for word in sorted(kinds)[:6])
    raise ParameterError(
        "answers",
        f"These answers are not known: {found}. Use female and male, f and m, or 1 and −1.",
    )
