"""Where a channel looks: dnn-minstim, dnn-rf-sw, dnn-rf-us."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.dnnbrain_commands.flags import (
    Flags,
    listed_for,
    network_flags,
    opened,
    out_flag,
    recorded,
    say,
)
from backend.core.files import replacing
from backend.networks.dnnbrain_names import layer_name
from backend.networks.units import unit_from_numbers
from backend.stimuli.sheet import save_picture, stretched

if TYPE_CHECKING:
    from backend.networks.network import Network
    from backend.networks.units import Unit

SUMMARIES = {"max": "max", "mean": "mean", "L2": "norm"}


def unit_flags(flags: Flags) -> None:
    network_flags(flags)
    flags.flag("stim", "a .stim.csv list, of the channel's top stimuli say", required=True,
               type=Path)  # fmt: skip
    flags.flag("layer", "layer name", required=True)
    flags.flag("chn", "channel number from 1", required=True, type=int)


def each(
    name: str,
    args: argparse.Namespace,
    network: Network,
    made: Callable[[np.ndarray], tuple[np.ndarray, str]],
    prefix: str,
) -> list[np.ndarray]:
    """Make and save one picture for each of the list; gives the values behind them."""
    listed, pictures = listed_for(args, network)
    values = []
    with recorded(args.out, name, args) as done:
        for number, file in enumerate(listed.names):
            found, words = made(np.asarray(pictures[number : number + 1])[0])
            shown = found if name == "dnn-minstim" else stretched(found)
            target = f"{prefix}_{args.layer}_chn{args.chn}_{file.replace('/', '_')}"
            save_picture(args.out / target, shown)
            values.append(found)
            done.append(target)
            say(f"{number + 1} of {len(listed)}: {words}")
    return values


def keep(args: argparse.Namespace, values: list[np.ndarray]) -> None:
    """The maps as numbers."""
    with replacing(args.out / "maps.npy") as file:
        np.save(file, np.stack(values), allow_pickle=False)


def dnn_minstim(words: list[str]) -> int:
    """The parts of pictures that a channel needs."""
    from backend.networks.minimal_image import SEGMENTATIONS, minimal_image

    flags = Flags("dnn-minstim", "The segments of pictures that drive a channel most together.")
    unit_flags(flags)
    flags.flag("seg", f"{', '.join(SEGMENTATIONS)} (default felzenszwalb)", default="felzenszwalb",
               choices=SEGMENTATIONS)  # fmt: skip
    out_flag(flags, "folder")
    args = flags.parse_args(words)
    network = opened(args)
    unit = unit_from_numbers(layer_name(network, args.layer), args.chn)

    def one(picture: np.ndarray) -> tuple[np.ndarray, str]:
        found = minimal_image(network, picture, unit, args.seg)
        value = found.prefixes[found.kept - 1]
        return found.picture, (f"{found.kept} of {len(found.order)} segments, {value:.3g} of "
                               f"{found.full:.3g}")  # fmt: skip

    each("dnn-minstim", args, network, one, "mi")
    return 0


def dnn_rf_sw(words: list[str]) -> int:
    """Receptive field by a sliding window."""
    from backend.networks.occluder import FILLS, occluder_map

    flags = Flags("dnn-rf-sw", "What a channel loses where a window covers pictures.")
    unit_flags(flags)
    flags.flag("wsize", "window in px of the network's input: width and height", required=True,
               nargs=2, type=int)  # fmt: skip
    flags.flag("stride", "its steps in px", required=True, nargs=2, type=int)
    flags.flag("metric", "of the channel's map: max, mean, L1, L2", required=True,
               choices=("max", "mean", "L1", "L2"))  # fmt: skip
    flags.flag("fill", f"of the window: {', '.join(FILLS)} (default black)", default="black",
               choices=FILLS)  # fmt: skip
    out_flag(flags, "folder")
    args = flags.parse_args(words)
    network = opened(args)
    unit = measured(network, args)
    window, stride = (args.wsize[1], args.wsize[0]), (args.stride[1], args.stride[0])

    def one(picture: np.ndarray) -> tuple[np.ndarray, str]:
        found = occluder_map(network, picture, unit, window, stride, args.fill)
        return found.values, f"loses up to {found.values.max():.3g} of {found.activation:.3g}"

    keep(args, each("dnn-rf-sw", args, network, one, "rf_sw"))
    return 0


def measured(network: Network, args: argparse.Namespace) -> Unit:
    """The channel, with the number that its map becomes."""
    from backend.networks.norm_unit import SumOfSizes

    layer = layer_name(network, args.layer)
    if args.metric == "L1":
        return SumOfSizes(layer, unit_from_numbers(layer, args.chn).channel)
    return unit_from_numbers(layer, args.chn, summary=SUMMARIES[args.metric])  # type: ignore[arg-type]


def dnn_rf_us(words: list[str]) -> int:
    """Receptive field by upsampled maps."""
    from backend.networks.empirical_field import empirical_field, upsampling_map

    flags = Flags("dnn-rf-us", "A channel's map at the size of the picture, clipped.")
    unit_flags(flags)
    flags.flag("ip_metric", "nearest, bilinear or bicubic", required=True,
               choices=("nearest", "bilinear", "bicubic"))  # fmt: skip
    flags.flag("up_thres", "share of places that become 0, from 0 to 1", required=True, type=float)
    out_flag(flags, "folder")
    args = flags.parse_args(words)
    network = opened(args)
    unit = unit_from_numbers(layer_name(network, args.layer), args.chn)

    def one(picture: np.ndarray) -> tuple[np.ndarray, str]:
        found = upsampling_map(network, picture, unit, 100 * args.up_thres, args.ip_metric)
        return found, f"largest {found.max():.3g}"

    keep(args, each("dnn-rf-us", args, network, one, "rf_us"))
    _, pictures = listed_for(args, network)
    field = empirical_field(network, np.asarray(pictures[:]), unit)
    print(f"{args.layer} channel {args.chn}: field of {field.size:.1f} px, from {field.used} "
          "pictures aligned on their peaks")  # fmt: skip
    return 0
