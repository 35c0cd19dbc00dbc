"""From activity to BOLD: a gamma response to events, and the balloon model (13, 2.3 and 2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numba as nb
import numpy as np

from backend.core.parameters import ParameterError

LENGTH = 20.0
"""The gamma response is taken to end after so many mean delays."""


def gamma_response(
    seconds: np.ndarray, scale: float = 0.6, power: int = 3, delay: float = 0.0,
    as_printed: bool = False,
) -> np.ndarray:  # fmt: skip
    """h(t) = ((t-o)/d)^(p-1) e^(-(t-o)/d) / (d (p-1)!) after o, else 0 (Eq. 10).

    ``as_printed`` raises the whole fraction to p - 1, as the paper prints it.
    """
    if scale <= 0 or power < 1:
        raise ParameterError("hrf_d", "The response needs d above 0 and p of at least 1.")
    after = np.maximum(seconds - delay, 0.0) / scale
    decay = np.exp(-after * (power - 1 if as_printed else 1))
    return after ** (power - 1) * decay / (scale * factorial(power - 1)) * (seconds >= delay)


def bold_of_events(
    steps: np.ndarray, nodes: np.ndarray, count: int, total: int, every: int, dt: float,
    **response: float,
) -> np.ndarray:  # fmt: skip
    """BOLD (n_sample, n_node) of excitations, one sample at the last step of each block.

    Parameters
    ----------
    steps : (n_event,) from 0. nodes : (n_event,). count : nodes. total : steps in all.
    every : steps a sample. dt : s a step. response : scale, power and delay of the response.
    """
    scale, power = response.get("scale", 0.6), response.get("power", 3)
    length = int((response.get("delay", 0.0) + LENGTH * scale * power) / dt) + 1
    kernel = dt * gamma_response(np.arange(length) * dt, **response)  # type: ignore[arg-type]
    out = np.zeros((total // every, count))
    _spread(np.ascontiguousarray(steps), np.ascontiguousarray(nodes), every, kernel, out)
    return out


@nb.njit(nogil=True, cache=True)
def _spread(steps, nodes, every, kernel, out):  # type: ignore[no-untyped-def]
    """Each event's response into the samples that see it."""
    for e in range(steps.size):
        sample = steps[e] // every
        lag = (sample + 1) * every - 1 - steps[e]
        while sample < len(out) and lag < kernel.size:
            out[sample, nodes[e]] += kernel[lag]
            sample += 1
            lag += every


@dataclass(frozen=True)
class Balloon:
    """Constants of the balloon model (after Eq. 20): efficacy, decays in 1/s, transit in s."""

    epsilon: float = 0.2
    kappa: float = 0.65
    gamma: float = 0.41
    tau: float = 0.98
    alpha: float = 0.32
    rho: float = 0.34
    volume: float = 0.02

    @property
    def numbers(self) -> np.ndarray:
        """(7,) for the compiled loop."""
        return np.array([self.epsilon, self.kappa, self.gamma, self.tau, self.alpha, self.rho,
                         self.volume])  # fmt: skip


def resting(regions: int) -> np.ndarray:
    """State (4, n): s = 0, f = v = q = 1."""
    state = np.ones((4, regions))
    state[0] = 0.0
    return state


@nb.njit(nogil=True, cache=True)
def balloon(state, activity, dt, constants, every, out):  # type: ignore[no-untyped-def]
    """Euler steps of ``dt`` s over ``activity`` (n_step, n_region), which changes ``state``.

    Every ``every`` steps a row of BOLD goes to ``out``; returns how many rows.
    """
    eps, kappa, gamma, tau, alpha, rho, volume = constants
    row = 0
    for t in range(len(activity)):
        for i in range(activity.shape[1]):
            s, f, v, q = state[0, i], state[1, i], state[2, i], state[3, i]
            outflow = v ** (1.0 / alpha)
            extracted = (1.0 - (1.0 - rho) ** (1.0 / f)) / rho
            state[0, i] = s + dt * (eps * activity[t, i] - kappa * s - gamma * (f - 1.0))
            state[1, i] = max(f + dt * s, 1e-3)
            state[2, i] = max(v + dt / tau * (f - outflow), 1e-3)
            state[3, i] = q + dt / tau * (f * extracted - q * outflow / v)
        if (t + 1) % every == 0:
            for i in range(activity.shape[1]):
                v, q = state[2, i], state[3, i]
                out[row, i] = volume * (
                    7.0 * rho * (1.0 - q) + 2.0 * (1.0 - q / v) + (2.0 * rho - 0.2) * (1.0 - v)
                )
            row += 1
    return row
