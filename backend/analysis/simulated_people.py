"""People who are not there: linear observers around one face template (07, section 2.4d).

They stand in for participants where there are none. Whatever comes of them carries ``LABEL``.
"""

from __future__ import annotations

import numpy as np

from backend.analysis.linear_observer import LinearObserver
from backend.stimuli import faces
from backend.stimuli.noise_basis import NoiseBasis

LABEL = "simulated observers"


def gender_template(side: int = 64, average_of: int = 24, seed: int = 0) -> np.ndarray:
    """Unit-norm band-passed difference of the average female and male face, (side, side).

    Difference of Gaussians of sd 1.5 and 9 px at 64 px; positive is brighter in females.
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    averages = []
    for gender in (-1.0, 1.0):
        group = faces.sample_identities(rng, average_of, 0, gender, 0.35)
        maps = faces.prepare(faces.canonical(faces.average_face(group)))
        averages.append(faces.render(maps, 0, faces.views(1), side)[0, 0].astype(float))
    difference = averages[0] - averages[1]
    scale = side / 64
    band = gaussian_filter(difference, 1.5 * scale) - gaussian_filter(difference, 9 * scale)
    return np.asarray(band / np.linalg.norm(band))


def simulated_people(
    basis: NoiseBasis,
    template: np.ndarray,
    count: int = 16,
    seed: int = 0,
    noise: float = 1.5,
    difference: float = 0.5,
) -> list[LinearObserver]:
    """Observers with templates w0 + 0.5 e_i and a bias of 0.1 sd.

    Parameters
    ----------
    template : (side, side) unit-norm w0 at the basis's side.
    noise : internal noise in sd of the template's response.
    difference : weight of each one's own smooth unit-norm noise e_i (sd 3 px at 64 px).
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    people = []
    for _ in range(count):
        own = gaussian_filter(rng.standard_normal(template.shape), 3 * basis.side / 64)
        own /= np.linalg.norm(own)
        weights = basis.adjoint(template + difference * own)
        people.append(LinearObserver(weights, noise, -0.1 * float(rng.standard_normal())))
    return people
