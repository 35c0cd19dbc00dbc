"""Single channels seen: dnn-topstim, dnn-view, dnn-saliency, dnn-optstim."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.dnnbrain_commands.flags import (
    Flags,
    indices,
    listed_for,
    masks_of,
    network_flags,
    opened,
    out_flag,
    recorded,
    say,
    telling,
)
from backend.core.files import replacing, write_text
from backend.core.parameters import ParameterError
from backend.networks.dnnbrain_names import layer_name
from backend.stimuli.sheet import save_picture, save_sheet

if TYPE_CHECKING:
    from backend.networks.network import Network

Lines = list[tuple[str, Sequence[np.ndarray]]]
A_SHEET = 6
"""Pictures on a sheet."""
METHODS = {
    "guided": "guided", "vanilla": "vanilla", "deconvolution": "deconvolution",
    "input": "gradient x input", "smooth": "SmoothGrad", "integrated": "integrated gradients",
    "gradcam": "Grad-CAM",
}  # fmt: skip


def stimulus_flag(flags: Flags) -> None:
    flags.flag("stim", "a .stim.csv list of pictures", required=True, type=Path)


def channel_flag(flags: Flags) -> None:
    flags.flag("chn", "channel numbers from 1", required=True, nargs="+", type=int)


def dnn_topstim(words: list[str]) -> int:
    """The best pictures of channels."""
    from backend.networks.act_file import write
    from backend.networks.listed_units import activations_of, best_pictures
    from backend.stimuli import listed as lists

    flags = Flags("dnn-topstim", "The pictures that drive channels most, by their largest place.")
    network_flags(flags)
    flags.flag("top", "how many", required=True, type=int)
    stimulus_flag(flags)
    flags.flag("layer", "layer names", required=True, nargs="+")
    channel_flag(flags)
    out_flag(flags, "folder")
    args = flags.parse_args(words)
    network = opened(args)
    listed, pictures = listed_for(args, network)
    chosen = indices(args.chn)
    assert chosen is not None
    own = {layer_name(network, name): name for name in args.layer}
    found = best_pictures(network, pictures, dict.fromkeys(own, chosen), args.top,
                          telling("pictures"))  # fmt: skip
    activations = {}
    with recorded(args.out, "dnn-topstim", args) as done:
        for layer, name in own.items():
            top = found[layer]
            for row, channel in enumerate(args.chn):
                best = [int(i) for i in top.stimuli[row] if i >= 0]
                values = [f"{value:.7g}" for value in top.values[row, : len(best)]]
                file = f"{name}_chn{channel}_top{args.top}.stim.csv"
                lists.write(args.out / file, listed, best, {"value": values})
                print(f"{name} channel {channel}: {', '.join(listed.names[i] for i in best[:5])}")
                done.append(file)
            activations[name] = activations_of(network, pictures, layer, chosen, top)
        write(args.out / f"top{args.top}.act.h5", activations)
    return 0


def sheets(pictures: Any) -> Iterator[tuple[int, slice, np.ndarray]]:
    """Number, rows and pictures of each sheet."""
    for number, start in enumerate(range(0, len(pictures), A_SHEET), 1):
        rows = slice(start, min(start + A_SHEET, len(pictures)))
        yield number, rows, np.asarray(pictures[rows])


def sheet_flags(flags: Flags, maps: str) -> None:
    flags.flag("cmap", "colour map (default coolwarm)", default="coolwarm")
    flags.flag("vmin", f"value at its lower end (default: of each {maps})", type=float)
    flags.flag("vmax", f"value at its upper end (default: of each {maps})", type=float)
    flags.flag("show", "open the sheets", action="store_true")
    flags.flag("out", "folder for the sheets", type=Path)


def wants_out(args: argparse.Namespace) -> None:
    """Sheets go somewhere."""
    if args.out is None and not args.show:
        raise ParameterError("-out", "Give a folder with -out, or -show to look at the sheets.")
    if args.out is None:
        import tempfile

        args.out = Path(tempfile.mkdtemp(prefix="isomorph-"))


def shown(args: argparse.Namespace, path: Path) -> None:
    """Open a sheet in the system's viewer."""
    if args.show:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())


def dnn_view(words: list[str]) -> int:
    """Feature maps of pictures."""
    from backend.networks.explorer import as_maps
    from backend.networks.layers import find
    from backend.networks.scan import stream

    flags = Flags("dnn-view", "Feature maps of any layer with places, as sheets.")
    network_flags(flags)
    flags.flag("layer", "layer name", required=True)
    channel_flag(flags)
    stimulus_flag(flags)
    sheet_flags(flags, "map")
    args = flags.parse_args(words)
    wants_out(args)
    network = opened(args)
    listed, pictures = listed_for(args, network)
    name = layer_name(network, args.layer)
    layer = find(network, name)
    if len(layer.shape) == 1:
        raise ParameterError("-layer", f"{args.layer} has no places to look at. Choose a layer "
                             "with rows and columns.")  # fmt: skip
    chosen = {name: indices(args.chn) or ()}
    with recorded(args.out, "dnn-view", args) as done:
        for number, rows, block in sheets(pictures):
            _, values = next(iter(stream(network, block, [name], channels=chosen)))
            maps = [as_maps(one, layer.channel_axis - 1) for one in values[name]]
            lines: Lines = [(f"chn{one}", [own[i] for own in maps])
                            for i, one in enumerate(args.chn)]  # fmt: skip
            done.append(sheet(args, number, listed.names[rows], block, lines))
            tell(rows, pictures)
    return 0


def tell(rows: slice, pictures: Any) -> None:
    say(f"{rows.stop} of {len(pictures)} pictures")


def sheet(
    args: argparse.Namespace, number: int, names: Sequence[str], block: np.ndarray,
    lines: Lines,
) -> str:  # fmt: skip
    """Save a sheet under the original's name."""
    from backend.stimuli.set_files import as_bytes

    file = f"{args.net}_{args.layer}_fig{number}.jpg"
    colour = [as_bytes(one) if one.ndim == 3 else as_bytes(np.stack([one] * 3, axis=2))
              for one in block]  # fmt: skip
    rows = [("stim", colour), *lines]
    save_sheet(args.out / file, rows, names, args.cmap, args.vmin, args.vmax)
    shown(args, args.out / file)
    return file


def dnn_saliency(words: list[str]) -> int:
    """What in a picture drives a channel."""
    from backend.networks.attribution import attribute, display
    from backend.networks.units import unit_from_numbers

    flags = Flags("dnn-saliency", "Attributions of channels, as sheets and arrays.")
    network_flags(flags)
    flags.flag("layer", "layer name", required=True)
    channel_flag(flags)
    stimulus_flag(flags)
    flags.flag("meth", f"{', '.join(METHODS)} (default guided)", default="guided",
               choices=tuple(METHODS))  # fmt: skip
    flags.flag("mode", "RGB: |S| in colour; gray: its largest over colours, through -cmap",
               default="RGB", choices=("RGB", "gray"))  # fmt: skip
    sheet_flags(flags, "picture")
    args = flags.parse_args(words)
    wants_out(args)
    network = opened(args)
    listed, pictures = listed_for(args, network)
    name = layer_name(network, args.layer)
    indices(args.chn)
    units = [unit_from_numbers(name, number) for number in args.chn]
    with recorded(args.out, "dnn-saliency", args) as done:
        for number, rows, block in sheets(pictures):
            found = [attribute(network, block, unit, METHODS[args.meth]) for unit in units]  # type: ignore[arg-type]
            lines: Lines = []
            for channel, one in zip(args.chn, found, strict=True):
                grey = args.mode == "gray" or one.values.shape[1] != 3
                maps = (np.abs(one.values).max(axis=1) if grey
                        else display(one.values, "absolute"))  # fmt: skip
                clips = maps.ndim > (3 if grey else 4)  # the sheet shows their mean over frames
                lines.append((f"chn{channel}", list(maps.mean(axis=1) if clips else maps)))
            file = sheet(args, number, listed.names[rows], block, lines)
            arrays: dict[str, Any] = {
                "saliency": np.stack([one.values for one in found], axis=1),
                "activation": np.stack([one.activation for one in found], axis=1),
                "channels": np.array(args.chn), "stimuli": np.array(listed.names[rows]),
            }  # fmt: skip
            with replacing((args.out / file).with_suffix(".npz")) as handle:
                np.savez_compressed(handle, **arrays)
            done.append(file)
            tell(rows, pictures)
    return 0


def dnn_optstim(words: list[str]) -> int:
    """Pictures grown to drive channels."""
    flags = Flags("dnn-optstim", "Grow the picture that drives a channel most.")
    network_flags(flags)
    flags.flag("layer", "layer names", nargs="+")
    flags.flag("channel", "channel numbers from 1", nargs="+", type=int, dest="chn")
    flags.flag("dmask", "a .dmask.csv file, in the place of -layer and -channel", type=Path)
    flags.flag("prior", "a .stim.csv list: a picture to start from for each channel in turn",
               type=Path)  # fmt: skip
    flags.flag("steps", "of Adam (default 200)", type=int, default=200)
    flags.flag("tv", "weight of total variation (default 2)", type=float, default=2.0)
    flags.flag("seed", "of the start and the jitter (default 0)", type=int, default=0)
    flags.flag("outdir", "folder", required=True, type=Path, dest="out")
    args = flags.parse_args(words)
    network = opened(args)
    masks = masks_of(args, needed=True)
    assert masks is not None
    wanted = [(name, channel) for name, mask in masks.items()
              for channel in (mask.channels or ())]  # fmt: skip
    if not wanted:
        raise ParameterError("-channel", "Choose channels with -channel, or in the mask file.")
    starts = priors(args, network, len(wanted))
    with recorded(args.out, "dnn-optstim", args) as done:
        for place, (name, channel) in enumerate(wanted):
            picture = None if starts is None else starts[place]
            done.append(grown(args, network, name, channel, picture))
    return 0


def priors(args: argparse.Namespace, network: Network, count: int) -> np.ndarray | None:
    """Pictures to start from, in 0..1."""
    if args.prior is None:
        return None
    from backend.stimuli import listed
    from backend.stimuli.importing import fitted
    from backend.stimuli.set_files import as_bytes

    size = network.preprocessing
    pictures = listed.read(args.prior).pictures(size.height, size.width, args.fit)
    if len(pictures) != count:
        raise ParameterError("-prior", f"{args.prior.name} lists {len(pictures)} pictures for "
                             f"{count} channels. List one for each.")  # fmt: skip
    shown = [fitted(as_bytes(one), size.height, size.width, args.fit)
             for one in np.asarray(pictures[:])]  # fmt: skip
    colour = [np.stack([one] * 3, axis=2) if one.ndim == 2 else one for one in shown]
    return np.stack(colour) / np.float32(255)


def grown(
    args: argparse.Namespace, network: Network, name: str, channel: int, start: np.ndarray | None
) -> str:
    """Grow one picture; one that is stopped is kept under a name that says so."""
    from backend.networks.synthesis import Settings, Start, optimal_stimulus
    from backend.networks.units import Unit

    unit = Unit(layer_name(network, name), channel)
    settings = Settings(unit, total_variation=args.tv)
    trace, picture = [], None
    stem = f"{args.net}_{name}_chn{channel + 1}"
    told = telling(f"steps of {name} channel {channel + 1}")
    try:
        for step in optimal_stimulus(network, settings, args.steps, Start(start, args.seed)):
            picture = step.picture
            trace.append(f"{step.index},{step.activation:.6g},{step.penalty:.6g}")
            told(step.index, args.steps)
    except KeyboardInterrupt:
        if picture is not None:
            save_picture(args.out / f"{stem}_incomplete.png", picture)
        raise
    assert picture is not None
    save_picture(args.out / f"{stem}.png", picture)
    text = "\n".join(["step,activation,penalty", *trace])
    write_text(args.out / f"{stem}.csv", text + "\n")
    print(f"{name} channel {channel + 1}: {trace[0].split(',')[1]} to {trace[-1].split(',')[1]}")
    return f"{stem}.png"
