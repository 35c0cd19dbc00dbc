"""dnn-act, and what turns one activation file into another."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.dnnbrain_commands.flags import (
    Flags,
    activation_flags,
    listed_for,
    mask_flags,
    masks_of,
    network_flags,
    opened,
    out_flag,
    record_file,
    say,
    telling,
)
from backend.core.parameters import ParameterError
from backend.networks.act_edit import Layers, ablated, pooled, scan_masked, write_changed

POOLS = ("max", "mean", "median", "L1", "L2")
Change = Callable[[str, np.ndarray], np.ndarray]


def dnn_act(words: list[str]) -> int:
    """Scan a network."""
    flags = Flags("dnn-act", "Extract activations; a scan that was stopped goes on.")
    network_flags(flags)
    mask_flags(flags)
    flags.flag("stim", "a .stim.csv list of pictures", required=True, type=Path)
    flags.flag("pool", "one number a channel", choices=POOLS)
    out_flag(flags, "an .act.h5 file")
    args = flags.parse_args(words)
    masks = masks_of(args, needed=True)
    assert masks is not None
    network = opened(args)
    _, pictures = listed_for(args, network)
    try:
        scan_masked(args.out, network, pictures, masks, args.pool, telling("pictures"))
    except KeyboardInterrupt:
        say("Finished stretches of 64 pictures are kept. The same command goes on from there.")
        raise
    told(args.out)
    record_file(args.out, "dnn-act", args, complete=True, network=network.provenance,
                state=network.state_hash(), pictures=len(pictures))  # fmt: skip
    return 0


def told(path: Path) -> None:
    """What a new activation file holds."""
    for name, shape in Layers(path).held.shapes.items():
        print(f"{name}: {' × '.join(str(size) for size in shape)}")


def changed(name: str, args: argparse.Namespace, change: Change, needed: bool = False) -> int:
    """Write a changed copy of -act to -out."""
    layers = Layers(args.act, masks_of(args, needed) if hasattr(args, "layer") else None)
    write_changed(args.out, layers, change, say)
    told(args.out)
    record_file(args.out, name, args, complete=True)
    return 0


def dnn_mask(words: list[str]) -> int:
    """A part of an activation file."""
    flags = Flags("dnn-mask", "Keep layers, channels, rows and columns of an activation file.")
    activation_flags(flags)
    out_flag(flags, "an .act.h5 file")
    return changed("dnn-mask", flags.parse_args(words), lambda _, values: values, needed=True)


def dnn_pool(words: list[str]) -> int:
    """One number a channel."""
    flags = Flags("dnn-pool", "Pool each channel over its places.")
    activation_flags(flags)
    flags.flag("meth", "method", required=True, choices=POOLS)
    out_flag(flags, "an .act.h5 file")
    args = flags.parse_args(words)
    return changed("dnn-pool", args, lambda _, values: pooled(values, args.meth))


def dnn_fe(words: list[str]) -> int:
    """Features of activations."""
    from backend.analysis.feature_extraction import extracted

    flags = Flags("dnn-fe", "Features of activations: pca, hist or psd.")
    activation_flags(flags)
    flags.flag("meth", "method (pca, hist, psd) and number of features; pca: or a share below 1",
               required=True, nargs=2, metavar=("METHOD", "N"))  # fmt: skip
    flags.flag("axis", "features over channels (chn) or over places (row_col)",
               choices=("chn", "row_col"))  # fmt: skip
    out_flag(flags, "an .act.h5 file")
    args = flags.parse_args(words)
    try:
        count = float(args.meth[1])
    except ValueError:
        raise ParameterError("-meth", f'-meth takes a number of features; "{args.meth[1]}" was '
                             "given.") from None  # fmt: skip
    return changed(
        "dnn-fe", args, lambda _, values: extracted(values, args.meth[0], count, args.axis)
    )


def dnn_ablation(words: list[str]) -> int:
    """Silence units."""
    flags = Flags("dnn-ablation", "Set the masked units of an activation file to 0.")
    flags.flag("act", "activation file", required=True, type=Path)
    flags.flag("dmask", "a .dmask.csv file: the units to silence", required=True, type=Path)
    flags.flag("shuffle", "seed: give units another stimulus's values in the place of 0", type=int)
    out_flag(flags, "an .act.h5 file with all layers")
    args = flags.parse_args(words)
    from backend.analysis.dnnbrain_files import Mask, read_masks

    masks = read_masks(args.dmask)
    Layers(args.act, masks)  # refuses layers and numbers that are not there
    nothing = Mask((), (), ())
    return changed(
        "dnn-ablation", args,
        lambda name, values: ablated(values, masks.get(name, nothing), args.shuffle),
    )  # fmt: skip


def dnn_rotation(words: list[str]) -> int:
    """Turn the basis of units."""
    from backend.networks.unit_rotation import rotate_units

    flags = Flags("dnn-rotation", "Turn the basis of each layer's channels.")
    flags.flag("act", "activation file", required=True, type=Path)
    flags.flag("alpha", "angle in degrees, from 0 to 180", required=True, type=float)
    flags.flag("seed", "of the planes that are turned (default 0)", type=int, default=0)
    out_flag(flags, "an .act.h5 file")
    args = flags.parse_args(words)
    return changed(
        "dnn-rotation", args, lambda _, values: rotate_units(values, args.alpha, args.seed)
    )


def db_hrf(words: list[str]) -> int:
    """Activations as BOLD predictors."""
    from backend.analysis.hrf import convolved
    from backend.stimuli import listed

    flags = Flags("db-hrf", "Convolve activations with SPM's canonical response.")
    activation_flags(flags)
    flags.flag("stim", "a .stim.csv list with onset and duration", required=True, type=Path)
    flags.flag("tr", "repetition time in s", required=True, type=float)
    flags.flag("n_vol", "number of volumes", required=True, type=int)
    flags.flag("ops", "samples a second (default 100)", type=int, default=100,
               choices=(10, 100, 1000))  # fmt: skip
    out_flag(flags, "an .act.h5 file with a row a volume")
    args = flags.parse_args(words)
    events = listed.read(args.stim)
    onsets, durations = events.numbers("onset"), events.numbers("duration")

    def one(_: str, values: np.ndarray) -> np.ndarray:
        found = convolved(values, onsets, durations, args.n_vol, args.tr, args.ops)
        return found.astype(np.float32)

    return changed("db-hrf", args, one)
