"""MEG and EEG epochs of a user: which picture each trial is of, and means over trials.

FIF files are read by mne, imported when one is opened; arrays come as ``.npz`` or ``.npy``. Trials
are read block by block: memory is bounded by the means, not by the recording.
"""

from __future__ import annotations

import gzip
import struct
import traceback
import warnings
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from backend.analysis.inputs import Check, Progress, nothing
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError

Matching = Literal["names", "order"]
ENDINGS = (".fif", ".fif.gz", ".npz", ".npy")
KINDS = ("mag", "grad", "eeg", "seeg", "ecog", "dbs", "hbo", "hbr", "csd", "misc")
"""Channel types that hold data, as mne names them; arrays without types are "misc"."""
FILE_ID = (100).to_bytes(4, "big")
"""Kind of the tag that begins every FIF file."""
BLOCK_VALUES = 1 << 23
"""Values read at once."""
MEMORY_SHARE = 0.5


@dataclass(frozen=True)
class Trials:
    """A recording cut at its pictures.

    Attributes
    ----------
    names : (n_trial,) event or condition of each trial. codes : (n_trial,) numbers that order them.
    columns : further words of each trial (mne metadata), n_trial each.
    times_ms : (n_time,); numbers from 0 when the file tells no time (``timed`` False).
    channels, kinds : (n_channel,) name and type of every good data channel.
    read : (first, last trial) -> (trials, n_channel, n_time).
    """

    file: str
    names: tuple[str, ...]
    codes: np.ndarray
    times_ms: np.ndarray
    timed: bool
    channels: tuple[str, ...]
    kinds: tuple[str, ...]
    read: Callable[[int, int], np.ndarray]
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bad: int = 0

    def __len__(self) -> int:
        return len(self.names)


def read_trials(path: Path) -> Trials:
    """Open epochs; FileProblem for a missing, damaged or unknown file.

    ``.npy`` is (pictures or trials, channels, moments). ``.npz`` holds ``data`` of that shape and,
    if it knows them, ``times`` in s (or ``times_ms``), ``stimuli`` (a name or number a row),
    ``channels`` and ``types``.
    """
    if not path.name.lower().endswith(ENDINGS):
        raise FileProblem(f"{path.name} holds no epochs that are read: {', '.join(ENDINGS)}.")
    if not path.is_file():
        raise FileProblem(f"{path.name} does not exist. Choose it again.")
    if path.suffix.lower() in (".npz", ".npy"):
        return _of_arrays(path)
    return _of_fif(path)


def _of_arrays(path: Path) -> Trials:
    try:
        if path.suffix.lower() == ".npy":
            held: dict[str, np.ndarray] = {"data": np.load(path, mmap_mode="r", allow_pickle=False)}
        else:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                held = {name: stored[name] for name in stored.files}
    except Exception as error:  # numpy's readers raise many kinds on damaged files
        raise FileProblem(f"{path.name} is damaged: it is no whole array file.") from error
    cubes = [name for name, one in held.items() if one.ndim == 3]
    name = "data" if "data" in held else (cubes[0] if len(cubes) == 1 else "")
    data = held.get(name)
    if data is None or data.ndim != 3 or not data.size or data.dtype.kind not in "fiu":
        raise FileProblem(
            f"{path.name} holds no array of pictures × channels × moments. Call it data."
        )
    trials, channels, moments = data.shape
    words = _column(path, held, "stimuli", trials)
    times = held.get("times_ms", 1000.0 * held["times"] if "times" in held else None)
    if times is not None and times.shape != (moments,):
        raise FileProblem(f"{path.name} has {times.size} times for {moments} moments.")
    labels = tuple(str(one) for one in (np.arange(1, trials + 1) if words is None else words))
    _, codes = np.unique(labels if words is None else words, return_inverse=True)
    named = _column(path, held, "channels", channels)
    kinds = _column(path, held, "types", channels)
    return Trials(
        path.name, labels, np.arange(trials) if words is None else codes,
        np.arange(moments, dtype=float) if times is None else np.asarray(times, float),
        times is not None,
        tuple(map(str, range(1, channels + 1) if named is None else named)),
        ("misc",) * channels if kinds is None else tuple(map(str, kinds)),
        lambda first, last: np.asarray(data[first:last], np.float64),
    )  # fmt: skip


def _column(path: Path, held: dict[str, np.ndarray], name: str, rows: int) -> np.ndarray | None:
    """A list beside the data; FileProblem with both numbers when its length differs."""
    values = held.get(name)
    if values is not None and values.shape != (rows,):
        raise FileProblem(f"{path.name} has {values.size} {name} for {rows} rows of data.")
    return values


def _of_fif(path: Path) -> Trials:
    try:
        import mne
    except ImportError:
        raise FileProblem(
            f"{path.name} needs the package mne, which is not installed. Save it as .npz."
        ) from None
    if not _begins_as_fif(path):
        raise FileProblem(f"{path.name} holds no epochs: it is no FIF file.")
    _check_tags(path)
    problem: Exception | None = None
    for reader in (_of_epochs, _of_averages):
        try:
            with warnings.catch_warnings():  # mne may drop an open file of a damaged recording
                warnings.simplefilter("ignore", ResourceWarning)
                return reader(path, mne)
        except (FileProblem, MemoryError):
            raise
        except Exception as error:  # mne's readers raise many kinds on what they do not know
            problem = problem or error
            _let_go(error)
    reason = (str(problem).splitlines() or [""])[0][:80]
    raise FileProblem(f"{path.name} holds no epochs and no evoked fields ({reason}).") from problem


def _begins_as_fif(path: Path) -> bool:
    """Whether the first tag is a file id; mne leaves a file open where it is not."""

    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            return file.read(len(FILE_ID)) == FILE_ID
    except (OSError, EOFError):
        return False


def _let_go(error: Exception) -> None:
    """Close the files that mne leaves open in the frames of an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        traceback.clear_frames(error.__traceback__)


def _check_tags(path: Path) -> None:
    """FileProblem when the chain of a file's tags does not lead to its end: mne follows a pointer
    that leads back for ever.

    A tag is its kind, type, size and the place of the next (big-endian int32; 0: right after it,
    -1: none), then its content.
    """
    opener: Any = gzip.open if path.suffix.lower() == ".gz" else open
    place, after = 0, 0
    try:
        with opener(path, "rb") as file:
            while after >= 0:
                file.seek(place)
                header = file.read(16)
                if not header and place:
                    return
                _, _, size, after = struct.unpack(">4i", header)
                following = place + 16 + size if after <= 0 else after
                if size < 0 or following <= place:
                    raise struct.error("a tag leads back")
                place = following
    except (OSError, EOFError, struct.error, zlib.error) as error:
        raise FileProblem(
            f"{path.name} holds no epochs and no evoked fields: it is damaged ({error})."
        ) from error


def _of_epochs(path: Path, mne: Any) -> Trials:
    """Epochs, trials read when asked for."""
    epochs = mne.read_epochs(path, preload=False, verbose="ERROR")
    picks, kinds, bad = _good(epochs.info)
    by_code = {code: name for name, code in epochs.event_id.items()}
    codes = epochs.events[:, 2]

    def read(first: int, last: int) -> np.ndarray:
        try:
            return epochs[first:last].get_data(picks=picks, verbose="ERROR")
        except (ValueError, OSError) as error:
            raise FileProblem(
                f"{path.name} is damaged: its data end before trial {last}."
            ) from error

    return Trials(
        path.name, tuple(by_code.get(int(code), str(code)) for code in codes), codes,
        1000.0 * epochs.times, True, tuple(epochs.ch_names[i] for i in picks), kinds, read,
        _metadata(epochs.metadata), bad,
    )  # fmt: skip


def _of_averages(path: Path, mne: Any) -> Trials:
    """Evoked fields, one a picture."""
    evoked = mne.read_evokeds(path, verbose="ERROR")
    picks, kinds, bad = _good(evoked[0].info)
    data = np.stack([one.data[picks] for one in evoked])
    return Trials(
        path.name, tuple(str(one.comment) for one in evoked), np.arange(len(evoked)),
        1000.0 * evoked[0].times, True, tuple(evoked[0].ch_names[i] for i in picks), kinds,
        lambda first, last: data[first:last], {}, bad,
    )  # fmt: skip


def _good(info: Any) -> tuple[list[int], tuple[str, ...], int]:
    """Numbers and types of the data channels that are not marked bad, and how many are."""
    every = [(i, kind) for i, kind in enumerate(info.get_channel_types()) if kind in KINDS]
    good = [(i, kind) for i, kind in every if info.ch_names[i] not in info["bads"]]
    return [i for i, _ in good], tuple(kind for _, kind in good), len(every) - len(good)


def _metadata(table: Any) -> dict[str, tuple[str, ...]]:
    """Columns of mne's metadata, which is a data frame only where pandas is installed."""
    if table is None:
        return {}
    rows = table.to_dict("records") if hasattr(table, "to_dict") else list(table)
    return {str(key): tuple(str(row[key]) for row in rows) for key in (rows[0] if rows else ())}


@dataclass(frozen=True)
class Matched:
    """Trials of each picture or class.

    Attributes
    ----------
    level : what the trials are of. place : (n_trial,) index of its picture or class, -1 for none.
    count : pictures or classes.
    """

    level: Literal["pictures", "classes"]
    place: np.ndarray
    count: int


def matched(
    trials: Trials,
    pictures: Sequence[str],
    classes: Sequence[str],
    how: Matching = "names",
    column: str = "",
) -> Matched:
    """Which picture each trial is of, or which class where trials do not name pictures.

    By name, an event ``red/4`` or ``face/img07.png``, or the words of a metadata column, is a
    picture's name, its last part, with or without the ending; else the name of its class. By
    order, the k-th trial is of the k-th picture when there are as many; otherwise the k-th event
    number.

    ParameterError with both numbers, or the first picture without a trial.
    """
    if column and column not in trials.columns:
        there = ", ".join(trials.columns) or "none"
        raise ParameterError(
            "trials_column", f"{trials.file} has no metadata column {column}. There are: {there}."
        )
    words = trials.columns[column] if column else trials.names
    levels: tuple[tuple[Literal["pictures", "classes"], Sequence[str]], ...] = (
        ("pictures", pictures), ("classes", classes),
    )  # fmt: skip
    if how == "order":
        return _by_order(trials, words, levels)
    found = [(level, _places(words, keys), len(keys)) for level, keys in levels]
    for level, place, count in found:
        named = len(np.unique(place[place >= 0]))
        if count and named == count:
            return Matched(level, place, count)
        if 2 * named >= count:
            break  # these are pictures, and some are missing
    _refuse_names(trials, words, pictures, found[0][1])
    raise AssertionError


def _by_order(trials: Trials, words: Sequence[str], levels: Any) -> Matched:
    known = words is not trials.names
    distinct, rank = np.unique(words if known else trials.codes, return_inverse=True)
    for level, keys in levels:
        if len(trials) == len(keys):
            return Matched(level, np.arange(len(trials)), len(keys))
        if len(distinct) == len(keys):
            return Matched(level, rank, len(keys))
    (_, pictures), (_, classes) = levels
    raise ParameterError(
        "recording", f"{trials.file} has {len(trials):,} trials of {len(distinct):,} events; there "
        f"are {len(pictures):,} pictures of {len(classes):,} classes. Match them.",
    )  # fmt: skip


def _spellings(word: str) -> list[str]:
    """How a name may be written, the fullest first."""
    last = word.rpartition("/")[2]
    bare = [one.rpartition(".")[0] for one in (word, last)]
    return list(dict.fromkeys(one for one in (word, bare[0], last, bare[1]) if one))


def _places(words: Sequence[str], keys: Sequence[str]) -> np.ndarray:
    """(n,) index of the key that each word names, -1 for none; a spelling of two keys is none."""
    known: dict[str, int] = {}
    for place, key in enumerate(keys):
        for spelling in _spellings(str(key)):
            known[spelling] = place if known.get(spelling, place) == place else -1
    known |= {str(key): place for place, key in enumerate(keys)}
    memory: dict[str, int] = {}
    for word in dict.fromkeys(words):
        parts = [*_spellings(word), *(one for part in word.split("/") for one in _spellings(part))]
        memory[word] = next((known[one] for one in parts if known.get(one, -1) >= 0), -1)
    return np.array([memory[word] for word in words])


def _refuse_names(
    trials: Trials, words: Sequence[str], pictures: Sequence[str], place: np.ndarray
) -> None:
    missing = np.setdiff1d(np.arange(len(pictures)), place)
    if len(missing) == len(pictures):
        raise ParameterError(
            "trials_match", f'No trial of {trials.file} names a picture: it has "{words[0]}", '
            f'the pictures are "{pictures[0]}" and so on. Match by order, or name the column.',
            "order",
        )  # fmt: skip
    raise ParameterError(
        "recording", f"{len(missing):,} of {len(pictures):,} pictures have no trial in "
        f'{trials.file}, the first "{pictures[missing[0]]}". Leave them out of the pictures.',
    )  # fmt: skip


def averaged(
    trials: Trials,
    match: Matched,
    kind: str = "all",
    check: Check = nothing,
    progress: Progress | None = None,
) -> np.ndarray:
    """(count, n_channel, n_time) float32 mean over the trials of each picture or class.

    Parameters
    ----------
    kind : channels of one type, or "all"; several types are brought to the same scale, each divided
        by its RMS, for they have other units.

    ParameterError names the types that are there, or what memory the means would need.
    """
    chosen = channels_of(trials, kind)
    shape = (match.count, len(chosen), len(trials.times_ms))
    _fits(shape)
    sums, counts = np.zeros(shape), np.zeros(match.count)
    width = max(1, BLOCK_VALUES // max(1, len(trials.kinds) * len(trials.times_ms)))
    for first in range(0, len(trials), width):
        check()
        place = match.place[first : first + width]
        values = _read(trials, first, first + len(place))[:, chosen]
        _finite(trials, values, first)
        np.add.at(sums, place[place >= 0], values[place >= 0])
        np.add.at(counts, place[place >= 0], 1.0)
        if progress:
            progress(first + len(place), len(trials))
    sums /= counts[:, None, None]
    kinds = np.array(trials.kinds)[chosen]
    for one in np.unique(kinds) if len(set(kinds)) > 1 else ():
        part = sums[:, kinds == one]
        sums[:, kinds == one] = part / (np.sqrt((part**2).mean()) or 1.0)
    largest = float(np.abs(sums).max()) or 1.0
    return (sums / largest).astype(np.float32)  # tesla squared would leave single precision


def _read(trials: Trials, first: int, last: int) -> np.ndarray:
    """Some trials; FileProblem when the file ends before, or holds others than it says."""
    try:
        values = trials.read(first, last)
    except (FileProblem, MemoryError):
        raise
    except Exception as error:  # mne's readers raise many kinds on damaged files
        _let_go(error)
        reason = (str(error).splitlines() or [type(error).__name__])[0][:80]
        raise FileProblem(
            f"{trials.file} is damaged from trial {first + 1} on ({reason})."
        ) from error
    if values.shape != (last - first, len(trials.kinds), len(trials.times_ms)):
        raise FileProblem(f"{trials.file} is damaged: trial {first + 1} is of another size.")
    return values


def channels_of(trials: Trials, kind: str) -> np.ndarray:
    """Numbers of the channels of a type; ParameterError names the types that are there."""
    kinds = np.array(trials.kinds)
    chosen = np.flatnonzero(np.isin(kinds, KINDS) if kind == "all" else kinds == kind)
    if len(chosen) < 2:
        there = ", ".join(f"{(kinds == one).sum()} {one}" for one in np.unique(kinds)) or "none"
        raise ParameterError(
            "channel_type", f"{trials.file} has {len(chosen)} channels of this type; patterns "
            f"need two. It has {there}.", "all",
        )  # fmt: skip
    return chosen


def _fits(shape: tuple[int, int, int]) -> None:
    from backend.networks.scan import free_memory

    need, room = 12.0 * np.prod([float(n) for n in shape]), MEMORY_SHARE * free_memory()
    if need > room:
        raise ParameterError(
            "channel_type", f"The means of {shape[0]:,} pictures, {shape[1]} channels and "
            f"{shape[2]:,} moments need {need / 1e9:.1f} GB; {room / 1e9:.1f} GB may be used. "
            "Choose one channel type.",
        )  # fmt: skip


def _finite(trials: Trials, values: np.ndarray, first: int) -> None:
    bad = ~np.isfinite(values).all(axis=(1, 2))
    if bad.any():
        raise FileProblem(
            f"{trials.file}: {int(bad.sum())} trials hold values that are not numbers, the first "
            f"is trial {first + int(bad.argmax()) + 1}. Leave them out."
        )
