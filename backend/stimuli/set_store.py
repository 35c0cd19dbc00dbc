"""The user's stimulus sets: a folder each below the home, listed, reopened, trashed.

A folder holds ``images.npy`` (memory-mapped when opened), ``thumbnails.npy``, ``set.json``,
``set.tsv``, ``arrays/*.npy`` and ``provenance.json``. It appears by one rename when it is whole;
drafts of dead processes are swept.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.files import FileProblem, read_json, write_json, write_sentence
from backend.core.store import alive, home
from backend.stimuli.set_document import assembled, checked, checked_document
from backend.stimuli.set_files import (
    Told,
    as_bytes,
    read_array,
    read_parts,
    stands_in,
    write_array,
    write_parts,
)
from backend.stimuli.stimulus_set import StimulusSet

THUMBNAIL_PX = 64


@dataclass
class StoredSet:
    """One set as the list shows it.

    Attributes
    ----------
    made : ISO time to the second.
    generator : id of its generator, "" for a user's own pictures.
    """

    id: str
    name: str
    shape: tuple[int, ...]
    made: str
    generator: str = ""
    synthetic: str = ""
    path: Path = field(default_factory=Path, compare=False)

    @property
    def size(self) -> str:
        """Size in words."""
        count, height, width = self.shape[:3]
        return f"{count} images · {width} × {height} px"

    def picture(self) -> np.ndarray | None:
        """The first image, small, uint8; None when there is none or it cannot be read."""
        small = self.thumbnails()
        return None if small is None or not len(small) else np.asarray(small[0])

    def thumbnails(self) -> np.ndarray | None:
        """Read-only (n, h, w[, 3]) uint8, longer side at most 64 px; None when damaged."""
        try:
            found = read_array(self.path / "thumbnails.npy", mapped=True)
        except (FileProblem, OSError):
            return None
        good = found.dtype == np.uint8 and found.ndim == len(self.shape)
        return found if good and len(found) == self.shape[0] else None


class Draft:
    """A set being made: images go straight to the disk; keep or drop it."""

    def __init__(self, store: SetStore, name: str) -> None:
        self.store, self.id = store, new_id(name)
        self.path = store.root / f".draft-{os.getpid()}-{self.id}"
        self.images: np.ndarray | None = None
        try:
            self.path.mkdir(parents=True)
        except OSError as error:
            raise FileProblem(write_sentence(Path(name), error)) from error

    def into(self, shape: tuple[int, ...], dtype: Any = np.uint8) -> np.ndarray:
        """Array on the disk for :func:`backend.stimuli.generator.make_set`."""
        self.images = disk_array(self.path / "images.npy", shape, dtype)
        return self.images

    def keep(self, stimuli: StimulusSet, progress: Told = None) -> StoredSet:
        """Finish the folder and let it appear; FileProblem when the disk is full."""
        try:
            if self.images is None or stimuli.images is not self.images:
                self.into(stimuli.images.shape, stimuli.images.dtype)
                assert self.images is not None
                for start in range(0, len(stimuli), 64):
                    self.images[start : start + 64] = stimuli.images[start : start + 64]
            self.images.flush()  # type: ignore[attr-defined]
            write_array(self.path / "thumbnails.npy", thumbnails(stimuli.images, progress))
            write_parts(stimuli, self.path, made=datetime.now().isoformat(timespec="milliseconds"))
            os.replace(self.path, self.store.root / self.id)
        except OSError as error:
            raise FileProblem(write_sentence(Path(stimuli.name), error)) from error
        return self.store.record(self.store.root / self.id)

    def drop(self) -> None:
        """Forget it; nothing is left."""
        self.images = None
        shutil.rmtree(self.path, ignore_errors=True)


class SetStore:
    """The sets below one folder."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or home()) / "stimuli"
        self.trash = self.root / "trash"

    def records(self) -> list[StoredSet]:
        """All sets, newest first; damaged folders are skipped, dead drafts swept."""
        self._sweep()
        found = []
        for path in self.root.glob("[!.]*/set.json"):
            try:
                found.append(self.record(path.parent))
            except FileProblem:
                continue
        return sorted(found, key=lambda one: (one.made, one.id), reverse=True)

    def record(self, path: Path) -> StoredSet:
        """What the list shows of one folder; FileProblem when it is damaged."""
        document = checked_document(read_json(path / "set.json"), path.name)
        generator = document["generator"] or {}
        return StoredSet(
            id=path.name,
            name=document["name"],
            shape=tuple(document["shape"]),
            made=str(document.get("made", "")),
            generator=str(generator.get("id", "")),
            synthetic=document["synthetic"],
            path=path,
        )

    def draft(self, name: str) -> Draft:
        """Begin a set; its images may be drawn into ``draft.into``."""
        return Draft(self, name)

    def save(self, stimuli: StimulusSet, progress: Told = None) -> StoredSet:
        """Keep a set; FileProblem, and nothing left, when that fails."""
        draft = self.draft(checked(stimuli).name)
        try:
            return draft.keep(stimuli, progress)
        except BaseException:
            draft.drop()
            raise

    def load(self, stored: StoredSet) -> StimulusSet:
        """Open a set; its images and arrays are read-only memory maps."""
        try:
            document, table, arrays, provenance = read_parts(stored.path, mapped=True)
            images = read_array(stored.path / "images.npy", mapped=True)
        except OSError as error:
            raise FileProblem(f"{stored.name} cannot be read: {error.strerror}.") from error
        return assembled(document, table, images, arrays, provenance, stored.name)

    def replace_table(self, stored: StoredSet, stimuli: StimulusSet) -> StoredSet:
        """Keep edits that did not touch the images (names, columns, history) in place.

        The new table has a name of its own; the document that names it is the moment of change.
        """
        checked(stimuli)
        if not stands_in(stimuli.images, stored.path / "images.npy"):
            raise FileProblem(f"{stored.name} has other images now. Save it as a new set.")
        table = f"set-{time.time_ns()}.tsv"
        write_parts(stimuli, stored.path, table, made=stored.made)
        for old in stored.path.glob("set*.tsv"):
            if old.name != table:
                old.unlink(missing_ok=True)
        return self.record(stored.path)

    def rename(self, stored: StoredSet, name: str) -> StoredSet:
        """Give a set another name."""
        if not name.strip():
            raise FileProblem("A set needs a name. Type one.")
        document = checked_document(read_json(stored.path / "set.json"), stored.name)
        write_json(stored.path / "set.json", document | {"name": name.strip()})
        return dataclasses.replace(stored, name=name.strip())

    def delete(self, stored: StoredSet) -> None:
        """Move a set to the trash."""
        self.trash.mkdir(parents=True, exist_ok=True)
        target = self.trash / stored.id
        if target.exists():
            shutil.rmtree(target)
        self._move(stored, target)

    def restore(self, stored: StoredSet) -> None:
        """Take a set back from the trash."""
        self._move(stored, self.root / stored.id)

    def empty_trash(self) -> None:
        """Delete what is in the trash for good."""
        shutil.rmtree(self.trash, ignore_errors=True)

    def _move(self, stored: StoredSet, target: Path) -> None:
        try:
            os.replace(stored.path, target)
        except OSError as error:
            raise FileProblem(write_sentence(Path(stored.name), error)) from error
        stored.path = target

    def _sweep(self) -> None:
        for path in self.root.glob(".draft-*"):
            number = path.name.split("-")[1]
            if not (number.isdigit() and alive(int(number))):
                shutil.rmtree(path, ignore_errors=True)


def disk_array(path: Path, shape: tuple[int, ...], dtype: Any = np.uint8) -> np.ndarray:
    """A new NPY file as a writable memory map.

    Its blocks are taken at once: a full disk is told here, not by a fault while drawing.
    """
    try:
        images = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), shape)
        with path.open("r+b") as file:
            take_blocks(file.fileno(), path.stat().st_size)
    except OSError as error:
        raise FileProblem(write_sentence(path, error)) from error
    return images


def take_blocks(file: int, size: int) -> None:
    """Give a new file its blocks; OSError when the disk is full."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
        return
    start = os.lseek(file, 0, os.SEEK_CUR)
    kept = os.read(file, 4096)  # the NPY header; the rest is zeros anyway
    os.lseek(file, start, os.SEEK_SET)
    os.write(file, kept)
    for _ in range((size - len(kept)) // (1 << 20)):
        os.write(file, bytes(1 << 20))
    os.write(file, bytes((size - len(kept)) % (1 << 20)))


def thumbnails(images: np.ndarray, progress: Told = None) -> np.ndarray:
    """(n, h, w[, 3]) uint8, area-averaged to a longer side of at most 64 px."""
    from PIL import Image

    height, width = images.shape[1:3]
    scale = min(1.0, THUMBNAIL_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.empty((len(images), size[1], size[0], *images.shape[3:]), np.uint8)
    for index in range(len(images)):
        image = as_bytes(images[index])
        if scale < 1:
            picture = Image.fromarray(image).resize(size, Image.Resampling.BOX)
            image = np.asarray(picture)
        small[index] = image
        if progress is not None and index % 64 == 63:
            progress(index + 1, len(images))
    return small


def new_id(name: str) -> str:
    """A sortable, unique folder name."""
    moment = datetime.now().strftime("%Y%m%d-%H%M%S")
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30] or "set"
    return f"{moment}-{words}-{time.time_ns() % 1_000_000:06d}"
