"""Dissimilarity matrices and regions: dnn-rsa, brain-rsa, brain-roi."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from app.dnnbrain_commands.flags import (
    Flags,
    activation_flags,
    masks_of,
    out_flag,
    record_file,
    say,
    table,
    telling,
)
from backend.analysis.compression import z_scored_patterns
from backend.analysis.dnnbrain_files import read_rdms, write_rdms, write_rois
from backend.analysis.inputs import same_rows
from backend.analysis.mapping import parts
from backend.analysis.rdm import Distance, rdm
from backend.analysis.rdm_inference import permutation_test
from backend.analysis.rsa import averaged_rdm
from backend.brain.images import read, read_mask, region_signals
from backend.core.files import write_text
from backend.core.parameters import ParameterError, unknown_name
from backend.networks.act_edit import Layers

METRICS: dict[str, Distance] = {
    "euclidean": "Euclidean", "sqeuclidean": "squared Euclidean", "correlation": "correlation",
    "cosine": "cosine", "cityblock": "city-block",
}  # fmt: skip


def rdm_flags(flags: Flags) -> None:
    flags.flag("cate", "a .stim.csv list: average within its label column first", type=Path)
    flags.flag("metric", f"{', '.join(METRICS)} (default euclidean)", default="euclidean")
    flags.flag("zscore", "z-score each pattern first", action="store_true")
    flags.flag("compare", "an .rdm.h5 file: similarity with each of its matrices, tested by "
               "permuted stimulus labels", type=Path)  # fmt: skip
    flags.flag("perm", "permutations of that test (default 1000)", type=int, default=1000)
    flags.flag("seed", "of the permutations (default 0)", type=int, default=0)
    out_flag(flags, "an .rdm.h5 file")


def labels_of(args: argparse.Namespace, stimuli: int) -> np.ndarray | None:
    """Labels of -cate."""
    if args.cate is None:
        return None
    from backend.stimuli import listed

    labels = listed.read(args.cate).labels("label")
    same_rows(stimuli, len(labels), "labels")
    return labels


def matrix(patterns: np.ndarray, labels: np.ndarray | None, args: argparse.Namespace) -> np.ndarray:
    """(n, n) distances with scipy's names and scale."""
    if args.metric not in METRICS:
        raise unknown_name(args.metric, METRICS, "metric")
    rows = z_scored_patterns(patterns) if args.zscore else patterns
    distance = METRICS[args.metric]
    found = rdm(rows, distance) if labels is None else averaged_rdm(rows, labels, distance)
    return found * rows.shape[1] if args.metric == "sqeuclidean" else found


def dnn_rsa(words: list[str]) -> int:
    """Dissimilarity of a network's responses."""
    flags = Flags("dnn-rsa", "Dissimilarity matrices of a network's responses.")
    activation_flags(flags)
    flags.flag("iteraxis", "a matrix for each channel or place", choices=("channel", "row_col"))
    rdm_flags(flags)
    args = flags.parse_args(words)
    layers = Layers(args.act, masks_of(args))
    labels = labels_of(args, layers.stimuli)
    found: dict[str, np.ndarray] = {}
    for layer in layers:
        sets = parts(layers[layer], args.iteraxis)
        tell = telling(f"parts of {layer}")
        made = []
        for number, one in enumerate(sets, 1):
            made.append(matrix(np.ascontiguousarray(one), labels, args))
            tell(number, len(sets))
        found[layer] = np.stack(made)
    write_rdms(args.out, "network", found)
    return finish("dnn-rsa", args, found)


def brain_rsa(words: list[str]) -> int:
    """Dissimilarity of the brain's responses."""
    flags = Flags("brain-rsa", "Dissimilarity matrices of regions of the brain.")
    flags.flag("nif", "brain image with a map a stimulus", required=True, type=Path)
    flags.flag("bmask", "image of region labels", required=True, type=Path)
    flags.flag("roi", "labels to use (default: all)", nargs="+", type=int)
    rdm_flags(flags)
    args = flags.parse_args(words)
    image = read(args.nif)
    regions = read_mask(args.bmask, image)
    labels = labels_of(args, len(image.data))
    held = [int(number) for number in np.unique(regions[regions != 0])]
    found: dict[str, np.ndarray] = {}
    for number in args.roi or held:
        if number not in held:
            raise ParameterError("-roi", f"{args.bmask.name} has no region {number}. It has "
                                 f"{', '.join(map(str, held[:12]))}.")  # fmt: skip
        found[str(number)] = matrix(image.data[:, regions == number], labels, args)
        say(f"region {number}")
    write_rdms(args.out, "brain", found)
    return finish("brain-rsa", args, {name: one[None] for name, one in found.items()})


def finish(name: str, args: argparse.Namespace, found: dict[str, np.ndarray]) -> int:
    """Say what there is, compare if asked, keep the record."""
    for key, stack in found.items():
        print(f"{key}: {len(stack)} of {stack.shape[1]} × {stack.shape[2]}")
    if args.compare is not None:
        compare(args, found)
    record_file(args.out, name, args, complete=True)
    return 0


def compare(args: argparse.Namespace, found: dict[str, np.ndarray]) -> None:
    """Similarity of every matrix with every other file's, p by permuted stimulus labels."""
    _, others = read_rdms(args.compare)
    models = [(f"{key} {number + 1}" if len(stack) > 1 else key, one)
              for key, stack in found.items() for number, one in enumerate(stack)]  # fmt: skip
    rows = []
    for key, stack in others.items():
        for number, reference in enumerate(stack if stack.ndim == 3 else stack[None]):
            test = permutation_test([one for _, one in models], reference, "Pearson", args.perm,
                                    seed=args.seed)  # fmt: skip
            other = f"{key} {number + 1}" if stack.ndim == 3 and len(stack) > 1 else key
            for place, (model, _) in enumerate(models):
                rows.append({
                    "this": model, "other": other, "r": f"{test.observed[place]:.4f}",
                    "p": f"{test.p[place]:.4g}", "p corrected": f"{test.p_max[place]:.4g}",
                })  # fmt: skip
    table(rows)
    text = [",".join(rows[0])] + [",".join(row.values()) for row in rows]
    path = args.out.with_name(args.out.name.removesuffix(".rdm.h5") + ".comparison.csv")
    write_text(path, "\n".join(text) + "\n")


def brain_roi(words: list[str]) -> int:
    """Signals of regions."""
    flags = Flags("brain-roi", "One number a region and volume.")
    flags.flag("nif", "brain image", required=True, type=Path)
    flags.flag("mask", "image of region labels", required=True, type=Path)
    flags.flag("method", "mean, max or std (default mean)", default="mean",
               choices=("mean", "max", "std"))  # fmt: skip
    out_flag(flags, "a .roi.h5 file")
    args = flags.parse_args(words)
    image = read(args.nif)
    names, signals = region_signals(image.data, read_mask(args.mask, image), args.method)
    write_rois(args.out, names, signals)
    record_file(args.out, "brain-roi", args, complete=True)
    print(f"{len(names)} regions, {len(signals)} volumes")
    return 0
