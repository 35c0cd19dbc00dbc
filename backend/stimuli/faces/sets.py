"""Many images of identities, and prepared maps kept for reuse (faces, sections 2 and 10)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from backend.stimuli.faces.identity import FaceParams
from backend.stimuli.faces.maps import canonical
from backend.stimuli.faces.render import Prepared, prepare, render
from backend.stimuli.faces.views import wild_expressions, wild_views

CACHE_BYTES = 80 << 20
"""Prepared maps that are kept: 256 of 96 px."""


class FaceImages(NamedTuple):
    """images (n, 1, size, size) float32; identity (n,); views (n, 11); expressions (n, 4)."""

    images: np.ndarray
    identity: np.ndarray
    views: np.ndarray
    expressions: np.ndarray


def dataset(
    rng: np.random.Generator,
    params: FaceParams,
    images_per_identity: int,
    size: int = 64,
    level: float = 1.0,
    n_expressions: int = 4,
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], None] | None = None,
) -> FaceImages:
    """Wild images of identities: each in a few expressions, each image in its own view.

    Parameters
    ----------
    level : 0 (default view, neutral apart from a faint smile) to 1.5.
    progress : called with (identities done, all); ``cancel`` : called before each, may raise.
    """
    count, each = len(params), images_per_identity
    kinds = min(n_expressions, each)
    expressions = wild_expressions(rng, count * kinds, level).reshape(count, kinds, 4)
    views = wild_views(rng, count * each, level)
    images = np.empty((count * each, 1, size, size), np.float32)
    which = np.arange(each) % kinds
    for k in range(count):
        if cancel is not None:
            cancel()
        faces = params[np.full(kinds, k)]
        maps = prepare(canonical(faces, expressions[k], map_size(size)))
        here = slice(k * each, (k + 1) * each)
        images[here] = render(maps, which, views[here], size)
        if progress is not None:
            progress(k + 1, count)
    return FaceImages(
        images, np.repeat(np.arange(count), each), views, expressions[:, which].reshape(-1, 4)
    )


def map_size(size: int) -> int:
    """Side of the canonical maps for images of ``size`` px."""
    return max(96, size + size % 2)


class PreparedCache:
    """The prepared maps used last, within a bound of bytes; safe from any thread."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._limit = limit
        self._bytes = 0
        self._maps: OrderedDict[bytes, Prepared] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, face: FaceParams, expression: np.ndarray, size: int) -> Prepared:
        """Maps of one face in one expression."""
        key = b"".join(
            np.ascontiguousarray(part).tobytes()
            for part in (face.p, face.age, face.texture_seed, face.texture, expression)
        ) + size.to_bytes(4, "little")
        with self._lock:
            if key in self._maps:
                self._maps.move_to_end(key)
                return self._maps[key]
        made = prepare(canonical(face, expression, size))
        with self._lock:
            if key not in self._maps:
                self._maps[key] = made
                self._bytes += _bytes_of(made)
            while self._bytes > self._limit and len(self._maps) > 1:
                self._bytes -= _bytes_of(self._maps.popitem(last=False)[1])
        return made


def _bytes_of(maps: Prepared) -> int:
    return sum(part.nbytes for part in maps)
