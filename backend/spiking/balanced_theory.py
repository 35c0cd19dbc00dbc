"""Mean-field theory of balanced networks: rates, balance condition, variance and voltage density.

Index order of every pair and matrix is (E, I); w[a, b] is the effect of population b on a, negative
for b = I. Rates are in spikes per ms, times in ms.

Source: 01-ei-balanced-network, Eqs. 2-19; the v < 0 branch of Eq. 18 and the finite-size solve
follow sections 2.2, 2.3 and 8 of the spec, which correct misprints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

E, I = 0, 1  # noqa: E741


SILENT = 1e-4
"""Rate in spikes per ms below which a variance-to-mean ratio says nothing."""


class SingularBalance(ValueError):
    """The mean-field equations have no unique solution."""


@dataclass(frozen=True)
class MeanField:
    """The numbers a mean-field theory of one network needs.

    Attributes
    ----------
    w : (2, 2), p_ab j_ab q_b (times sqrt(N) when weights are not divided by it), signed.
    j : (2, 2), charge of one spike times sqrt(N), signed.
    f : (2,), feedforward gains. tau : (2,) in ms. theta : threshold. n : number of cells.
    """

    w: np.ndarray
    j: np.ndarray
    f: np.ndarray
    tau: np.ndarray
    theta: float
    n: int

    @property
    def determinant(self) -> float:
        """D = w_EI w_IE - w_EE w_II."""
        return float(self.w[E, I] * self.w[I, E] - self.w[E, E] * self.w[I, I])


def mean_field(
    n: int,
    q_i: float,
    p: np.ndarray,
    j: np.ndarray,
    f: np.ndarray,
    tau: np.ndarray,
    theta: float,
    divided: bool,
) -> MeanField:
    """Theory of a network with weights j / sqrt(N) (``divided``) or j (else)."""
    q = np.array([1.0 - q_i, q_i])
    scale = 1.0 if divided else np.sqrt(n)
    charge = np.asarray(j, float) * scale
    return MeanField(
        np.asarray(p, float) * charge * q,
        charge,
        np.asarray(f, float),
        np.asarray(tau, float),
        float(theta),
        n,
    )


def large_n_rates(theory: MeanField, mu: float | np.ndarray) -> np.ndarray:
    """Rates of an infinite network (Eq. 5), shape (2, ...); SingularBalance when D is zero."""
    w, f, d = theory.w, theory.f, theory.determinant
    if abs(d) <= 1e-12 * np.abs(w).max() ** 2 or not np.any(w):
        raise SingularBalance
    gains = np.array([f[E] * w[I, I] - f[I] * w[E, I], f[I] * w[E, E] - f[E] * w[I, E]]) / d
    return np.multiply.outer(gains, np.asarray(mu, float))


def finite_rates(theory: MeanField, mu: float | np.ndarray) -> np.ndarray:
    """Rates at finite N (Eq. 7, solved), shape (2, ...); SingularBalance without a solution."""
    epsilon = 1.0 / np.sqrt(theory.n)
    matrix = theory.w - np.diag(epsilon * theory.theta * theory.tau)
    scale = np.abs(matrix).max()
    if scale == 0.0 or abs(np.linalg.det(matrix / scale)) < 1e-12:
        raise SingularBalance
    return np.multiply.outer(np.linalg.solve(matrix, -theory.f), np.asarray(mu, float))


@dataclass(frozen=True)
class BalanceGauge:
    """The balance condition f_E/f_I > w_EI/w_II > w_EE/w_IE: its ratios and whether each holds."""

    drive: float
    inhibition: float
    excitation: float

    @property
    def first(self) -> bool:
        return bool(self.drive > self.inhibition)

    @property
    def second(self) -> bool:
        return bool(self.inhibition > self.excitation)

    @property
    def holds(self) -> bool:
        return self.first and self.second


def balance_gauge(theory: MeanField) -> BalanceGauge:
    """The three ratios; a ratio with a zero denominator is NaN and does not hold."""
    w, f = theory.w, theory.f

    def ratio(a: float, b: float) -> float:
        if abs(b) <= 1e-300 or abs(b) <= 1e-12 * abs(a):
            return float("nan")
        return float(a / b)

    return BalanceGauge(ratio(f[E], f[I]), ratio(w[E, I], w[I, I]), ratio(w[E, E], w[I, E]))


def variance_to_mean(
    theory: MeanField, rates: np.ndarray, vmr_input: float, mu: float | np.ndarray
) -> np.ndarray:
    """beta_a = (j_aE w_aE r_E + j_aI w_aI r_I + sigma_F^2) / (theta tau_a r_a), shape (2, ...).

    NaN for a population that is silent.
    """
    r = np.asarray(rates, float)
    recurrent = np.tensordot(theory.j * theory.w, r, axes=1)
    mean = (theory.theta * theory.tau).reshape((2,) + (1,) * (r.ndim - 1)) * r
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (recurrent + vmr_input * np.asarray(mu)) / mean
    return np.where(r > SILENT, ratio, np.nan)


def noiseless(beta: float, tau: float, theta: float) -> bool:
    """True when the density cannot be told from the uniform one of an input without noise."""
    return beta <= 1e-9 * tau * theta


def density(v: np.ndarray, beta: float, tau: float, theta: float) -> np.ndarray:
    """Stationary density p0(v) of the white-noise driven population (Eq. 18, corrected).

    Zero above threshold. ``beta`` = sigma^2 / mu; beta = 0 gives the uniform density.
    """
    v = np.asarray(v, float)
    if noiseless(beta, tau, theta):
        return np.where((v >= 0) & (v <= theta), 1.0 / theta, 0.0)
    kappa = 2.0 * tau / beta
    below = -np.expm1(-kappa * theta) * np.exp(kappa * np.minimum(v, 0.0))
    inside = -np.expm1(-kappa * (theta - np.clip(v, 0.0, theta)))
    return np.where(v < 0, below, np.where(v <= theta, inside, 0.0)) / theta


def density_cdf(v: np.ndarray, beta: float, tau: float, theta: float) -> np.ndarray:
    """Distribution function of :func:`density`."""
    v = np.asarray(v, float)
    if noiseless(beta, tau, theta):
        return np.clip(v / theta, 0.0, 1.0)
    kappa = 2.0 * tau / beta
    share = -np.expm1(-kappa * theta) / (kappa * theta)
    below = share * np.exp(kappa * np.minimum(v, 0.0))
    u = np.clip(v, 0.0, theta)
    inside = share + (u - (np.exp(-kappa * (theta - u)) - np.exp(-kappa * theta)) / kappa) / theta
    return np.where(v < 0, below, np.minimum(inside, 1.0))


def barrier_density(v: np.ndarray, beta: float, tau: float, theta: float) -> np.ndarray:
    """Stationary density with a reflecting barrier at the reset voltage 0.

    Without flux below 0 only the branch 0 <= v <= theta is left; it is normalised again.
    """
    v = np.asarray(v, float)
    if noiseless(beta, tau, theta):
        return density(v, 0.0, tau, theta)
    kappa = 2.0 * tau / beta
    mass = 1.0 + np.expm1(-kappa * theta) / (kappa * theta)
    return np.where(v >= 0, density(v, beta, tau, theta), 0.0) / mass


def hard_reset_shortfall(sigma: float, dt: float, tau: float, theta: float) -> float:
    """Relative loss of rate by a hard reset in discrete time: 0.583 sigma sqrt(dt) / (tau theta).

    Continuity correction of a random walk's overshoot (Siegmund); spec section 2.1.
    """
    return 0.5826 * sigma * float(np.sqrt(dt)) / (tau * theta)
