"""Atomic files: a reader sees the old content or the new one, never half of it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np


class FileProblem(Exception):
    """A file that cannot be read or written, as a sentence with the file's name and the fix."""


@contextlib.contextmanager
def replacing(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a temporary file beside ``path``; on success it is synced and takes its place.

    Raises FileProblem when the folder is missing or read-only or the disk is full.
    """
    encoding = None if "b" in mode else "utf-8"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise FileProblem(write_sentence(path, error)) from error
    try:
        with os.fdopen(handle, mode, encoding=encoding) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        raise FileProblem(write_sentence(path, error)) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def write_sentence(path: Path, error: OSError) -> str:
    """Why a file was not written, in words."""
    if error.errno == errno.ENOSPC:
        return f"The disk is full. {path.name} was not saved. Free some space and try again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path.name} cannot be written: the folder is read-only. Choose another folder."
    if error.errno == errno.ENOTDIR or isinstance(error, FileExistsError | NotADirectoryError):
        return f"{path.name} cannot be written: a file stands where a folder is needed."
    if error.errno == errno.ENOENT:
        return (
            f"{path.name} cannot be written: {path.parent} takes no files. Choose another folder."
        )
    return f"{path.name} cannot be written: {error.strerror or error}."


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with replacing(path, "w") as file:
        file.write(text)


def write_json(path: Path, document: Any) -> None:
    """Write JSON atomically; numpy scalars and arrays become numbers and lists, NaN null."""
    write_text(path, json.dumps(plain(document), indent=1, ensure_ascii=False, allow_nan=False))


def read_json(path: Path) -> Any:
    """Read JSON; FileProblem with a sentence when it is missing, truncated or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileProblem(f"{path.name} does not exist.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise FileProblem(f"{path.name} cannot be read: {reason}.") from error
    except (json.JSONDecodeError, RecursionError):
        raise FileProblem(f"{path.name} is damaged: it is not whole JSON.") from None


def plain(value: Any) -> Any:
    """Plain JSON types of nested values; NaN and infinities become None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    return value


def text_of_array(array: np.ndarray) -> str:
    """A small integer array as text (zlib, base64), for parameters that hold drawings."""
    import base64
    import zlib

    header = {"shape": array.shape, "dtype": array.dtype.str}
    body = base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 9))
    return json.dumps(header) + body.decode("ascii")


def array_of_text(text: str, largest: int = 1 << 22) -> np.ndarray:
    """Inverse of :func:`text_of_array`; ValueError when damaged or above ``largest`` bytes."""
    import base64
    import zlib

    try:
        cut = text.index("}") + 1
        header = json.loads(text[:cut])
        kind = np.dtype(header["dtype"])
        if kind.hasobject:
            raise ValueError("objects are not read")
        unpack = zlib.decompressobj()
        body = unpack.decompress(base64.b64decode(text[cut:], validate=True), largest)
        return np.frombuffer(body, kind).reshape(header["shape"]).copy()
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise ValueError(f"the drawing is damaged ({error})") from None


def revision(path: str | Path) -> tuple[object, ...]:
    """What changes when a file, or anything below a folder, changes: sizes and times.

    Empty for no path and for one that is not there; it is part of what results are kept under.
    """
    if not path or not Path(path).exists():
        return ()
    place = Path(path)
    below = sorted(place.rglob("*")) if place.is_dir() else [place]
    found = []
    for one in below:
        with contextlib.suppress(OSError):  # gone meanwhile
            looked = one.stat()
            found.append((str(one), looked.st_size, looked.st_mtime_ns))
    return tuple(found)
