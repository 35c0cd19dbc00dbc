"""DNNBrain's activation files, ``.act.h5``: one gzip dataset (n, channels, rows, columns) a layer.

A scan to disk keeps finished stretches of pictures in files of their own beside the target, each
put in its place in one step. A process that is killed loses at most the stretch it was in; the
next scan goes on behind the last whole one. At the end the compressed chunks are copied into one
file as they are.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from backend.core.files import FileProblem, read_json, write_json, write_sentence
from backend.core.objects import WorkspaceObject

ENDING = ".act.h5"
Precision = Literal["float32", "float16"]
STRETCH = 64
"""Pictures in a finished stretch; a power of two, so that chunks never cross it."""
CHUNK_BYTES = 1 << 18
LEVEL = 1
"""Of gzip; activations gain little from more, which costs several times as long."""


@dataclass
class Activations(WorkspaceObject):
    """Activations of layers for many pictures, in memory or in an ``.act.h5`` file.

    Attributes
    ----------
    arrays : layer → (n, channels, rows, columns), when in memory.
    path : the file that holds them otherwise; slices are read when asked for.
    """

    formats: ClassVar[tuple[str, ...]] = ("h5", "npz")
    kind: ClassVar[str] = "Activations"
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    path: Path | None = None
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.shapes:
            self.shapes = {name: array.shape for name, array in self.arrays.items()}

    def __len__(self) -> int:
        """Pictures."""
        return next(iter(self.shapes.values()), (0,))[0]

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(self.shapes)

    @property
    def size(self) -> str:
        return f"{len(self)} pictures · {len(self.shapes)} layers"

    def read(self, layer: str, rows: slice | Sequence[int] | None = None) -> np.ndarray:
        """(k, channels, rows, columns) of a layer; of some pictures, by index from 0 ascending."""
        from backend.core.parameters import unknown_name

        if layer not in self.shapes:
            raise unknown_name(layer, self.shapes, "layer")
        chosen = slice(None) if rows is None else rows
        if self.path is None:
            return self.arrays[layer][chosen]
        with opened(self.path) as file:
            found: np.ndarray = file[layer][chosen]
            return found

    def _save_h5(self, path: Path) -> None:
        write(path, {name: self.read(name) for name in self.shapes})

    def _save_npz(self, path: Path) -> None:
        from backend.core.files import replacing

        with replacing(path) as file:
            arrays: dict[str, Any] = {name: self.read(name) for name in self.shapes}
            np.savez_compressed(file, **arrays)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """An HDF5 file for reading; FileProblem when it is missing or is none."""
    import h5py

    if not path.is_file():
        raise FileProblem(f"{path.name} does not exist.")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise FileProblem(f"{path.name} is damaged or is no activation file.") from error


def load(path: Path) -> Activations:
    """The activations of a file of ours or of DNNBrain's, read when asked for.

    Raises
    ------
    FileProblem
        when a dataset is not (n, channels, rows, columns) or the layers differ in n.
    """
    import h5py

    with opened(path) as file:
        shapes = {}
        for name, dataset in file.items():
            if not isinstance(dataset, h5py.Dataset) or dataset.ndim != 4:
                raise FileProblem(f"{path.name}: {name} is not pictures × channels × rows × "
                                  "columns, as an activation file has it.")  # fmt: skip
            if dataset.dtype.kind not in "fiu":
                raise FileProblem(f"{path.name}: {name} holds no numbers.")
            shapes[name] = tuple(int(size) for size in dataset.shape)
    counts = {name: shape[0] for name, shape in shapes.items()}
    if not shapes:
        raise FileProblem(f"{path.name} holds no layer.")
    if len(set(counts.values())) > 1:
        one, other = sorted(counts, key=counts.__getitem__)[:: len(counts) - 1]
        raise FileProblem(f"{path.name}: {one} has {counts[one]} pictures and {other} "
                          f"{counts[other]}. Scan them together.")  # fmt: skip
    name = path.name.removesuffix(ENDING)
    return Activations(name=name, path=path, shapes=shapes)


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write whole arrays (n, channels, rows, columns) in DNNBrain's layout."""
    import h5py

    with placed(path) as temporary, h5py.File(temporary, "w", track_order=True) as file:
        for name, array in arrays.items():
            _create(file, name, array.shape, array.dtype)[:] = array


def append(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Add pictures behind those of a file; the old file stays until the new one is whole.

    Raises
    ------
    FileProblem
        when layers or shapes differ from the file's.
    """
    import h5py

    before = load(path)
    for name in {*before.shapes, *arrays}:
        old, new = before.shapes.get(name, ()), arrays[name].shape if name in arrays else ()
        if old[1:] != new[1:] or not old or not new:
            raise FileProblem(f"{path.name} and the new pictures differ in {name}: "
                              f"{_sizes(old[1:])} and {_sizes(new[1:])}.")  # fmt: skip
    if len({len(array) for array in arrays.values()}) > 1:
        raise FileProblem("The layers to be added differ in their number of pictures.")
    with placed(path) as temporary:
        shutil.copyfile(path, temporary)
        with h5py.File(temporary, "r+") as file:
            for name, array in arrays.items():
                if file[name].maxshape[0] is not None:  # DNNBrain's own files have a fixed length
                    whole = np.concatenate([file[name][:], array.astype(file[name].dtype)])
                    del file[name]
                    _create(file, name, whole.shape, whole.dtype)[:] = whole
                    continue
                file[name].resize(len(file[name]) + len(array), axis=0)
                file[name][-len(array) :] = array


def _sizes(shape: Sequence[int]) -> str:
    return " × ".join(str(size) for size in shape) or "nothing"


@contextlib.contextmanager
def placed(path: Path) -> Iterator[Path]:
    """A temporary name that takes the place of ``path`` once all is written and synced."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
    except OSError as error:
        raise FileProblem(write_sentence(path, error)) from error
    try:
        yield Path(name)
        with open(name, "rb+") as file:
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        raise FileProblem(write_sentence(path, error)) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def chunk_of(shape: Sequence[int], kind: np.dtype[Any]) -> tuple[int, ...]:
    """Whole pictures in chunks of about a quarter megabyte, a power of two of them at most 64."""
    one = max(1, int(np.prod(shape[1:], dtype=np.int64)) * kind.itemsize)
    pictures = 1 << max(0, (CHUNK_BYTES // one).bit_length() - 1)
    return (max(1, min(STRETCH, pictures)), *(int(size) for size in shape[1:]))


class Stretches:
    """The finished stretches of a scan that is under way, in a folder beside its target.

    Parameters
    ----------
    path : the file that the scan will become.
    scope : what the scan is of; a folder of another scan is refused.

    Raises
    ------
    FileProblem
        when the folder holds another unfinished scan, or cannot be written.
    """

    def __init__(self, path: Path, scope: dict[str, Any]) -> None:
        self.path = path
        self.folder = path.with_name(f"{path.name}.unfinished")
        described = self.folder / "scan.json"
        if described.is_file() and read_json(described) != scope:
            raise FileProblem(
                f"{self.folder.name} holds an unfinished scan of another network, layers or "
                "pictures. Remove that folder or choose another name."
            )
        if not described.is_file():
            write_json(described, scope)

    @property
    def done(self) -> int:
        """Pictures in whole stretches without a gap from the first."""
        done = 0
        while (file := self._file(done)).is_file():
            done += int(file.stem.rpartition("-")[2])
        return done

    def _file(self, start: int) -> Path:
        found = list(self.folder.glob(f"{start:09d}-*.h5"))
        return found[0] if found else self.folder / f"{start:09d}-none"

    def add(self, start: int, count: int) -> _Stretch:
        """A stretch to be written; it counts once it is closed whole."""
        return _Stretch(self.folder / f"{start:09d}-{count}.h5", count)

    def assemble(self, n: int) -> None:
        """Copy all stretches into the target and remove them."""
        import h5py

        with placed(self.path) as temporary, h5py.File(temporary, "w", track_order=True) as target:
            start = 0
            while start < n:
                source_path = self._file(start)
                with opened(source_path) as source:
                    count = int(source_path.stem.rpartition("-")[2])
                    for name, dataset in source.items():
                        if name not in target:
                            _create(target, name, (n, *dataset.shape[1:]), dataset.dtype)
                        _copy_chunks(dataset, target[name], start, count)
                start += count
        shutil.rmtree(self.folder, ignore_errors=True)

    def discard(self) -> None:
        """Forget what was done."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _create(file: Any, name: str, shape: tuple[int, ...], kind: Any) -> Any:
    chunks = chunk_of(shape, np.dtype(kind))
    return file.create_dataset(
        name, shape, kind, maxshape=(None, *shape[1:]), chunks=chunks, compression="gzip",
        compression_opts=LEVEL, shuffle=True,
    )  # fmt: skip


def _copy_chunks(source: Any, target: Any, start: int, count: int) -> None:
    step = source.chunks[0]
    for first in range(0, count, step):
        mask, packed = source.id.read_direct_chunk((first, 0, 0, 0))
        target.id.write_direct_chunk((start + first, 0, 0, 0), packed, mask)


class _Stretch:
    """One stretch while it is written; chunks are compressed beside the next forward pass."""

    def __init__(self, path: Path, count: int) -> None:
        import h5py

        self._path = path
        self._count = count
        self._temporary = path.with_suffix(".part")
        try:
            self._file = h5py.File(self._temporary, "w", track_order=True)
        except OSError as error:
            raise FileProblem(write_sentence(path, error)) from error
        self._waiting: dict[str, list[np.ndarray]] = {}
        self._filled: dict[str, int] = {}
        self._packed: list[tuple[str, int, Future[bytes]]] = []
        self._pool = ThreadPoolExecutor(1)

    def add(self, values: Mapping[str, np.ndarray]) -> None:
        """Rows (k, channels, rows, columns) of every layer, behind those before."""
        self._write()
        for name, rows in values.items():
            if name not in self._file:
                _create(self._file, name, (self._count, *rows.shape[1:]), rows.dtype)
            self._waiting.setdefault(name, []).append(rows)
            self._pack(name, last=False)

    def _pack(self, name: str, last: bool) -> None:
        """Compress whole chunks of what waits."""
        step = self._file[name].chunks[0]
        if not self._waiting[name] or (
            not last and sum(len(rows) for rows in self._waiting[name]) < step
        ):
            return
        rows = np.concatenate(self._waiting.pop(name))
        whole = len(rows) if last else len(rows) // step * step
        self._waiting[name] = [rows[whole:]] if whole < len(rows) else []
        start = self._filled.get(name, 0)
        for first in range(0, whole, step):
            chunk = rows[first : min(first + step, whole)]
            packed = self._pool.submit(_compressed, chunk, step)
            self._packed.append((name, start + first, packed))
        self._filled[name] = start + whole

    def _write(self) -> None:
        try:
            for name, first, packed in self._packed:
                self._file[name].id.write_direct_chunk((first, 0, 0, 0), packed.result())
        except OSError as error:
            raise FileProblem(write_sentence(self._path, error)) from error
        self._packed.clear()

    def close(self) -> None:
        """Put the whole stretch in its place."""
        for name in list(self._waiting):
            self._pack(name, last=True)
        self._write()
        self._pool.shutdown()
        try:
            self._file.close()
            with self._temporary.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(self._temporary, self._path)
        except OSError as error:
            raise FileProblem(write_sentence(self._path, error)) from error

    def abandon(self) -> None:
        """Leave nothing of a stretch that did not get whole."""
        self._pool.shutdown(cancel_futures=True)
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self._temporary.unlink()


def _compressed(rows: np.ndarray, step: int) -> bytes:
    """A chunk as HDF5's shuffle and gzip filters store it; the last one is filled with zeros."""
    if len(rows) < step:
        rows = np.concatenate([rows, np.zeros((step - len(rows), *rows.shape[1:]), rows.dtype)])
    size = rows.dtype.itemsize
    shuffled = np.ascontiguousarray(rows).view(np.uint8).reshape(-1, size).T
    return zlib.compress(np.ascontiguousarray(shuffled).data, LEVEL)
