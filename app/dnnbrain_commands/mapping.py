"""Layers mapped to behaviour and brain: dnn-probe, db-corr, db-encode, db-decode, db-topo."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from app.dnnbrain_commands.flags import (
    Flags,
    activation_flags,
    fold_flags,
    masks_of,
    out_flag,
    recorded,
    say,
    table,
    telling,
)
from backend.analysis.inputs import same_rows
from backend.analysis.linear_models import Estimator, Model
from backend.analysis.mapping import (
    Mapped,
    Scheme,
    best_units,
    classified,
    predicted,
    score_name,
    strongest,
)
from backend.analysis.probing import Classifier, Probe
from backend.brain.responses import Responses, read_responses
from backend.core.files import replacing, write_text
from backend.core.parameters import ParameterError
from backend.networks.act_edit import Layers

REGRESSIONS: dict[str, Estimator] = {
    "glm": "OLS", "lasso": "lasso", "ridge": "ridge", "pls": "PLS",
}  # fmt: skip
CLASSIFIERS: dict[str, Classifier] = {"svc": "linear SVC", "lrc": "logistic"}
SCORINGS = "correlation, r2 or explained_variance"


def analysis_flag(flags: Flags) -> None:
    flags.flag("anal", "uv: each unit alone; mv: all together", required=True, choices=("uv", "mv"))


def axis_flag(flags: Flags) -> None:
    flags.flag("iteraxis", "a score for each channel or place", choices=("channel", "row_col"))


def response_flags(flags: Flags) -> None:
    kinds = ".roi.h5, .nii, .nii.gz, .dscalar.nii, .func.gii, .mgh, .npy, .csv"
    flags.flag("resp", f"responses: {kinds}", required=True, type=Path)
    flags.flag("bmask", "mask of a brain image", type=Path)
    flags.flag("roi", "regions of a .roi.h5 file (default: all)", nargs="+")


def scheme_of(args: argparse.Namespace) -> Scheme:
    """Folds and permutations of the flags."""
    if args.perm < 0:
        raise ParameterError("-perm", f"-perm is {args.perm}; it starts at 0.", 0)
    if args.pca is not None and args.pca < 1:
        raise ParameterError("-pca", f"-pca is {args.pca}; it starts at 1.", 100)
    return Scheme(args.cv, args.seed, args.perm)


def refuse_uv(args: argparse.Namespace) -> None:
    """Flags that say nothing of single units."""
    if args.anal == "uv" and (args.pca is not None or args.perm):
        raise ParameterError("-anal", "-pca and -perm are for -anal mv: a single unit has no "
                             "components, and its score is nested. Leave them out.")  # fmt: skip


def dnn_probe(words: list[str]) -> int:
    """Behaviour from activations."""
    flags = Flags("dnn-probe", "Decode behaviour from activations; scores are held-out.")
    analysis_flag(flags)
    activation_flags(flags)
    axis_flag(flags)
    flags.flag("stim", "a .stim.csv list with the behaviour", required=True, type=Path)
    flags.flag("beh", "its columns", required=True, nargs="+")
    flags.flag("model", "glm, lasso, ridge, pls: numbers; svc, lrc: classes; corr: correlation",
               required=True, choices=(*REGRESSIONS, *CLASSIFIERS, "corr"))  # fmt: skip
    flags.flag("scoring", f"of numbers: {SCORINGS} (default r2)", default="r2")
    fold_flags(flags)
    out_flag(flags, "folder")
    args = flags.parse_args(words)
    from backend.stimuli import listed

    behaviour = listed.read(args.stim)
    scheme = scheme_of(args)
    classes = args.model in CLASSIFIERS
    if classes:
        targets = np.stack([behaviour.labels(name).astype(str) for name in args.beh], axis=1)
    else:
        targets = np.stack([behaviour.numbers(name) for name in args.beh], axis=1)
    refuse_corr_uv(args)
    layers = Layers(args.act, masks_of(args))
    same_rows(layers.stimuli, len(targets), "behaviour")
    rows = []
    with recorded(args.out, "dnn-probe", args) as done:
        for layer in layers:
            features = layers[layer]
            if classes:
                found = of_classes(features, targets, args, scheme)
            else:
                found = of_numbers(features, targets, args, scheme)
            save_arrays(place_of(args, layer), found)
            if classes and args.anal == "mv":
                save(place_of(args, layer) / "labels.npy", np.unique(targets[:, 0]))
            done.append(layer)
            rows += [line(layer, name, found, number) for number, name in enumerate(args.beh)]
            warn(layer, found)
    table(rows)
    return 0


def refuse_corr_uv(args: argparse.Namespace) -> None:
    if args.model == "corr" and args.anal == "mv":
        raise ParameterError("-model", "corr looks at one unit at a time. Use -anal uv, or -model "
                             "glm.", "glm")  # fmt: skip
    if args.model != "corr":
        refuse_uv(args)


def of_classes(
    features: np.ndarray, targets: np.ndarray, args: argparse.Namespace, scheme: Scheme
) -> Mapped:
    """Every column of labels, one after another, as targets of one map."""
    found = []
    for labels in targets.T:
        if args.anal == "uv":
            found.append(best_units(features, labels, args.iteraxis, True, scheme=scheme,
                                    progress=telling("targets")))  # fmt: skip
        else:
            readout = Probe(CLASSIFIERS[args.model], args.pca)
            found.append(classified(features, labels, args.iteraxis, readout, scheme,
                                    progress=telling("parts")))  # fmt: skip
    if len(found) > 1 and args.anal == "mv":
        sizes = {one.confusion.shape[-1] for one in found if one.confusion is not None}
        if len(sizes) > 1:
            raise ParameterError("-beh", "These columns have different numbers of classes. Decode "
                                 "them one at a time.")  # fmt: skip
    return joined(found)


def joined(found: list[Mapped]) -> Mapped:
    """Maps of one target each as one."""

    def together(name: str) -> Any:
        arrays = [getattr(one, name) for one in found]
        return None if arrays[0] is None else np.concatenate(arrays, axis=1)

    return Mapped(together("score"), together("location"), together("confusion"), together("p"),
                  max(one.dead for one in found), all(one.converged for one in found))  # fmt: skip


def of_numbers(
    features: np.ndarray, targets: np.ndarray, args: argparse.Namespace, scheme: Scheme
) -> Mapped:
    """Columns of numbers."""
    if args.model == "corr":
        return strongest(features, targets, args.iteraxis, scheme, progress=telling("permutations"))
    what = score_name(args.scoring)
    if args.anal == "uv":
        return best_units(features, targets, args.iteraxis, False, what, scheme,
                          progress=telling("targets"))  # fmt: skip
    model = Model(REGRESSIONS[args.model], args.pca)
    return predicted(features, targets, args.iteraxis, model, what, scheme,
                     progress=telling("parts"))  # fmt: skip


def place_of(args: argparse.Namespace, layer: str) -> Path:
    """LAYER/AXIS below -out, as the original has it."""
    folder: Path = args.out / layer
    return folder if args.iteraxis is None else folder / args.iteraxis


def save(path: Path, values: np.ndarray) -> None:
    with replacing(path) as file:
        np.save(file, values, allow_pickle=False)


def save_arrays(folder: Path, found: Mapped) -> None:
    """score.npy, location.npy, conf_m.npy, p.npy."""
    values = {"score": found.score, "location": found.location, "conf_m": found.confusion,
              "p": found.p}  # fmt: skip
    if found.score.shape[2] == 1 and found.location is not None:
        values["score"] = found.score[:, :, 0]  # a correlation has no folds
    for name, array in values.items():
        if array is not None:
            save(folder / f"{name}.npy", array)


def line(layer: str, name: str, found: Mapped, target: int) -> dict[str, str]:
    """A row for people: the best part of a layer."""
    means = found.score[:, target].mean(axis=1)
    good = np.isfinite(means)
    if not good.any():
        return {"layer": layer, "target": name, "score": "undefined", "SD": "", "p": ""}
    best = int(np.where(good, means, -np.inf).argmax())
    folds = found.score[best, target]
    p = "" if found.p is None else f"{found.p[best, target]:.4g}"
    spread = f"{folds.std(ddof=1):.3f}" if len(folds) > 1 else ""
    return {"layer": layer, "target": name, "score": f"{means[best]:.3f}", "SD": spread, "p": p}


def warn(layer: str, found: Mapped) -> None:
    if not found.converged:
        say(f"{layer}: a classifier stopped at its limit of steps. Use -pca.")
    if found.dead:
        say(f"{layer}: {found.dead} parts never vary; their scores are not numbers.")


def db_corr(words: list[str]) -> int:
    """Correlation of every unit with the brain."""
    flags = Flags("db-corr", "The largest correlation of any unit with each brain measure.")
    activation_flags(flags)
    axis_flag(flags)
    response_flags(flags)
    flags.flag("perm", "permutations of the largest r, for p values", type=int, default=0)
    flags.flag("seed", "of the permutations (default 0)", type=int, default=0)
    out_flag(flags, "folder")
    args = flags.parse_args(words)
    brain = read_responses(args.resp, args.roi, args.bmask)
    layers = Layers(args.act, masks_of(args))
    same_rows(layers.stimuli, len(brain.values))
    scheme = Scheme(2, args.seed, args.perm)
    rows = []
    with recorded(args.out, "db-corr", args) as done:
        for layer in layers:
            found = strongest(layers[layer], brain.values, args.iteraxis, scheme,
                              progress=telling("permutations"))  # fmt: skip
            folder = place_of(args, layer)
            if brain.names:
                text = [",".join(brain.names)]
                text += [",".join(f"{r:.6g}" for r in row) for row in found.score[:, :, 0]]
                write_text(folder / "score.csv", "\n".join(text) + "\n")
                save_rest(folder, found)
            else:
                save_in_space(folder, found, brain, correlation=True)
            done.append(layer)
            rows.append(summary(layer, found))
    table(rows)
    return 0


def save_rest(folder: Path, found: Mapped) -> None:
    for name, array in (("location", found.location), ("p", found.p)):
        if array is not None:
            save(folder / f"{name}.npy", array)


def save_in_space(folder: Path, found: Mapped, brain: Responses, correlation: bool = False) -> None:
    """Fold scores, locations and p values as arrays in space; fold means as an image."""
    assert brain.image is not None
    means = brain.laid_out(found.score.mean(axis=2))
    names = [f"part {number + 1}" for number in range(len(means))]
    folder.mkdir(parents=True, exist_ok=True)
    brain.image.save(folder / f"score{brain.image.ending}", means, names)
    if not correlation and brain.image.kind != "array":
        save(folder / "score.npy", brain.in_space(found.score))
    elif not correlation:
        save(folder / "score_folds.npy", brain.in_space(found.score))
    if found.location is not None:
        save(folder / "location.npy", brain.in_space(found.location))
    if found.p is not None:
        brain.image.save(folder / f"p{brain.image.ending}", brain.laid_out(found.p), names)


def summary(layer: str, found: Mapped) -> dict[str, str]:
    """A row for people over all measures."""
    best = found.score.mean(axis=2)
    best = np.where(np.isnan(best), -np.inf, best).max(axis=0)
    good = best[np.isfinite(best)]
    if not good.size:
        return {"layer": layer, "measures": str(len(best)), "mean": "undefined", "largest": ""}
    return {"layer": layer, "measures": str(len(good)), "mean": f"{good.mean():.3f}",
            "largest": f"{good.max():.3f}"}  # fmt: skip


def regression_asked(flags: Flags, words: list[str]) -> tuple[argparse.Namespace, Scheme]:
    """Declare what both directions share, then read: (arguments, scheme of the folds)."""
    flags.flag("model", "glm, lasso, ridge or pls", required=True, choices=tuple(REGRESSIONS))
    flags.flag("scoring", f"{SCORINGS} (default explained_variance)",
               default="explained_variance")  # fmt: skip
    fold_flags(flags)
    out_flag(flags, "folder")
    args = flags.parse_args(words)
    refuse_uv(args)
    score_name(args.scoring)
    return args, scheme_of(args)


def db_encode(words: list[str]) -> int:
    """The brain from activations."""
    flags = Flags("db-encode", "Predict brain measures from activations; scores are held-out.")
    analysis_flag(flags)
    activation_flags(flags)
    axis_flag(flags)
    response_flags(flags)
    args, scheme = regression_asked(flags, words)
    brain = read_responses(args.resp, args.roi, args.bmask)
    layers = Layers(args.act, masks_of(args))
    same_rows(layers.stimuli, len(brain.values))
    rows = []
    with recorded(args.out, "db-encode", args) as done:
        for layer in layers:
            found = of_numbers(layers[layer], brain.values, args, scheme)
            if brain.image is None:
                save_arrays(place_of(args, layer), found)
            else:
                save_in_space(place_of(args, layer), found, brain)
            done.append(layer)
            rows.append(summary(layer, found))
            warn(layer, found)
            tell_constant(layer, found)
    table(rows)
    return 0


def tell_constant(layer: str, found: Mapped) -> None:
    undefined = int(np.isnan(found.score).all(axis=(0, 2)).sum())
    if undefined:
        say(f"{layer}: {undefined} measures never vary; their scores are not numbers.")


def db_decode(words: list[str]) -> int:
    """Activations from the brain."""
    flags = Flags("db-decode", "Predict every unit from brain measures; scores are held-out.")
    analysis_flag(flags)
    response_flags(flags)
    activation_flags(flags)
    args, scheme = regression_asked(flags, words)
    args.iteraxis = None
    brain = read_responses(args.resp, args.roi, args.bmask)
    measures = np.asarray(brain.values)[:, :, None, None]
    layers = Layers(args.act, masks_of(args))
    same_rows(layers.stimuli, len(measures))
    rows = []
    with recorded(args.out, "db-decode", args) as done:
        for layer in layers:
            units = layers[layer]
            found = of_numbers(measures, units.reshape(len(units), -1), args, scheme)
            folder = place_of(args, layer)
            save(folder / "score.npy", found.score[0].reshape(*units.shape[1:], -1))
            if found.location is not None:
                save(folder / "location.npy", found.location[0, :, 0].reshape(units.shape[1:]))
            if found.p is not None:
                save(folder / "p.npy", found.p[0].reshape(units.shape[1:]))
            done.append(layer)
            rows.append(summary(layer, found))
    table(rows)
    return 0


def db_topo(words: list[str]) -> int:
    """Preferred layer and place of every voxel."""
    from backend.brain.topography import topography

    flags = Flags("db-topo", "Preferred layer, eccentricity and polarity of every voxel.")
    activation_flags(flags)
    flags.flag("hrf", "convolve first: use db-hrf", action="store_true")
    flags.flag("resp", "responses: a brain image", required=True, type=Path)
    flags.flag("bmask", "mask of the brain image", type=Path)
    flags.flag("cv", "folds (default 3), shuffled", type=int, default=3)
    flags.flag("seed", "of the folds (default 0)", type=int, default=0)
    flags.flag("pca", "principal components (default 100)", type=int, default=100)
    out_flag(flags, "folder")
    args = flags.parse_args(words)
    if args.hrf:
        raise ParameterError("-hrf", "Onsets and TR are needed for the response. Run isomorph "
                             "db-hrf first and give its file to -act.")  # fmt: skip
    brain = read_responses(args.resp, None, args.bmask)
    if brain.image is None:
        raise ParameterError("-resp", f"{args.resp.name} holds regions. Give a brain image.")
    layers = Layers(args.act, masks_of(args))
    same_rows(layers.stimuli, len(brain.values))
    with recorded(args.out, "db-topo", args) as done:
        found = topography(layers, brain.values, Scheme(args.cv, args.seed), args.pca,
                           progress=telling("layers"))  # fmt: skip
        for name in ("layer", "r", "row", "column", "eccentricity", "polarity"):
            values = brain.laid_out(np.nan_to_num(getattr(found, name))[None])
            brain.image.save(args.out / f"{name}{brain.image.ending}", values, [name])
            done.append(name)
    for number, name in enumerate(layers, 1):
        count = int((found.layer == number).sum())
        print(f"{number} {name}: preferred by {count} of {brain.values.shape[1]}")
    return 0
