"""Output units: optimal stimuli and top pictures (2.11)."""

from __future__ import annotations

import numpy as np

from backend.core.run import Run
from backend.studies.dnn_lab.session import Session


def units(run: Run) -> None:
    """Optimal stimuli of the first output units against the best picture; top pictures."""
    from backend.networks.layers import layers
    from backend.networks.scan import stream
    from backend.networks.synthesis import Settings, Start, optimal_stimulus
    from backend.networks.units import Unit
    from backend.networks.units import values as values_of

    session = Session(run)
    p = session.p
    last = layers(session.network)[-1].name
    outputs = np.concatenate([
        values[last].reshape(len(values[last]), -1)
        for _, values in stream(session.network, session.stimuli.images, [last], check=run.check)
    ])  # fmt: skip
    measure_top(run, session, outputs)
    count = min(p.units, outputs.shape[1])
    parts: list[tuple[str, np.ndarray]] = []
    ratios, right, labels, values = [], 0, [], []
    for index in range(count):
        unit = Unit(last, index)
        step = None
        plain = Settings(unit, blur_sigma=0.0, fourier_exponent=0.0)  # as specified, 7.10
        for step in optimal_stimulus(
            session.network, plain, p.steps, Start(seed=p.seed), run.check
        ):
            run.progress(index * p.steps + step.index, count * p.steps, "steps")
        assert step is not None
        x = session.network.preprocessing.prepare(step.picture[None])
        final = float(values_of(session.network, unit, x)[0])
        best = float(outputs[:, index].max())
        ratios.append(final / best)
        right += answer_to(session, step.picture) == index
        parts.append((f"{index + 1}: {final:.0f}, best picture {best:.0f}",
                      np.round(step.picture * 255).astype(np.uint8)))  # fmt: skip
        labels += [f"{index + 1}", f"{index + 1} best"]
        values += [final, best]
        run.channel("optimal").publish(parts=parts)
        run.channel("activations").publish(labels=labels, values=values)
    run.measure_known("optimal_ratio", float(min(ratios)))
    run.measure_known("optimal_right", float(right))
    run.lead("optimal_right", f"of {count} optimal stimuli are named as their unit's class.")


def answer_to(session: Session, picture: np.ndarray) -> int:
    """Number of the largest output for a picture (H, W, C) in 0..1."""
    from backend.networks.layers import first_tensor
    from backend.networks.runtime import torch

    with torch().no_grad():
        x = session.network.preprocessing.prepare(picture[None].astype(np.float32))
        return int(first_tensor(session.network.module(x)).argmax())


def measure_top(run: Run, session: Session, outputs: np.ndarray) -> None:
    """Whether the best pictures of each output unit are of its category (trained sets only)."""
    if session.p.stimuli != "test" or session.p.network not in ("mini-a", "mini-b"):
        run.note("Top pictures are judged on the trained categories; choose them as Pictures.")
        return
    category = session.stimuli.category
    best = np.argsort(-outputs, axis=0, kind="stable")[:3]
    right = category[best] == np.arange(outputs.shape[1])
    run.measure_known("top1", 100.0 * float(right[0].mean()))
    run.measure_known("top3", 100.0 * float(right.all(axis=0).mean()))
