"""db-info: what a file or a network holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.dnnbrain_commands.flags import Flags, table
from backend.analysis.dnnbrain_files import read_masks, read_rdms, read_rois
from backend.core.files import FileProblem


def db_info(words: list[str]) -> int:
    """Say what a file or a network holds."""
    flags = Flags("db-info", "What a file or a network holds.")
    flags.add_argument("name", help=f"a file ({', '.join(FILES)}), or a network")
    name = flags.parse_args(words).name
    for ending, tell in FILES.items():
        if name.endswith(ending):
            tell(Path(name))
            return 0
    if "." in Path(name).name and not name.startswith("timm:"):
        raise FileProblem(f"{Path(name).name} is none of {', '.join(FILES)}.")
    of_network(name)
    return 0


def of_network(name: str) -> None:
    """Layers with both names, shapes and receptive fields."""
    from backend.networks.dnnbrain_names import layer_names, network_name
    from backend.networks.layers import layers
    from backend.networks.opening import open_network

    network = open_network(network_name(name))
    theirs = {own: given for given, own in layer_names(network).items()}
    print(f"{network.name}: {network.parameters:,} parameters, input "
          f"{' × '.join(map(str, network.preprocessing.shape))}")  # fmt: skip
    table([
        {"layer": one.name, "DNNBrain": theirs.get(one.name, ""), "kind": one.kind,
         "shape": " × ".join(map(str, one.shape)), "parameters": f"{one.parameters:,}",
         "field px": "" if one.field is None else f"{one.field.size:g}"}
        for one in layers(network)
    ])  # fmt: skip


def numbers(name: str, shape: tuple[int, ...], values: np.ndarray) -> dict[str, str]:
    """A row: shape, and the range of the values."""
    return {"name": name, "shape": " × ".join(map(str, shape)), "min": f"{values.min():.4g}",
            "max": f"{values.max():.4g}", "mean": f"{values.mean():.4g}"}  # fmt: skip


def of_activations(path: Path) -> None:
    from backend.networks.act_file import load

    held = load(path)
    table([numbers(name, held.shapes[name], held.read(name)) for name in held.layers])


def of_stimuli(path: Path) -> None:
    from backend.stimuli import listed

    held = listed.read(path)
    print(f"{len(held)} pictures in {held.folder}")
    table([{"column": name, "different values": str(len(set(cells))), "first": cells[0]}
           for name, cells in held.columns.items() if cells])  # fmt: skip


def of_mask(path: Path) -> None:
    rows = []
    for layer, mask in read_masks(path).items():
        given = mask.by_axis()
        row = {"layer": layer}
        for axis in ("chn", "row", "col"):
            chosen = given.get(axis)
            row[axis] = "all" if chosen is None else " ".join(str(n + 1) for n in chosen)
        rows.append(row)
    table(rows)


def of_regions(path: Path) -> None:
    names, data = read_rois(path)
    table([numbers(name, (len(data),), data[:, i]) for i, name in enumerate(names)])


def of_rdms(path: Path) -> None:
    kind, held = read_rdms(path)
    print("of regions of a brain" if kind == "brain" else "of layers of a network")
    rows = []
    for name, one in held.items():
        cells = one[..., *np.triu_indices(one.shape[-1], 1)]
        rows.append(numbers(name, one.shape, cells))
    table(rows)


FILES: dict[str, Callable[[Path], None]] = {
    ".stim.csv": of_stimuli, ".dmask.csv": of_mask, ".act.h5": of_activations,
    ".roi.h5": of_regions, ".rdm.h5": of_rdms,
}  # fmt: skip
