"""Greenberg-Hastings automata on a connectome (13-criticality-fc, section 2.2).

Nodes are quiet, excited for one step, then refractory for a delay and for as long as chance keeps
them. Between excitations nothing happens, so time goes from event to event: a quiet node's next
spontaneous excitation and a refractory node's exit are drawn as waiting times, which is the same
process because both are memoryless.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numba as nb
import numpy as np

from backend.brain.random_words import FOREVER, failures, uniform
from backend.core.parameters import ParameterError

QUIET, EXCITED, REFRACTORY = 0, 1, 2
BURN_IN = 2000
REFRACTORY_AT_START = 0.3

STEP, QUIET_COUNT, EXCITED_COUNT, TRIALS_LEFT, NEXT_EXIT = range(5)
"""Slots of the integer state. TRIALS_LEFT: quiet nodes passed over until one fires by itself."""


@dataclass(frozen=True)
class Rules:
    """What may change while it runs.

    Attributes
    ----------
    threshold : T_m; a quiet node fires when its input is above it.
    spontaneous : r1 a step. exit : probability of leaving the refractory state a step, after its
    delay of ``delay`` steps.
    """

    threshold: float = 0.52
    spontaneous: float = 0.005
    exit: float = 0.02
    delay: int = 55

    def __post_init__(self) -> None:
        for name in ("spontaneous", "exit"):
            if not 0 <= getattr(self, name) <= 1:
                raise ParameterError(name, f"{getattr(self, name):g} is no probability.")


@dataclass
class Automaton:
    """A network of nodes that goes on from where it is.

    Attributes
    ----------
    weights : (n, n) float64; row j is what node j gives to each node when it is excited.
    """

    weights: np.ndarray
    rules: Rules = field(default_factory=Rules)
    seed: int = 13

    def __post_init__(self) -> None:
        n = len(self.weights)
        self.weights = np.ascontiguousarray(self.weights, np.float64)
        self.random = np.array([self.seed], np.uint64)
        self.status = np.zeros(n, np.int8)
        self.exits = np.full(n, FOREVER, np.int64)
        self.delayed = np.zeros(n, np.int64)
        self.lists = np.zeros((3, n), np.int32)
        self.numbers = np.zeros(5, np.int64)
        self.drive = np.zeros(n)
        begin(
            self.random, self.status, self.exits, self.delayed, self.lists, self.numbers,
            REFRACTORY_AT_START, self.rules.spontaneous, self.rules.exit, self.rules.delay,
        )  # fmt: skip

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self.numbers[STEP])

    def change(self, rules: Rules, weights: np.ndarray | None = None) -> None:
        """Other rules from the next step; delays that run keep their end."""
        if weights is not None:
            self.weights = np.ascontiguousarray(weights, np.float64)
        if rules.spontaneous != self.rules.spontaneous or rules.exit != self.rules.exit:
            redraw(self.random, self.status, self.exits, self.delayed, self.numbers,
                   rules.spontaneous, rules.exit)  # fmt: skip
        self.rules = rules

    def advance(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Go on; (step from 0, node) of every excitation, in order."""
        n = len(self.weights)
        when, who = np.empty(steps * n, np.int64), np.empty(steps * n, np.int16)
        rules = self.rules
        count = advance(
            self.weights, self.random, self.status, self.exits, self.delayed, self.lists,
            self.numbers, self.drive, steps, rules.threshold, rules.spontaneous, rules.exit,
            rules.delay, when, who,
        )  # fmt: skip
        return when[:count].copy(), who[:count].copy()


def exit_probability(r2: float, meaning: str) -> float:
    """r2 read as the probability to stay (our inference, 8.1) or to leave (as printed)."""
    return 1.0 - r2 if meaning == "stay" else r2


@nb.njit(nogil=True, cache=True)
def begin(random, status, exits, delayed, lists, numbers, share, r1, p_exit, delay):  # type: ignore[no-untyped-def]
    """A share of the nodes refractory with an even spread of what is left of the delay."""
    n = status.size
    quiet = 0
    numbers[NEXT_EXIT] = FOREVER
    for i in range(n):
        if uniform(random) <= share:
            status[i] = REFRACTORY
            delayed[i] = np.int64(uniform(random) * (delay + 1))
            exits[i] = delayed[i] + 1 + failures(random, p_exit)
            numbers[NEXT_EXIT] = min(numbers[NEXT_EXIT], exits[i])
        else:
            lists[0, quiet] = i
            lists[1, i] = quiet
            quiet += 1
    numbers[QUIET_COUNT] = quiet
    numbers[TRIALS_LEFT] = failures(random, r1)


@nb.njit(nogil=True, cache=True)
def redraw(random, status, exits, delayed, numbers, r1, p_exit):  # type: ignore[no-untyped-def]
    """Waiting times anew for other probabilities; they remember nothing, so nothing is lost."""
    numbers[TRIALS_LEFT] = failures(random, r1)
    numbers[NEXT_EXIT] = FOREVER
    for i in range(status.size):
        if status[i] == REFRACTORY:
            exits[i] = max(delayed[i], numbers[STEP]) + 1 + failures(random, p_exit)
            numbers[NEXT_EXIT] = min(numbers[NEXT_EXIT], exits[i])


@nb.njit(nogil=True, cache=True, boundscheck=False)
def advance(  # type: ignore[no-untyped-def]
    weights, random, status, exits, delayed, lists, numbers, drive, steps, threshold, r1, p_exit,
    delay, when, who,
):  # fmt: skip
    """``steps`` synchronous steps; returns how many excitations were written.

    ``lists`` holds the quiet nodes, each quiet node's place among them, and the excited nodes.
    """
    quiet, place, excited = lists[0], lists[1], lists[2]
    n = status.size
    count = 0
    first = numbers[STEP]
    for t in range(first + 1, first + steps + 1):
        n_excited, n_quiet = numbers[EXCITED_COUNT], numbers[QUIET_COUNT]
        fired = 0
        while numbers[TRIALS_LEFT] < n_quiet:
            node = quiet[numbers[TRIALS_LEFT]]
            status[node] = EXCITED
            who[count + fired] = node
            fired += 1
            numbers[TRIALS_LEFT] += 1 + failures(random, r1)
        numbers[TRIALS_LEFT] -= n_quiet
        if n_excited:
            row = weights[excited[0]]
            for i in range(n):
                drive[i] = row[i]
            for k in range(1, n_excited):
                row = weights[excited[k]]
                for i in range(n):
                    drive[i] += row[i]
            for i in range(n):
                if (drive[i] > threshold) & (status[i] == QUIET):
                    status[i] = EXCITED
                    who[count + fired] = i
                    fired += 1
        for k in range(n_excited):
            node = excited[k]
            status[node] = REFRACTORY
            delayed[node] = t + delay
            exits[node] = t + delay + 1 + failures(random, p_exit)
            numbers[NEXT_EXIT] = min(numbers[NEXT_EXIT], exits[node])
        for k in range(fired):
            node = who[count + k]
            when[count + k] = t - 1
            excited[k] = node
            last = quiet[n_quiet - 1]
            quiet[place[node]] = last
            place[last] = place[node]
            n_quiet -= 1
        count += fired
        numbers[EXCITED_COUNT] = fired
        if t >= numbers[NEXT_EXIT]:
            nearest = np.int64(FOREVER)
            for i in range(n):
                if status[i] == REFRACTORY:
                    if exits[i] <= t:
                        status[i] = QUIET
                        place[i] = n_quiet
                        quiet[n_quiet] = i
                        n_quiet += 1
                    else:
                        nearest = min(nearest, exits[i])
            numbers[NEXT_EXIT] = nearest
        numbers[QUIET_COUNT] = n_quiet
        numbers[STEP] = t
    return count
