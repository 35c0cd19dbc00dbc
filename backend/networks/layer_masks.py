"""Which channels, rows and columns of a network's layers are used (05-dnnbrain, section 2.2).

A mask holds indices from 0; words and files count from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backend.analysis.dnnbrain_files import Mask, read_masks
from backend.core.parameters import ParameterError
from backend.networks.act_edit import WORDS, in_range, kept_shape
from backend.networks.dnnbrain_names import layer_name
from backend.networks.layers import find

if TYPE_CHECKING:
    from backend.networks.network import Network

LONGEST = 24
"""Letters of a list of numbers in a table."""


def read_for(path: Path, network: Network) -> dict[str, Mask]:
    """Masks of a ``.dmask.csv`` file by this network's names of the layers.

    Raises
    ------
    ParameterError with the nearest names of a layer that is not there; FileProblem with the line
    of a number that the layer does not have.
    """
    names = {given: layer_name(network, given) for given in read_masks(path)}
    if len(set(names.values())) < len(names):
        raise ParameterError("mask", f"{path.name} gives a layer under two names. Give it once.")
    shapes = {given: kept_shape(find(network, own)) for given, own in names.items()}
    found = read_masks(path, shapes)
    return {names[given]: plain(mask, shapes[given]) for given, mask in found.items()}


def plain(mask: Mask, shape: Sequence[int]) -> Mask:
    """In rising order, each number once, and None for an axis that is kept as a whole."""

    def axis(numbers: tuple[int, ...] | None, size: int) -> tuple[int, ...] | None:
        unique = tuple(sorted(set(numbers))) if numbers is not None else None
        return None if unique is None or len(unique) == size else unique

    return Mask(*(
        axis(numbers, size)
        for numbers, size in zip((mask.channels, mask.rows, mask.columns), shape, strict=True)
    ))  # fmt: skip


def keeps_all(mask: Mask) -> bool:
    """Whether nothing is left out."""
    return not mask.by_axis()


def with_channels(mask: Mask, channels: Iterable[int], keep: bool, shape: Sequence[int]) -> Mask:
    """The mask with these channels taken in, or taken out."""
    now = set(range(shape[0]) if mask.channels is None else mask.channels)
    now = now | set(channels) if keep else now - set(channels)
    return plain(Mask(tuple(now), mask.rows, mask.columns), shape)


def with_places(
    mask: Mask, rows: tuple[int, int], columns: tuple[int, int], shape: Sequence[int]
) -> Mask:
    """The mask with these rows and columns, (first, last) each, and no others."""
    spans = [tuple(range(min(pair), max(pair) + 1)) for pair in (rows, columns)]
    return plain(Mask(mask.channels, *spans), shape)


def kept_channels(mask: Mask, count: int) -> np.ndarray:
    """(count,) bool: which channels are used."""
    kept = np.ones(count, bool)
    if mask.channels is not None:
        kept[:] = False
        kept[list(mask.channels)] = True
    return kept


def usable(layer: str, mask: Mask) -> None:
    """ParameterError for a mask that leaves nothing."""
    for axis, numbers in mask.by_axis().items():
        if not numbers:
            raise ParameterError("mask", f"The mask leaves no {WORDS[axis]} of {layer}. Take at "
                                 "least one in.")  # fmt: skip


def words(mask: Mask, shape: Sequence[int]) -> str:
    """What is used of a layer.

    >>> words(Mask((0, 1, 2, 5), (2, 3, 4), None), (48, 13, 13))
    '4 of 48 channels, rows 3-5 of 13'
    """
    parts = []
    if mask.channels is not None:
        parts.append(f"{len(mask.channels)} of {shape[0]} channels")
    for what, numbers, size in (("rows", mask.rows, shape[1]), ("columns", mask.columns, shape[2])):
        if numbers is not None:
            parts.append(f"{what} {shortened(numbers)} of {size}")
    return ", ".join(parts) or "everything"


def text_of(numbers: tuple[int, ...] | None) -> str:
    """Indices from 0 as spans of numbers from 1; "" for all.

    >>> text_of((0, 1, 2, 7, 9, 10))
    '1-3, 8, 10-11'
    """
    if numbers is None:
        return ""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(
        str(first + 1) if first == last else f"{first + 1}-{last + 1}" for first, last in spans
    )


def shortened(numbers: tuple[int, ...]) -> str:
    """Spans for a table."""
    text = text_of(numbers) or "none"
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rpartition(',')[0]}, …"


def typed(layer: str, shape: Sequence[int], texts: Sequence[str]) -> Mask:
    """The mask that a user types: channels, rows and columns such as "1-5, 8"; "" for all.

    ParameterError for what is no list of numbers, and for one that the layer does not have.
    """
    mask = Mask(*(
        numbers_of(text, WORDS[axis]) for text, axis in zip(texts, WORDS, strict=True)
    ))  # fmt: skip
    in_range(layer, tuple(shape), mask)
    return plain(mask, shape)


def numbers_of(text: str, what: str) -> tuple[int, ...] | None:
    """Indices from 0 of spans of numbers from 1; None for all.

    >>> numbers_of("1-3, 8", "channel")
    (0, 1, 2, 7)
    """
    if not text.strip():
        return None
    found: set[int] = set()
    for part in text.replace("\u2013", "-").split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        span = (first, last if dash else first)
        if not all(word.isdigit() for word in span):
            raise ParameterError("mask", f"{what.capitalize()}s are numbers and spans such as "
                                 f'1-5, 8; "{part.strip()[:20]}" is none.')  # fmt: skip
        low, high = (int(word) for word in span)
        if low > high:
            raise ParameterError("mask", f"{part.strip()} runs backwards. Type {high}-{low}.")
        if low < 1:
            raise ParameterError("mask", f"{what.capitalize()}s are numbered from 1; {low} was "
                                 "asked.")  # fmt: skip
        if high - low > 10**6:
            raise ParameterError("mask", f"{part.strip()} is no span of {what}s of a layer.")
        found.update(range(low - 1, high))
    return tuple(sorted(found))
