"""What is left when channels go, and when the basis of the units turns (2.12, 7.16)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import Session

if TYPE_CHECKING:
    from backend.networks.layers import Layer

MOST_NUMBERS = 50
CLASSIFIERS = ("logistic", "linear SVC", "ridge classifier", "correlation")


def numbers_in(text: str, field: str, high: float, what: str) -> tuple[float, ...]:
    """Numbers from 0 to ``high`` of a list with commas, sorted; ParameterError names the first that
    is none."""
    found = []
    for word in (one.strip().rstrip("%°") for one in text.split(",")):
        if not word:
            continue
        try:
            value = float(word)
        except ValueError:
            value = float("nan")
        if not 0 <= value <= high:
            raise ParameterError(
                field, f'{what} are numbers from 0 to {high:g}, separated by commas; "{word}" is '
                "none.",
            )  # fmt: skip
        found.append(value)
    if not 1 <= len(set(found)) <= MOST_NUMBERS:
        raise ParameterError(
            field, f"{what}: {len(set(found))} given; from 1 to {MOST_NUMBERS} can be drawn."
        )
    return tuple(sorted(set(found)))


@dataclass(frozen=True)
class Judged:
    """Pictures whose right answer is an output unit, ``labels`` (n,) from 0; ``words`` name
    them."""

    images: Any
    labels: np.ndarray
    words: str


def judged_pictures(session: Session) -> Judged | None:
    """Pictures that the network names: those whose classes are called as its outputs, or the
    trained categories.

    None for a network that names neither.
    """
    from backend.networks.mini import untrained
    from backend.networks.opening import MINI
    from backend.stimuli import shapeworld

    p, stimuli, network = session.p, session.stimuli, session.network
    place = {str(name).lower(): number for number, name in enumerate(network.labels)}
    codes = np.array([place.get(str(one).lower(), -1) for one in stimuli.label])
    if (codes >= 0).all():
        return Judged(stimuli.images, codes, "the pictures")
    if p.network not in MINI or network.labels != untrained(MINI[p.network]).labels:  # type: ignore[arg-type]
        return None
    images, category, _ = shapeworld.test_set()
    return Judged(images, category, "the trained categories")


def lesion(run: Run) -> None:
    """Accuracy on pictures the network names as channels of one layer go; a draw is a cell."""
    from backend.networks.channel_removal import removal_orders, target_of
    from backend.networks.layers import layers

    session = Session(run)
    p = session.p
    judged = judged_pictures(session)
    if judged is None:
        raise ParameterError(
            "stimuli", f"{session.network.name} names none of these pictures. Use pictures whose "
            "classes are called as its outputs, or MiniAlexNet.",
        )  # fmt: skip
    if p.stimuli != "test" and judged.words == "the trained categories":
        run.note("Accuracy needs categories the network names: the trained ones are shown.")
    shares = numbers_in(p.shares, "shares", 100.0, "Shares")
    convolutions = [one.name for one in layers(session.network) if one.kind == "Conv2d"]
    name = p.lesioned.strip() or convolutions[-1]
    target = target_of(session.network, name)
    draws = p.draws if p.order == "random" or p.ablation == "shuffle" else 1
    run.status("Ordering the channels")
    orders = removal_orders(session.network, target, judged.images, judged.labels, p.order, draws,
                            p.seed, run.check)  # fmt: skip
    curves: list[list[float]] = []
    for draw, order in enumerate(orders):
        cell = run.cells.do(
            ("lesion", draw), partial(one_draw, session, judged, target, order, shares, draw)
        )
        curves.append(cell)
        run.progress(draw + 1, draws, f"draws, {name}")
        publish_lesion(run, shares, np.array(curves))
    measure_lesion(run, name, shares, np.array(curves))


def one_draw(
    session: Session, judged: Judged, target: Layer, order: np.ndarray,
    shares: tuple[float, ...], draw: int,
) -> list[float]:  # fmt: skip
    """Accuracy at each share of one draw."""
    from backend.networks.channel_removal import accuracy_as_channels_go

    p = session.p
    found = accuracy_as_channels_go(
        session.network, target, judged.images, judged.labels, order,
        [share / 100 for share in shares], p.ablation, p.seed + draw, session.run.check,
    )  # fmt: skip
    return [float(one) for one in found]


def publish_lesion(run: Run, shares: tuple[float, ...], curves: np.ndarray) -> None:
    """Mean of the draws so far, and the band of all."""
    run.channel("lesion").publish(
        x=np.array(shares), accuracy=curves.mean(axis=0),
        bands={"accuracy": (curves.min(axis=0), curves.max(axis=0))},
    )  # fmt: skip


def measure_lesion(run: Run, name: str, shares: tuple[float, ...], curves: np.ndarray) -> None:
    """Mean and SD at each share, the table of every draw, and one sentence."""
    p: DNNBrainParameters = run.parameters
    for share, value in zip(shares, curves.T, strict=True):
        run.measure_known(f"removed_{share:g}", float(value.mean()), sd=float(value.std()),
                          n=len(value))  # fmt: skip
    run.table("lesion", {
        "removed_percent": list(shares), "mean": curves.mean(axis=0).tolist(),
        "sd": curves.std(axis=0).tolist(),
        **{f"draw_{number}": one.tolist() for number, one in enumerate(curves, 1)},
    })  # fmt: skip
    how = {"random": "at random", "active": "most active first",
           "selective": "most selective first"}[p.order]  # fmt: skip
    fill = {"zero": "removed", "mean": "held at their mean",
            "shuffle": "taken from other pictures"}[p.ablation]  # fmt: skip
    lead = 50.0 if 50.0 in shares else shares[-1]
    if f"removed_{lead:g}" in run.result.values:
        part = "Half" if lead == 50 else f"{lead:g} %"
        run.lead(f"removed_{lead:g}", f"{part} of the channels of {name} {fill} {how}.")


def rotate(run: Run) -> None:
    """Selectivity of single units, a linear probe and the network itself as the basis turns."""
    session = Session(run)
    p = session.p
    angles = numbers_in(p.angles, "angles", 180.0, "Angles")
    name = p.lesioned.strip() or rectified_name(session)
    from backend.networks.layers import find

    target = find(session.network, name)
    if target.channels < 2:
        raise ParameterError("lesioned", f"{name} has one channel. A rotation needs two.")
    run.status(f"Scanning {name}")
    activity = pooled(session, target)
    judged = judged_pictures(session)
    if judged is None:
        run.note(f"{session.network.name} names none of these pictures, so its own accuracy is not "
                 "shown.")  # fmt: skip
    draws: list[dict[str, list[float]]] = []
    for draw in range(p.draws):
        steps = partial(turn_done, run, draw, len(angles))
        draws.append(run.cells.do(
            ("rotate", draw),
            partial(one_rotation, session, judged, target, activity, angles, draw, steps),
        ))  # fmt: skip
        steps(len(angles))
        publish_rotation(run, angles, draws)
    measure_rotation(run, name, angles, draws)


def turn_done(run: Run, draw: int, of: int, done: int) -> None:
    """Progress over angles of all draws."""
    p: DNNBrainParameters = run.parameters
    run.progress(draw * of + done, p.draws * of, "rotations")


def rectified_name(session: Session) -> str:
    """The last rectified layer with places; the last layer with several units without one."""
    from backend.networks.layers import layers, relu_layers

    spatial = [one.name for one in relu_layers(session.network) if len(one.shape) == 3]
    return spatial[-1] if spatial else layers(session.network)[-1].name


def pooled(session: Session, target: Layer) -> np.ndarray:
    """(n, C) mean over places of the layer's output: turning and averaging may change places."""
    from backend.networks.scan import stream

    rows = []
    images = session.stimuli.images
    for piece, values in stream(session.network, images, [target.name], check=session.run.check):
        maps = np.moveaxis(values[target.name], target.channel_axis, 1)
        rows.append(maps.reshape(*maps.shape[:2], -1).mean(axis=2, dtype=np.float64))
        session.run.progress(piece.stop, len(images), "pictures")
    return np.concatenate(rows)


def one_rotation(
    session: Session, judged: Judged | None, target: Layer, activity: np.ndarray,
    angles: tuple[float, ...], draw: int, steps: Any,
) -> dict[str, list[float]]:  # fmt: skip
    """Mean selectivity, probe and accuracy at each angle of one random basis."""
    from backend.analysis.probing import Probe, probe
    from backend.networks.unit_rotation import rotation_matrix
    from backend.networks.unit_selectivity import selectivity

    p, stimuli = session.p, session.stimuli
    readout = Probe(p.probe if p.probe in CLASSIFIERS else "logistic", p.components, p.C)  # type: ignore[arg-type]
    found: dict[str, list[float]] = {"selectivity": [], "probe": [], "network": []}
    for number, angle in enumerate(angles):
        session.run.check()
        turned = activity @ rotation_matrix(target.channels, angle, p.seed + draw).T
        found["selectivity"].append(float(selectivity(turned, stimuli.category).mean()))
        folds = probe(turned, stimuli.label, readout, p.folds, p.seed, session.run.check)
        found["probe"].append(float(np.mean([one.accuracy for one in folds])))
        steps(number + 1)
    if judged is not None:
        found["network"] = turned_accuracy(session, judged, target, angles, draw)
    return found


def turned_accuracy(
    session: Session, judged: Judged, target: Layer, angles: tuple[float, ...], draw: int
) -> list[float]:
    """Accuracy of the network itself when the layer hands on its output in each basis."""
    from backend.networks.runtime import torch
    from backend.networks.unit_rotation import rotation_matrix
    from backend.networks.variants import pieces, predictions

    matrices = torch().from_numpy(np.stack([
        rotation_matrix(target.channels, angle, session.p.seed + draw) for angle in angles
    ]).astype(np.float32))  # fmt: skip

    def change(maps: Any, which: slice) -> Any:
        turned = [(maps.movedim(1, -1) @ one.T).movedim(-1, 1) for one in matrices[which]]
        return torch().stack(turned)

    right = np.zeros(len(angles))
    for piece in pieces(len(judged.images), 64):
        x = session.network.preprocessing.prepare(judged.images[piece])
        named = predictions(session.network, target, x, change, len(angles), session.run.check)
        right += (named == judged.labels[piece][None]).sum(axis=1)
    return [float(one) for one in right / len(judged.images)]


def curves_of(draws: list[dict[str, list[float]]]) -> dict[str, np.ndarray]:
    """(n_draw, n_angle) of each measure that was taken."""
    return {
        name: np.array([one[name] for one in draws])
        for name in ("selectivity", "probe", "network") if draws[0][name]
    }  # fmt: skip


def publish_rotation(
    run: Run, angles: tuple[float, ...], draws: list[dict[str, list[float]]]
) -> None:
    """Means of the draws so far with the band of all; selectivity in a plot of its own."""
    curves = curves_of(draws)
    x = np.array(angles)
    for channel, names in (("rotation", ("probe", "network")), ("selectivity", ("selectivity",))):
        there = [name for name in names if name in curves]
        run.channel(channel).publish(
            x=x, **{name: curves[name].mean(axis=0) for name in there},
            bands={name: (curves[name].min(axis=0), curves[name].max(axis=0)) for name in there},
        )  # fmt: skip


def measure_rotation(
    run: Run, name: str, angles: tuple[float, ...], draws: list[dict[str, list[float]]]
) -> None:
    """Values at each angle, what the probe loses, and the table."""
    curves = curves_of(draws)
    for measure, values in curves.items():
        for angle, column in zip(angles, values.T, strict=True):
            run.measure_known(f"turned_{measure}_{angle:g}", float(column.mean()),
                              sd=float(column.std()), n=len(column))  # fmt: skip
    probe, selectivity = curves["probe"], curves["selectivity"].mean(axis=0)
    run.measure_known("turned_probe_change", float(np.abs(probe - probe[:, :1]).max()))
    least = int(selectivity.argmin())
    lost = 100.0 * (1 - selectivity[least] / selectivity[0])
    run.measure_known("turned_selectivity_lost", float(lost))
    run.table("rotation", {
        "angle_deg": list(angles),
        **{key: values.mean(axis=0).tolist() for key, values in curves.items()},
        **{f"{key}_sd": values.std(axis=0).tolist() for key, values in curves.items()},
    })  # fmt: skip
    run.lead(
        "turned_selectivity_lost",
        f"of the selectivity of single units of {name} goes at {angles[least]:g}°; the linear "
        f"probe changes by {np.abs(probe - probe[:, :1]).max():.3f} at most.",
    )
