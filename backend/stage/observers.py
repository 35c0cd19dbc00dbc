"""Which simulated participant answers a design: by name, or a template observer of its noise."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np

from backend.stage.design import Design
from backend.stage.noise_answers import NOISE_GENERATOR
from backend.stage.participants import Simulated, TemplateObserver, participant
from backend.stage.stimuli import Stimuli, as_texture

INTERNAL_NOISE = {"ideal": 0.0, "noisy": 1.5, "lapsing": 0.0}
"""Of the template observers, in SD of the decision variable (07, section 2.4 d)."""
SD_IMAGES = 64


def observer_for(
    kind: str, design: Design, stimuli: Stimuli, seed: int, subject: str = ""
) -> Simulated:
    """A participant by name; a template observer where faces in noise have no right answer.

    Each subject answers each design with luck of its own.
    """
    seed = zlib.crc32(f"{seed} {subject} {design.name}".encode())
    noise = [one.name for one in design.sources if one.generator == NOISE_GENERATOR]
    named = participant(kind, seed)
    if kind not in INTERNAL_NOISE or not noise:
        return named
    observer = face_observer(design, stimuli, noise[0], seed, INTERNAL_NOISE[kind])
    if kind == "lapsing":
        observer.lapse, observer.miss = named.lapse, named.miss
    return observer


def face_observer(
    design: Design, stimuli: Stimuli, source: str, seed: int, internal: float = 1.5
) -> TemplateObserver:
    """An observer whose template is the band-passed difference of the average faces.

    Source: 07-face-gender-reverse-correlation section 2.4 d. SD and criterion of its decision
    variable come from the first :data:`SD_IMAGES` pictures; ``internal`` noise is in its SD.
    """
    pool = design.pool(source)
    plain = replace(pool, parameters={**pool.parameters, "gain": 0.0})
    base = Stimuli(replace(design, sources=(plain,))).image(f"{source}:0")
    observer = TemplateObserver(
        seed=seed, template=face_template(len(base)), base=base, internal=internal
    )
    names = [f"{source}:{i}" for i in range(min(SD_IMAGES, pool.count))]
    values = np.array([observer.evidence(stimuli.image(name)) for name in names])
    observer.sd = float(values.std()) or 1.0
    observer.criterion = float(np.median(values))
    return observer


def face_template(side: int) -> np.ndarray:
    """(side, side) average female minus male face, difference of Gaussians, unit norm.

    The Gaussians have SDs of 1.5 and 9 px at 64 px (07, section 2.4 d).
    """
    from scipy.ndimage import gaussian_filter

    from backend.stimuli.generators import find

    generator = find("faces")
    faces = []
    for gender in (-1.0, 1.0):
        parameters = generator.Parameters().changed(gender=gender)
        image = as_texture(
            generator.draw(parameters, generator.prepare(parameters), 0, 1).images[0]
        )
        faces.append(_resized(image if image.ndim == 2 else image.mean(axis=2), side))
    difference = faces[0] - faces[1]
    scale = side / 64.0
    band = gaussian_filter(difference, 1.5 * scale) - gaussian_filter(difference, 9.0 * scale)
    return band / np.linalg.norm(band)


def _resized(image: np.ndarray, side: int) -> np.ndarray:
    from PIL import Image

    picture = Image.fromarray(np.asarray(image, np.float32))
    return np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR), float)
