"""Edits of a set's rows and columns: each makes a new set and adds one sentence to its history."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.core.parameters import ParameterError, unknown_name
from backend.stimuli.expressions import rows_where
from backend.stimuli.set_document import kind_of
from backend.stimuli.stimulus_set import StimulusSet

NEAR_BITS = 3
"""Near-duplicates differ in at most this many of the 64 bits of their perceptual hash."""


# ---- columns -------------------------------------------------------------------------------


def rename(stimuli: StimulusSet, pattern: str) -> StimulusSet:
    """New names from a pattern with columns in braces: ``{class}_{index:03}``.

    ``{index}`` and ``{number}`` count from 0 and 1. Equal names are refused.
    """
    names = [filled(pattern, stimuli.row(i), i) for i in range(len(stimuli))]
    seen = {name: place for place, name in reversed(list(enumerate(names)))}
    if len(seen) < len(names):
        twice = next(name for place, name in enumerate(names) if seen[name] != place)
        raise ParameterError(
            "pattern", f'"{twice}" would name several images. Add {{index}} to the pattern.',
            pattern + "_{index:04}",
        )  # fmt: skip
    table = {**stimuli.table, "name": names}
    return edited(stimuli, table, f"Renamed by the pattern {pattern}.")


def filled(pattern: str, row: Mapping[str, Any], index: int) -> str:
    """The pattern with the values of one row."""
    values = {**row, "index": index, "number": index + 1}

    def value(match: re.Match[str]) -> str:
        name, digits = match.group(1), match.group(2)
        if name not in values:
            raise unknown_name(name, values, "column")
        found = values[name]
        return f"{found:0{digits}}" if digits and isinstance(found, int | float) else str(found)

    made = re.sub(r"\{([^{}:]+)(?::0?(\d{1,2}))?\}", value, pattern).strip()
    if not made:
        raise ParameterError("pattern", "The pattern gives an empty name. Type some words.")
    return made


def set_column(stimuli: StimulusSet, column: str, values: Sequence[Any] | Any) -> StimulusSet:
    """Add a column or replace it; one value is given to all images."""
    many = isinstance(values, list | tuple | np.ndarray)
    filled_in = list(values) if many else [values] * len(stimuli)
    if not column.strip():
        raise ParameterError("column", "A column needs a name. Type one.")
    if len(filled_in) != len(stimuli):
        raise ParameterError(
            "column", f"{len(filled_in)} values were given for {len(stimuli)} images."
        )
    if column == "name" and len(set(filled_in)) != len(filled_in):
        raise ParameterError("column", "Two images would have one name. Rename by a pattern.")
    verb = "Changed" if column in stimuli.table else "Added"
    shown = "" if many else f" to {values}"
    return edited(stimuli, {**stimuli.table, column: filled_in}, f"{verb} column {column}{shown}.")


def set_value(stimuli: StimulusSet, column: str, row: int, value: Any) -> StimulusSet:
    """Change one cell."""
    known_column(stimuli, column)
    values = list(stimuli.table[column])
    values[row] = value
    if column == "name" and values.count(value) > 1:
        raise ParameterError("name", f'Another image is called "{value}". Type another name.')
    said = f"Set {column} of {stimuli.names[row]} to {value}."
    return edited(stimuli, {**stimuli.table, column: values}, said)


def remove_column(stimuli: StimulusSet, column: str) -> StimulusSet:
    """Take a column out."""
    known_column(stimuli, column)
    if column == "name":
        raise ParameterError("column", "The column name stays: it names the images.")
    table = {key: values for key, values in stimuli.table.items() if key != column}
    return edited(stimuli, table, f"Removed column {column}.")


# ---- rows ----------------------------------------------------------------------------------


def filter_rows(stimuli: StimulusSet, expression: str) -> StimulusSet:
    """Keep the images for which the expression holds (see :mod:`expressions`)."""
    kept = rows_where(expression, stimuli.table)
    if not kept:
        raise ParameterError("filter", f"No image has {expression.strip()}.")
    return stimuli.select(kept, f"Kept {len(kept)} of {len(stimuli)}: {expression.strip()}.")


def sort(stimuli: StimulusSet, column: str, descending: bool = False) -> StimulusSet:
    """Order by a column; equal rows keep their order, missing values come last."""
    known_column(stimuli, column)
    values = stimuli.table[column]
    mixed = kind_of(values) in ("json", "text")

    def key(row: int) -> Any:
        value = values[row]
        return natural(str(value)) if mixed else value

    missing = [row for row, value in enumerate(values) if is_missing(value)]
    there = [row for row, value in enumerate(values) if not is_missing(value)]
    order = sorted(there, key=key, reverse=descending) + missing
    return stimuli.select(order, f"Sorted by {column}{', descending' if descending else ''}.")


def natural(text: str) -> list[tuple[int, Any]]:
    """Sort key in which a2 comes before a10."""
    return [(0, int(part)) if part.isdecimal() else (1, part.casefold())
            for part in re.split(r"(\d+)", text)]  # fmt: skip


def is_missing(value: Any) -> bool:
    """True for None and NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def sample(
    stimuli: StimulusSet, n: int, seed: int = 0, stratified_by: str | None = None
) -> StimulusSet:
    """Draw n images without replacement, in equal numbers of each value of a column."""
    if not 1 <= n <= len(stimuli):
        raise ParameterError("n", f"From 1 to {len(stimuli)} images can be drawn; {n} were asked.",
                             len(stimuli))  # fmt: skip
    rng = np.random.Generator(np.random.Philox(seed))
    groups = strata(stimuli, stratified_by)
    shares = [n // len(groups)] * len(groups)
    for extra in rng.permutation(len(groups))[: n - sum(shares)]:
        shares[extra] += 1
    short = next((g for g, (rows, share) in enumerate(zip(groups.values(), shares, strict=True))
                  if len(rows) < share), None)  # fmt: skip
    if short is not None:
        value, rows = list(groups.items())[short]
        raise ParameterError(
            "n", f"{shares[short]} images with {stratified_by} {value} were asked; there are "
            f"{len(rows)}.", min(len(r) for r in groups.values()) * len(groups),
        )  # fmt: skip
    chosen = [row for rows, share in zip(groups.values(), shares, strict=True)
              for row in rng.permutation(rows)[:share]]  # fmt: skip
    by = f", equal numbers of each {stratified_by}" if stratified_by else ""
    return stimuli.select(sorted(chosen), f"Drew {n} of {len(stimuli)} (seed {seed}{by}).")


def strata(stimuli: StimulusSet, column: str | None) -> dict[Any, list[int]]:
    """Rows by the value of a column, in the order of appearance."""
    if column is None:
        return {None: list(range(len(stimuli)))}
    known_column(stimuli, column)
    groups: dict[Any, list[int]] = defaultdict(list)
    for row, value in enumerate(stimuli.table[column]):
        groups[value].append(row)
    return dict(groups)


def split(
    stimuli: StimulusSet,
    shares: Mapping[str, float],
    seed: int = 0,
    stratified_by: str | None = None,
) -> StimulusSet:
    """Add the column "split": train, test, ... in these shares, within each stratum.

    >>> import numpy as np
    >>> one = StimulusSet(images=np.zeros((4, 2, 2), np.uint8), table={"name": list("abcd")})
    >>> sorted(split(one, {"train": 0.75, "test": 0.25}).table["split"])
    ['test', 'train', 'train', 'train']
    """
    if not shares or min(shares.values()) < 0 or sum(shares.values()) <= 0:
        raise ParameterError("shares", "Give each part a share above 0, for example train 0.85.")
    total = sum(shares.values())
    ratio = all(float(share).is_integer() for share in shares.values())
    if not ratio and abs(total - 1.0) > 1e-6 and abs(total - 100.0) > 1e-4:
        raise ParameterError(
            "shares", f"The shares sum to {total:g}. Let them sum to 1, or give whole numbers.",
            ", ".join(f"{name} {share / total:.4g}" for name, share in shares.items()),
        )  # fmt: skip
    rng = np.random.Generator(np.random.Philox(seed))
    names, weights = list(shares), np.array(list(shares.values()), float)
    edges = np.concatenate([[0.0], np.cumsum(weights / weights.sum())])
    part = [""] * len(stimuli)
    for rows in strata(stimuli, stratified_by).values():
        bounds = np.floor(edges * len(rows) + 0.5).astype(int)
        mixed = rng.permutation(rows)
        for place, name in enumerate(names):
            for row in mixed[bounds[place] : bounds[place + 1]]:
                part[row] = name
    shown = ", ".join(f"{name} {share:g}" for name, share in shares.items())
    by = f", within each {stratified_by}" if stratified_by else ""
    return edited(stimuli, {**stimuli.table, "split": part}, f"Split: {shown} (seed {seed}{by}).")


def counterbalance(
    stimuli: StimulusSet, conditions: Sequence[str], participants: int, column: str = "list"
) -> StimulusSet:
    """Latin square: for every participant a column that gives each image a condition.

    The images stand in groups of as many as there are conditions; over that many participants each
    image has each condition once, and within each group a participant sees every condition once.
    """
    if len(conditions) < 2 or len(set(conditions)) != len(conditions):
        raise ParameterError("conditions", "Give at least two conditions, each once.")
    if participants < 1 or len(stimuli) % len(conditions):
        fits = len(stimuli) - len(stimuli) % len(conditions)
        mend = f"Take {fits} images." if fits else "Take more images or fewer conditions."
        images = "1 image" if len(stimuli) == 1 else f"{len(stimuli)} images"
        raise ParameterError(
            "conditions", f"{images} cannot stand in groups of {len(conditions)}. {mend}"
        )
    table = dict(stimuli.table)
    for person in range(participants):
        table[f"{column}_{person + 1:02d}"] = [
            conditions[(row + person) % len(conditions)] for row in range(len(stimuli))
        ]
    said = f"Counterbalanced {', '.join(conditions)} over {participants} participants."
    return edited(stimuli, table, said)


def join(one: StimulusSet, two: StimulusSet) -> StimulusSet:
    """The images of two sets; columns that one lacks are empty there, names are made unique."""
    if one.images.shape[1:] != two.images.shape[1:] or one.images.dtype != two.images.dtype:
        raise ParameterError(
            "", f"{one.name} has {one.size.split(' · ')[-1]} ({one.images.dtype}), {two.name} "
            f"{two.size.split(' · ')[-1]} ({two.images.dtype}). Resize one first.",
        )  # fmt: skip
    table: dict[str, list[Any]] = {}
    for column in dict.fromkeys([*one.table, *two.table]):
        table[column] = [
            *one.table.get(column, [None] * len(one)),
            *two.table.get(column, [None] * len(two)),
        ]
    taken = set(one.names)
    for row in range(len(one), len(one) + len(two)):
        name, number = table["name"][row], 2
        while table["name"][row] in taken:
            table["name"][row], number = f"{name}_{number}", number + 1
        taken.add(table["name"][row])
    same = {key for key in set(one.arrays) & set(two.arrays)
            if one.arrays[key].shape[1:] == two.arrays[key].shape[1:]}  # fmt: skip
    labels = dict.fromkeys(label for label in (one.synthetic, two.synthetic) if label)
    return dataclasses.replace(
        one,
        name=f"{one.name} + {two.name}",
        images=np.concatenate([one.images, two.images]),
        table=table,
        arrays={key: np.concatenate([one.arrays[key], two.arrays[key]]) for key in sorted(same)},
        generator=one.generator if one.generator == two.generator else None,
        synthetic=", ".join(labels),
        history=(*one.history, f"Joined {two.name} ({len(two)} images)."),
    )


# ---- duplicates ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """Two images that are equal (``bits`` = -1) or differ in this many bits of their hash."""

    first: int
    second: int
    bits: int


def duplicates(
    stimuli: StimulusSet, near: int = NEAR_BITS, check: Callable[[], None] | None = None
) -> list[Pair]:
    """Pairs of equal images, and of near ones; each later image stands with its first partner.

    ``near`` < 0 finds equal ones only; ``check`` may raise to cancel.
    """
    found: list[Pair] = []
    first: dict[bytes, int] = {}
    for index, image in enumerate(stimuli.images):
        if check is not None and index % 64 == 0:
            check()
        digest = hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=16).digest()
        if digest in first:
            found.append(Pair(first[digest], index, -1))
        else:
            first[digest] = index
    if near >= 0:
        rest = np.array(sorted(first.values()))
        hashes = np.zeros(len(rest), np.uint64)
        for place, index in enumerate(rest):
            if check is not None and place % 64 == 0:
                check()
            hashes[place] = hash_of(stimuli.images[index])
        found += near_pairs(rest, hashes, near)
    return sorted(found, key=lambda pair: (pair.second, pair.bits))


def near_pairs(rows: np.ndarray, hashes: np.ndarray, near: int) -> list[Pair]:
    """Each row with the first earlier one whose hash differs in at most ``near`` bits."""
    found = []
    for place in range(1, len(rows)):
        bits = np.bitwise_count(hashes[:place] ^ hashes[place])
        close = np.flatnonzero(bits <= near)
        if close.size:
            found.append(Pair(int(rows[close[0]]), int(rows[place]), int(bits[close[0]])))
    return found


def hash_of(image: np.ndarray) -> np.uint64:
    """Perceptual hash: the signs of the 64 lowest frequencies of a 32 × 32 picture (no mean)."""
    from PIL import Image
    from scipy.fft import dctn

    values = image if image.dtype == np.uint8 else np.rint(image * 255).astype(np.uint8)
    picture = Image.fromarray(np.ascontiguousarray(values)).convert("L")
    small = np.asarray(picture.resize((32, 32), Image.Resampling.BOX), float)
    low = dctn(small, norm="ortho")[:9, :9].ravel()[1:65]
    bits = low > np.median(low)
    return np.uint64(int.from_bytes(np.packbits(bits).tobytes(), "big"))


def without_duplicates(
    stimuli: StimulusSet, near: int = -1, check: Callable[[], None] | None = None
) -> tuple[StimulusSet, list[Pair]]:
    """The set without later copies (``near`` >= 0: also near ones), and the pairs."""
    pairs = duplicates(stimuli, near, check)
    gone = {pair.second for pair in pairs}
    kept = [row for row in range(len(stimuli)) if row not in gone]
    kind = "copies" if near < 0 else f"copies and near-copies (up to {near} bits)"
    return stimuli.select(kept, f"Removed {len(gone)} {kind}."), pairs


def known_column(stimuli: StimulusSet, column: str) -> None:
    """Refuse a column that is not there."""
    if column not in stimuli.table:
        raise unknown_name(column, stimuli.table, "column")


def edited(stimuli: StimulusSet, table: dict[str, list[Any]], said: str) -> StimulusSet:
    """The set with another table."""
    return dataclasses.replace(stimuli, table=table, history=(*stimuli.history, said))
