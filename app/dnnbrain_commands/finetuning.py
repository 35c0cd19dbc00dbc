"""dnn-finetune: a network trained on for labels, or towards a brain as well."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.dnnbrain_commands.flags import (
    Flags,
    listed_for,
    masks_of,
    network_flags,
    opened,
    out_flag,
    recorded,
    say,
    telling,
)
from backend.analysis.inputs import same_rows
from backend.core.files import replacing, write_text
from backend.core.parameters import ParameterError
from backend.networks.dnnbrain_names import layer_name
from backend.stimuli import listed as lists

if TYPE_CHECKING:
    from backend.networks.network import Network


def declared() -> Flags:
    """The flags."""
    flags = Flags("dnn-finetune", "Train a network on; accuracy is that of held-out pictures.")
    network_flags(flags)
    flags.flag("layer", "learning starts here; with a brain, its output is pulled towards it",
               nargs=1)  # fmt: skip
    flags.flag("dmask", "a .dmask.csv file that names this layer instead", type=Path)
    flags.flag("stim", "a .stim.csv list of pictures", required=True, type=Path)
    flags.flag("hrf", "convolve first: a picture needs one response", action="store_true")
    flags.flag("resp", "a .stim.csv list, .roi.h5 table or brain image", required=True, type=Path)
    flags.flag("bmask", "mask of a brain image", type=Path)
    flags.flag("cmeas", "column of class labels", metavar="COLUMN")
    flags.flag("rmeas", "regions, or columns of numbers, to be predicted as well", nargs="+")
    flags.flag("cvfold", "folds (default 3), shuffled", type=int, default=3)
    flags.flag("weight", "of the brain's part of the loss, 0 to 10 (default 1)", type=float,
               default=1.0)  # fmt: skip
    flags.flag("epochs", "passes through the pictures (default 10)", type=int, default=10)
    flags.flag("rate", "learning rate (default 0.0001)", type=float, default=1e-4)
    flags.flag("seed", "of folds, head and order (default 0)", type=int, default=0)
    out_flag(flags, "folder")
    return flags


def dnn_finetune(words: list[str]) -> int:
    """Train a network on."""
    args = declared().parse_args(words)
    if args.hrf:
        raise ParameterError("-hrf", "Training needs one response a picture. Estimate them first "
                             "and leave -hrf out.")  # fmt: skip
    if not 0 <= args.weight <= 10:
        raise ParameterError("-weight", f"-weight is {args.weight:g}; it goes from 0 to 10.", 1.0)
    args.chn = None
    network = opened(args)
    names = list(masks_of(args, needed=True) or ())
    if len(names) != 1:
        raise ParameterError("-dmask", f"{args.dmask.name} names {len(names)} layers. Training "
                             "starts at one.")  # fmt: skip
    layer = layer_name(network, names[0])
    listed, pictures = listed_for(args, network)
    labels = labels_of(args, listed)
    responses = responses_of(args, len(listed))
    return trained(args, network, layer, pictures, labels, responses)


def labels_of(args: argparse.Namespace, listed: lists.Listed) -> np.ndarray:
    """Class names of -cmeas."""
    if args.cmeas is None:
        raise ParameterError("-cmeas", "A network is trained for a task, with a brain beside it. "
                             "Name a column of labels with -cmeas.")  # fmt: skip
    behaviour = args.resp.name.endswith(".stim.csv")
    labels = (lists.read(args.resp) if behaviour else listed).labels(args.cmeas)
    same_rows(len(listed), len(labels), "labels")
    return labels


def responses_of(args: argparse.Namespace, stimuli: int) -> np.ndarray | None:
    """Measures to be predicted beside the task (n, m), z-scored; None without any."""
    from backend.brain.responses import read_responses

    if args.resp.name.endswith(".stim.csv"):
        if not args.rmeas:
            return None
        held = lists.read(args.resp)
        values = np.stack([held.numbers(name) for name in args.rmeas], axis=1)
    else:
        values = read_responses(args.resp, args.rmeas, args.bmask).values
    same_rows(stimuli, len(values), "responses")
    spread = values.std(axis=0)
    if (spread == 0).any():
        say(f"{int((spread == 0).sum())} measures never vary; they are left out.")
    values = values[:, spread > 0]
    if not values.shape[1]:
        raise ParameterError("-resp", f"{args.resp.name}: no measure varies.")
    return (values - values.mean(axis=0)) / spread[spread > 0]


def trained(
    args: argparse.Namespace,
    network: Network,
    layer: str,
    pictures: Any,
    labels: np.ndarray,
    responses: np.ndarray | None,
) -> int:
    """Folds first, then a network trained on all pictures."""
    from backend.networks.co_training import BrainTarget
    from backend.networks.fine_tuning import before, held_out_accuracy
    from backend.networks.heads import with_head
    from backend.networks.runtime import torch
    from backend.networks.training import Recipe, train

    classes, code = np.unique(labels, return_inverse=True)
    network = with_head(network, tuple(str(one) for one in classes), args.seed)
    brain = None if responses is None else BrainTarget(layer, responses, args.weight)
    recipe = Recipe(args.epochs, rate=args.rate, frozen=before(network, layer), seed=args.seed)
    rows = ["fold,accuracy"]
    with recorded(args.out, "dnn-finetune", args) as done:
        scores = held_out_accuracy(network, pictures, code, recipe, args.cvfold, brain,
                                   progress=telling("folds"))  # fmt: skip
        for number, score in enumerate(scores, 1):
            rows.append(f"{number},{score:.6g}")
            write_text(args.out / "score.csv", "\n".join(rows) + "\n")
            done.append(f"fold {number}")
        whole = train(network, pictures, code, recipe, brain=brain, progress=telling("steps"))
        with replacing(args.out / f"{args.net}.pt") as file:
            torch().save(whole.network.module.state_dict(), file)
        write_text(args.out / "labels.csv", "\n".join(["unit,label", *(
            f"{unit},{name}" for unit, name in enumerate(classes, 1))]) + "\n")  # fmt: skip
        done.append(f"{args.net}.pt")
    values = [float(row.split(",")[1]) for row in rows[1:]]
    print(f"accuracy {np.mean(values):.3f} of held-out pictures, chance {1 / len(classes):.3f}")
    if responses is not None:
        print(f"r {np.nanmean([s.brain for s in whole.steps[-5:]]):.3f} with the brain in training")
    return 0
