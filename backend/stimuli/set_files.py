"""Stimulus sets as files: folder (PNG + TSV + JSON), NPZ, DNNBrain's .stim.csv; nothing is lost.

A folder holds ``set.json``, ``set.tsv``, ``images/NAME.png``, ``arrays/NAME.npy`` and
``provenance.json`` (the only file that tells the time). Float images are stored exactly in
``images.npy``; their PNG files are 8-bit copies to look at. An NPZ holds the same, with its
provenance beside it in ``NAME.npz.json``. ``NAME.stim.csv`` is DNNBrain's list of the pictures in
the folder ``NAME.stim``.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.files import (
    FileProblem,
    plain,
    read_json,
    replacing,
    write_json,
    write_sentence,
    write_text,
)
from backend.stimuli.set_document import (
    assembled,
    checked,
    checked_document,
    document_of,
    file_stems,
    refuse_not_finite,
    table_of,
    table_text,
)
from backend.stimuli.stimulus_set import StimulusSet

PNG_LEVEL = 3
Told = Callable[[int, int], None] | None


def save(stimuli: StimulusSet, path: Path, progress: Told = None, threads: int = 2) -> None:
    """Save as a folder, ``.npz`` or ``.stim.csv``, by the file's ending.

    ``progress`` is called with (done, total) and may raise to cancel; nothing is left then.
    Raises FileProblem.
    """
    checked(stimuli)
    if path.name.lower().endswith(".stim.csv"):
        from backend.stimuli.stim_csv import save_stim_csv

        save_stim_csv(stimuli, path, progress, threads)
    elif path.suffix.lower() == ".npz":
        save_npz(stimuli, path, progress)
    elif path.suffix.lower() in (".png", ".csv", ".tsv", ".json", ".npy", ".zip", ".mat"):
        known = ", ".join(StimulusSet.formats)
        raise FileProblem(f"A stimulus set is saved as {known}; {path.name} is none of these.")
    else:
        save_folder(stimuli, path, progress, threads)


def load(path: Path, progress: Told = None, threads: int = 2) -> StimulusSet:
    """Read what :func:`save` wrote, or a foreign ``.stim.csv``; FileProblem with a sentence."""
    if not path.exists():
        raise FileProblem(f"{path.name} does not exist. Choose another file or folder.")
    try:
        if path.is_dir():
            return load_folder(path, progress, threads)
        if path.name.lower().endswith(".stim.csv"):
            from backend.stimuli.stim_csv import load_stim_csv

            return load_stim_csv(path, progress, threads)
        return load_npz(path)
    except MemoryError:
        raise FileProblem(f"{path.name} is larger than this computer's memory.") from None
    except OSError as error:
        raise FileProblem(f"{path.name} cannot be read: {error.strerror or error}.") from error


# ---- folder --------------------------------------------------------------------------------


def save_folder(stimuli: StimulusSet, path: Path, progress: Told, threads: int) -> None:
    """Write a folder beside ``path`` and put it in its place; a folder that is no set stays."""
    if path.is_file():
        raise FileProblem(f"{path.name} is a file. Choose another name for the folder.")
    if path.is_dir() and not (path / "set.json").is_file() and any(path.iterdir()):
        raise FileProblem(f"The folder {path.name} holds other files. Choose a new or empty one.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:40]}."))
    except OSError as error:
        raise FileProblem(write_sentence(path, error)) from error
    try:
        draft.chmod(0o755)
        write_parts(stimuli, draft)
        write_pictures(stimuli, draft / "images", progress, threads)
        if stimuli.images.dtype != np.uint8:
            write_array(draft / "images.npy", stimuli.images)
        replace_folder(draft, path)
    except OSError as error:
        raise FileProblem(write_sentence(path, error)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_parts(stimuli: StimulusSet, folder: Path, table: str = "set.tsv", **more: Any) -> None:
    """Everything but the images; ``set.json``, with ``more`` in it, comes last."""
    stems = file_stems(list(stimuli.arrays))
    for stem, values in zip(stems, stimuli.arrays.values(), strict=True):
        path = folder / "arrays" / f"{stem}.npy"
        if not stands_in(values, path):
            write_array(path, values)
    write_text(folder / table, table_text(stimuli.table))
    write_json(folder / "provenance.json", stimuli.provenance)
    write_json(folder / "set.json", document_of(stimuli) | {"table": table} | more)


def stands_in(values: np.ndarray, path: Path) -> bool:
    """True when ``values`` is the memory map of this whole file."""
    return (
        isinstance(values, np.memmap)
        and values.filename is not None
        and Path(values.filename).is_file()
        and path.is_file()
        and Path(values.filename).samefile(path)
        and values.flags.c_contiguous
        and values.offset + values.nbytes == path.stat().st_size
    )


def write_array(path: Path, values: np.ndarray) -> None:
    """Write an NPY file atomically."""
    with replacing(path) as file:
        np.lib.format.write_array(file, np.asarray(values), allow_pickle=False)


def write_pictures(stimuli: StimulusSet, folder: Path, progress: Told, threads: int) -> None:
    """Write one PNG an image on a few threads."""
    from PIL import Image

    folder.mkdir()
    stems = file_stems(stimuli.names)

    def write(index: int) -> None:
        picture = as_bytes(stimuli.images[index])
        Image.fromarray(picture).save(folder / f"{stems[index]}.png", compress_level=PNG_LEVEL)

    spread(write, len(stimuli), threads, progress)


def as_bytes(image: np.ndarray) -> np.ndarray:
    """uint8 of an image that may be float in [0, 1]."""
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    return np.floor(255.0 * np.clip(np.nan_to_num(image), 0.0, 1.0) + 0.5).astype(np.uint8)


def spread(work: Callable[[int], Any], count: int, threads: int, progress: Told) -> None:
    """Do ``work(0 .. count - 1)`` on a few threads, telling and cancelling after every 64."""
    with ThreadPoolExecutor(max(1, threads), "stimuli files") as pool:
        for start in range(0, count, 64):
            stop = min(start + 64, count)
            for _ in pool.map(work, range(start, stop)):
                pass
            if progress is not None:
                progress(stop, count)


def replace_folder(draft: Path, path: Path) -> None:
    """Put a finished folder in the place of ``path``; what was there is removed last."""
    if path.exists():
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name[:40]}.") as old:
            os.replace(path, Path(old) / "old")
            try:
                os.replace(draft, path)
            except OSError:
                os.replace(Path(old) / "old", path)
                raise
    else:
        os.replace(draft, path)


def load_folder(path: Path, progress: Told, threads: int) -> StimulusSet:
    """Read a folder written by :func:`save_folder`, or a set that the studio keeps."""
    if not (path / "set.json").is_file():
        raise FileProblem(f"{path.name} is not a stimulus set. Import its pictures instead.")
    document, table, arrays, provenance = read_parts(path)
    if not (path / "images.npy").is_file():
        files = [path / "images" / f"{stem}.png" for stem in file_stems(table["name"])]
        images = read_pictures(files, tuple(document["shape"][1:]), progress, threads)
    else:
        images = read_array(path / "images.npy", mapped=True)
        if document["dtype"] != "uint8":
            images = refuse_not_finite(np.array(images), path.name)
    return assembled(document, table, images, arrays, provenance, path.name)


def read_parts(
    folder: Path, mapped: bool = False
) -> tuple[dict[str, Any], dict[str, list[Any]], dict[str, np.ndarray], Any]:
    """Document, table, arrays (perhaps memory-mapped) and provenance of a folder."""
    document = checked_document(read_json(folder / "set.json"), f"{folder.name}/set.json")
    file = document.get("table", "set.tsv")
    table = table_of(read_text(folder / file), document["columns"], f"{folder.name}/{file}")
    if len(table["name"]) != document["shape"][0]:
        raise FileProblem(
            f"{folder.name}/{file} is damaged: it has {len(table['name'])} rows for "
            f"{document['shape'][0]} images."
        )
    stems = file_stems(document["arrays"])
    arrays = {
        key: read_array(folder / "arrays" / f"{stem}.npy", mapped)
        for key, stem in zip(document["arrays"], stems, strict=True)
    }
    provenance = folder / "provenance.json"
    return document, table, arrays, read_json(provenance) if provenance.is_file() else {}


def read_text(path: Path) -> str:
    """UTF-8 text; FileProblem when it is missing or not text."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        raise FileProblem(f"{path.parent.name}/{path.name} does not exist.") from None
    except UnicodeDecodeError:
        raise FileProblem(f"{path.parent.name}/{path.name} is damaged: it is not text.") from None


def read_array(path: Path, mapped: bool = False) -> np.ndarray:
    """An NPY file; FileProblem when it is missing, truncated or holds objects."""
    try:
        return np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except FileNotFoundError:
        raise FileProblem(f"{path.parent.name}/{path.name} does not exist.") from None
    except (MemoryError, PermissionError):
        raise
    except Exception as error:  # numpy's header parser raises tokenizer and syntax errors too
        raise FileProblem(
            f"{path.parent.name}/{path.name} is damaged: it is not a whole NPY file."
        ) from error


def read_pictures(
    files: list[Path], shape: tuple[int, ...], progress: Told, threads: int
) -> np.ndarray:
    """(n, *shape) uint8 of PNG files that must all have this shape."""
    from PIL import Image

    height, width = shape[:2]
    mode = "RGB" if len(shape) == 3 else "L"

    def open_one(path: Path) -> np.ndarray:
        try:
            with Image.open(path) as opened:
                if (opened.height, opened.width, opened.mode) != (height, width, mode):
                    raise FileProblem(
                        f"{path.name} is {opened.width} × {opened.height} px {opened.mode}; the "
                        f"set has {width} × {height} px {mode}. Import the folder instead."
                    )
                return np.asarray(opened)
        except (FileProblem, PermissionError):
            raise
        except FileNotFoundError:
            raise FileProblem(f"The picture {path.name} is missing from the set.") from None
        except Exception as error:  # Pillow's decoders raise almost anything on damaged files
            raise FileProblem(f"{path.name} is damaged: it is not a whole picture.") from error

    if files:
        open_one(files[0])  # before memory for all is taken on the word of set.json
    images = np.empty((len(files), *shape), np.uint8)

    def read(index: int) -> None:
        images[index] = open_one(files[index])

    spread(read, len(files), threads, progress)
    return images


# ---- NPZ -----------------------------------------------------------------------------------


def save_npz(stimuli: StimulusSet, path: Path, progress: Told = None) -> None:
    """Write one file that numpy.load opens: images, arrays/NAME, and the set's two texts."""
    stems = file_stems(list(stimuli.arrays))
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        texts = {"set.json": json.dumps(plain(document_of(stimuli)), indent=1)}
        texts["set.tsv"] = table_text(stimuli.table)
        for title, text in texts.items():
            archive.writestr(entry(title), text.encode("utf-8"), compresslevel=1)
        for stem, values in zip(stems, stimuli.arrays.values(), strict=True):
            with archive.open(entry(f"arrays/{stem}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(values), allow_pickle=False)
        with archive.open(entry("images.npy"), "w", force_zip64=True) as member:
            for chunk in array_chunks(stimuli.images, progress):
                member.write(chunk)
    write_json(path.with_name(path.name + ".json"), {"provenance": stimuli.provenance})


def entry(name: str) -> zipfile.ZipInfo:
    """A member whose bytes do not depend on the time."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    info._compresslevel = 1  # type: ignore[attr-defined]
    return info


def array_chunks(images: np.ndarray, progress: Told) -> Iterable[bytes]:
    """An NPY file in parts, so that a memory-mapped set is not read at once."""
    header = io.BytesIO()
    described = {"descr": images.dtype.str, "fortran_order": False, "shape": images.shape}
    np.lib.format.write_array_header_1_0(header, described)
    yield header.getvalue()
    for start in range(0, len(images), 64):
        yield np.ascontiguousarray(images[start : start + 64]).tobytes()
        if progress is not None:
            progress(min(start + 64, len(images)), len(images))


def load_npz(path: Path) -> StimulusSet:
    """Read a file written by :func:`save_npz`."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if not {"set.json", "set.tsv", "images.npy"} <= names:
                raise FileProblem(f"{path.name} is not a stimulus set of Isomorph.")
            document = checked_document(json.loads(archive.read("set.json")), path.name)
            text = archive.read("set.tsv").decode("utf-8")
            table = table_of(text, document["columns"], path.name)
            need = int(np.prod(document["shape"])) * np.dtype(document["dtype"]).itemsize
            if not need < archive.getinfo("images.npy").file_size <= need + 4096:
                raise FileProblem(f"{path.name} is damaged: its images are not of its size.")
            images = refuse_not_finite(member_array(archive, "images.npy"), path.name)
            stems = file_stems(document["arrays"])
            arrays = {
                key: member_array(archive, f"arrays/{stem}.npy")
                for key, stem in zip(document["arrays"], stems, strict=True)
            }
    except (FileProblem, MemoryError, OSError):
        raise
    except Exception as error:  # zipfile, zlib, JSON and numpy each raise their own on damage
        raise FileProblem(f"{path.name} is damaged: it is not a whole NPZ file.") from error
    beside = path.with_name(path.name + ".json")
    provenance = read_json(beside) if beside.is_file() else {}
    provenance = provenance.get("provenance", {}) if isinstance(provenance, dict) else {}
    return assembled(document, table, images, arrays, provenance, path.name)


def member_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """An NPY member of an archive."""
    with archive.open(name) as member:
        return np.lib.format.read_array(member, allow_pickle=False)
