"""Workspace objects of the spiking studies: what panels hand to each other and export.

Each knows how to save itself in the field's formats and carries its provenance.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from backend.core.files import FileProblem, replacing, write_json, write_text


@dataclass
class WorkspaceObject:
    """Base: a name and what made it (study, parameters, seed, inputs' hashes, versions)."""

    formats: ClassVar[tuple[str, ...]] = ()
    kind: ClassVar[str] = ""
    name: str = "object"
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> str:
        """Size in words for lists."""
        return ""

    def save(self, path: Path) -> None:
        """Save in the format of the file's ending; FileProblem if it is none of ``formats``."""
        ending = path.suffix.lower().removeprefix(".")
        if ending not in self.formats:
            known = ", ".join(self.formats)
            raise FileProblem(f"{self.kind} is saved as {known}; {path.name} is none of these.")
        getattr(self, f"_save_{ending}")(path)
        if self.provenance:
            write_json(path.with_name(path.name + ".json"), {"provenance": self.provenance})


@dataclass
class Table(WorkspaceObject):
    """Tidy results: columns of equal length."""

    formats: ClassVar[tuple[str, ...]] = ("csv", "tsv")
    kind: ClassVar[str] = "Table"
    columns: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def size(self) -> str:
        rows = len(next(iter(self.columns.values()), []))
        return f"{rows} rows × {len(self.columns)} columns"

    def text(self, delimiter: str) -> str:
        """The table as text, one header line; NaN as n/a (BIDS)."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
        writer.writerow(self.columns)
        for values in zip(*self.columns.values(), strict=True):
            writer.writerow([_cell(value) for value in values])
        return out.getvalue()

    def _save_csv(self, path: Path) -> None:
        write_text(path, self.text(","))

    def _save_tsv(self, path: Path) -> None:
        write_text(path, self.text("\t"))


def _cell(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return "n/a" if not np.isfinite(value) else repr(float(value))
    return value


@dataclass
class SpikeTrains(WorkspaceObject):
    """Spikes of named layers.

    Attributes
    ----------
    layers : {layer name: (index int32 (n,), time in ms float64 (n,))}.
    sizes : cells a layer has; ``columns``: extra arrays a layer, e.g. row and column of a sheet.
    """

    formats: ClassVar[tuple[str, ...]] = ("npz", "csv", "nwb")
    kind: ClassVar[str] = "Spike trains"
    layers: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    extra: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)

    @property
    def size(self) -> str:
        return f"{sum(len(t) for _, t in self.layers.values())} spikes"

    def _columns(self) -> dict[str, np.ndarray]:
        names = [np.full(len(t), layer) for layer, (_, t) in self.layers.items()]
        joined = {
            "layer": np.concatenate(names) if names else np.array([], "U1"),
            "index": np.concatenate([i for i, _ in self.layers.values()] or [np.array([], int)]),
            "t_ms": np.concatenate([t for _, t in self.layers.values()] or [np.array([])]),
        }
        for name in {key for columns in self.extra.values() for key in columns}:
            joined[name] = np.concatenate(
                [
                    self.extra.get(layer, {}).get(name, np.full(len(t), -1))
                    for layer, (_, t) in self.layers.items()
                ]
            )
        return joined

    def _save_npz(self, path: Path) -> None:
        arrays: dict[str, Any] = dict(self._columns())
        arrays |= {f"size_{layer}": np.array(n) for layer, n in self.sizes.items()}
        with replacing(path) as file:
            np.savez_compressed(file, **arrays)

    def _save_csv(self, path: Path) -> None:
        columns = self._columns()
        with replacing(path, "w") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))

    def _save_nwb(self, path: Path) -> None:
        """NWB units table; needs the optional package pynwb."""
        try:
            from pynwb import NWBHDF5IO, NWBFile
        except ImportError:
            raise FileProblem(
                "NWB needs the package pynwb, which is not installed. Save as NPZ or CSV."
            ) from None
        from datetime import UTC, datetime

        nwb = NWBFile(
            session_description=f"{self.name} (synthetic, simulated by Isomorph)",
            identifier=self.name,
            session_start_time=datetime.now(UTC),
        )
        nwb.add_unit_column("layer", "population of the cell")
        for layer, (index, time) in self.layers.items():
            order = np.argsort(index, kind="stable")
            cells, starts = np.unique(index[order], return_index=True)
            for cell, spikes in zip(cells, np.split(time[order], starts[1:]), strict=True):
                nwb.add_unit(spike_times=spikes / 1000.0, layer=layer, id=int(cell))
        with NWBHDF5IO(str(path), "w") as file:
            file.write(nwb)

    @classmethod
    def load(cls, path: Path) -> SpikeTrains:
        """Read spikes written as NPZ; FileProblem when the file is not one of ours."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                layer, index, time = data["layer"], data["index"], data["t_ms"]
                sizes = {k[5:]: int(data[k]) for k in data.files if k.startswith("size_")}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise FileProblem(f"{path.name} holds no spike trains ({error}).") from error
        names = list(dict.fromkeys(layer.tolist()))
        layers = {name: (index[layer == name], time[layer == name]) for name in names}
        return cls(name=path.stem, layers=layers, sizes=sizes)


@dataclass
class ArrayObject(WorkspaceObject):
    """An array with axis names: field maps, first-spike maps, voltage snapshots, frames."""

    formats: ClassVar[tuple[str, ...]] = ("npy", "npz", "png")
    kind: ClassVar[str] = "Array"
    array: np.ndarray = field(default_factory=lambda: np.empty(0))
    axes: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None
    companions: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def size(self) -> str:
        return " × ".join(str(n) for n in self.array.shape)

    def _save_npy(self, path: Path) -> None:
        with replacing(path) as file:
            np.save(file, self.array, allow_pickle=False)

    def _save_npz(self, path: Path) -> None:
        arrays: dict[str, Any] = {"data": self.array, **self.companions}
        with replacing(path) as file:
            np.savez_compressed(file, **arrays)

    def _save_png(self, path: Path) -> None:
        """One grey PNG for a map; a numbered sequence NAME_0000.png … for (T, H, W)."""
        from PIL import Image

        frames = self.array[None] if self.array.ndim == 2 else self.array
        low, high = self.limits or (float(np.nanmin(frames)), float(np.nanmax(frames)))
        scale = 255.0 / (high - low) if high > low else 0.0
        for number, frame in enumerate(frames):
            level = np.clip(np.nan_to_num((frame - low) * scale), 0, 255).astype(np.uint8)
            name = path if self.array.ndim == 2 else path.with_stem(f"{path.stem}_{number:04d}")
            with replacing(name) as file:
                Image.fromarray(level).save(file, "PNG")


def as_object(name: str, made: Any, provenance: dict[str, Any]) -> WorkspaceObject:
    """A workspace object from what an offer made (object, array or column dictionary)."""
    if isinstance(made, np.ndarray):
        made = ArrayObject(array=made)
    elif isinstance(made, dict):
        made = Table(columns=made)
    made.name = name
    made.provenance = provenance
    return made
