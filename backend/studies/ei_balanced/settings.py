"""From the study's parameters to networks, dynamics, stimuli and traces.

Nothing here imports a compiled kernel at module level, so that checks stay cheap while a form is
edited; kernels are imported by the functions that build networks.

Source: 01-ei-balanced-network; parameter table of spec section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from backend.core.parameters import ParameterError
from backend.stimuli.camera import Discs, EventStream, Film
from backend.stimuli.traces import Trace, from_csv, from_points
from backend.studies.ei_balanced.parameters import DISC_KINDS, BalancedParameters, step_of

if TYPE_CHECKING:
    from backend.spiking.balanced_homogeneous import Dynamics, Wiring
    from backend.spiking.balanced_spatial import SpatialDynamics, Stimulus
    from backend.spiking.balanced_theory import MeanField
    from backend.spiking.balanced_uncoupled import PopulationDynamics
    from backend.spiking.balanced_wiring import Geometry

Progress = Callable[[int, int], None]
PAIRS = ("ef", "ee", "ei", "if", "ie", "ii")


def trace_of(parameters: BalancedParameters) -> Trace:
    """The mean input of S1 and S2; ParameterError when its file or points are bad."""
    if parameters.mu_kind == "file":
        if not parameters.mu_file:
            raise ParameterError("mu_file", "No trace file is chosen. Choose a CSV or a generator.")
        return _trace(parameters.mu_file, _stamp(parameters.mu_file))
    if parameters.mu_kind == "points":
        return from_points(parameters.mu_points, field_name="mu_points")
    return Trace(
        parameters.mu_kind, base=parameters.mu, amplitude=parameters.mu_amplitude,
        onset=parameters.mu_onset, period=parameters.mu_period,
        end_period=parameters.mu_end_period, duration=parameters.mu_duration,
    )  # fmt: skip


def barrier_of(parameters: BalancedParameters) -> bool:
    """Whether voltages are reflected at zero: in the paper in S3 only."""
    if parameters.barrier == "paper":
        return parameters.mode in ("S3", "preview")
    return parameters.barrier == "on"


def population_dynamics(parameters: BalancedParameters, dt: float = 0.0) -> PopulationDynamics:
    """Dynamics of S1."""
    from backend.spiking.balanced_uncoupled import PopulationDynamics

    return PopulationDynamics(
        dt=dt or step_of(parameters), tau=parameters.tau, theta=parameters.theta_1,
        beta=parameters.beta, sigma=parameters.sigma,
        constant_sigma=parameters.noise == "sigma", hard_reset=parameters.reset == "hard",
        barrier=barrier_of(parameters),
    )  # fmt: skip


def matrix(parameters: BalancedParameters, prefix: str) -> np.ndarray:
    """The 2 x 2 table of S2 with this prefix, [target, source]."""
    values = [getattr(parameters, f"{prefix}_{pair}") for pair in ("ee", "ei", "ie", "ii")]
    return np.array(values, float).reshape(2, 2)


def homogeneous_dynamics(parameters: BalancedParameters, dt: float = 0.0) -> Dynamics:
    """Dynamics of S2."""
    from backend.spiking.balanced_homogeneous import Dynamics

    return Dynamics(
        dt=dt or step_of(parameters), j=matrix(parameters, "s2_j"), divided=parameters.divided,
        f=np.array([parameters.f_e, parameters.f_i]),
        tau=np.array([parameters.tau_e, parameters.tau_i]),
        tau_s=parameters.k * np.array([parameters.s2_tau_es, parameters.s2_tau_is]),
        theta=parameters.theta, vmr_input=parameters.vmr_input,
        hard_reset=parameters.reset == "hard", barrier=barrier_of(parameters),
    )  # fmt: skip


def homogeneous_wiring(
    parameters: BalancedParameters, progress: Progress | None = None, n: int = 0, seed: int = -1
) -> Wiring:
    """Connections of S2."""
    from backend.spiking.balanced_homogeneous import wire_dense

    return wire_dense(
        n or parameters.n, parameters.q_i, matrix(parameters, "s2_p"),
        parameters.seed if seed < 0 else seed, progress,
    )  # fmt: skip


def geometry_of(parameters: BalancedParameters) -> Geometry:
    """Grids, densities and widths of S3."""
    from backend.spiking.balanced_wiring import Geometry

    return Geometry(
        side={"F": parameters.side_f, "E": parameters.side_e, "I": parameters.side_i},
        density={
            (pair[0].upper(), pair[1].upper()): getattr(parameters, f"p_{pair}") for pair in PAIRS
        },
        width={"F": parameters.a_f, "E": parameters.a_e, "I": parameters.a_i},
        width_is_variance=parameters.width_is_variance,
    )


def spatial_dynamics(parameters: BalancedParameters, dt: float = 0.0) -> SpatialDynamics:
    """Dynamics of S3."""
    from backend.spiking.balanced_spatial import SpatialDynamics

    return SpatialDynamics(
        dt=dt or step_of(parameters),
        j={(pair[0].upper(), pair[1].upper()): getattr(parameters, f"j_{pair}") for pair in PAIRS},
        tau={"F": parameters.tau_f, "E": parameters.tau_e, "I": parameters.tau_i},
        tau_s={"F": parameters.tau_fs, "E": parameters.tau_es, "I": parameters.tau_is},
        k=parameters.k, theta=parameters.theta, background=parameters.bg,
        sigma_background=parameters.sigma_bg, hard_reset=parameters.reset == "hard",
        barrier=barrier_of(parameters),
    )  # fmt: skip


def disc_of(parameters: BalancedParameters) -> Discs:
    """The moving disc (or, for a photograph, the path of the window)."""
    kind = parameters.stimulus if parameters.stimulus in DISC_KINDS else "circle"
    return Discs(
        kind, x=parameters.x, y=parameters.y, radius=parameters.radius,
        amplitude=parameters.amplitude, low=parameters.low, onset=parameters.onset,
        offset=parameters.offset, period=parameters.period, path_radius=parameters.path_radius,
        start=parameters.start, stop=parameters.stop,
        points=np.array(parameters.path_points, float).reshape(-1, 2),
    )  # fmt: skip


def stimulus_of(parameters: BalancedParameters) -> Stimulus:
    """What the camera sees; ParameterError when its file is missing or bad."""
    if parameters.stimulus in DISC_KINDS:
        return disc_of(parameters)
    path = parameters.stimulus_file
    if parameters.stimulus == "photo":
        from backend.stimuli.camera import PhotoWindow

        photo = _photo(path, _stamp(path)) if path else _example(parameters.photo)
        return PhotoWindow(
            photo, disc_of(parameters), parameters.photo_window, parameters.amplitude
        )
    if not path:
        raise ParameterError(
            "stimulus_file", "No recording is chosen. Choose a file, or another kind of stimulus."
        )
    side, frame_ms, top = parameters.side_f, parameters.frame_ms, parameters.top_first
    if parameters.stimulus == "film":
        film = _film(path, _stamp(path), side, frame_ms, top)
        return replace(film, amplitude=parameters.amplitude)
    if parameters.stimulus == "events":
        return _events(path, _stamp(path), side, frame_ms, top)
    shape = (parameters.packed_rows, parameters.packed_columns)
    return _packed(path, _stamp(path), shape, side, frame_ms, parameters.bit_order, top)


Stamp = tuple[int, int]


def _stamp(path: str) -> Stamp:
    """Time and size of a file: a file is read again only when it changed, not at every drag."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=2)
def _trace(path: str, stamp: Stamp) -> Trace:
    return from_csv(Path(path), field_name="mu_file")


@lru_cache(maxsize=2)
def _photo(path: str, stamp: Stamp) -> np.ndarray:
    from backend.stimuli.camera_files import load_photo

    return load_photo(Path(path))


@lru_cache(maxsize=2)
def _example(name: str) -> np.ndarray:
    from backend.stimuli.camera_files import example_photo

    return example_photo(name)


@lru_cache(maxsize=2)
def _film(path: str, stamp: Stamp, side: int, frame_ms: float, top_first: bool) -> Film:
    from backend.stimuli.camera_files import load_film

    return load_film(Path(path), side, frame_ms, 1.0, top_first)


@lru_cache(maxsize=2)
def _events(path: str, stamp: Stamp, side: int, frame_ms: float, top_first: bool) -> EventStream:
    from backend.stimuli.camera_files import load_events

    return load_events(Path(path), side, frame_ms, top_first)


@lru_cache(maxsize=2)
def _packed(
    path: str,
    stamp: Stamp,
    shape: tuple[int, int],
    side: int,
    frame_ms: float,
    bit_order: Literal["little", "big"],
    top_first: bool,
) -> EventStream:
    from backend.stimuli.camera_files import load_packed

    return load_packed(Path(path), *shape, side, frame_ms, bit_order, top_first)


def theory_of(parameters: BalancedParameters) -> MeanField:
    """Mean-field numbers of the network under these parameters, S2 or spatial means of S3.

    In S3 the camera stands for the input: mu is its rate and f_a = p_aF j_aF N_F / N.
    """
    from backend.spiking.balanced_theory import MeanField, mean_field

    tau = np.array([parameters.tau_e, parameters.tau_i])
    if parameters.mode == "S2":
        return mean_field(
            parameters.n, parameters.q_i, matrix(parameters, "s2_p"), matrix(parameters, "s2_j"),
            np.array([parameters.f_e, parameters.f_i]), tau, parameters.theta, parameters.divided,
        )  # fmt: skip
    n_f, n_e, n_i = (parameters.side_f**2, parameters.side_e**2, parameters.side_i**2)
    n = n_e + n_i
    share = np.array([n_e / n, n_i / n])
    p = np.array([[parameters.p_ee, parameters.p_ei], [parameters.p_ie, parameters.p_ii]])
    j = np.array([[parameters.j_ee, parameters.j_ei], [parameters.j_ie, parameters.j_ii]])
    drive = np.array([parameters.p_ef * parameters.j_ef, parameters.p_if * parameters.j_if])
    return MeanField(p * j * share, j, drive * n_f / n, tau, parameters.theta, n)


def numbers_of(text: str, field: str, low: float, high: float) -> list[float]:
    """Numbers separated by commas; ParameterError names the one that is not or lies outside."""
    out = []
    for part in text.replace(";", ",").split(","):
        word = part.strip().replace("\u2212", "-")
        if not word:
            continue
        try:
            value = float(word)
        except ValueError:
            raise ParameterError(
                field, f'"{word}" is not a number. Write numbers separated by commas.'
            ) from None
        if not low <= value <= high:
            raise ParameterError(field, f"{value:g} is outside {low:g} to {high:g}. Leave it out.")
        out.append(value)
    if not out:
        raise ParameterError(field, "The list is empty. Write numbers separated by commas.")
    return out


def sweep_lists(parameters: BalancedParameters) -> tuple[list[float], list[float]]:
    """Synaptic scales and periods of the sweeps."""
    scales = numbers_of(parameters.sweep_k, "sweep_k", 0.1, 4.0)
    periods = numbers_of(parameters.sweep_periods, "sweep_periods", 10.0, 2000.0)
    return scales, periods
