"""Checks of the methods themselves: false alarms, fair selection, the response function."""

from __future__ import annotations

import numpy as np

from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters


def inference(run: Run) -> None:
    """False alarms of permuting labels and cells; best of many, scored twice (7.14, 7.15)."""
    from backend.analysis.cross_validation import splits
    from backend.analysis.rdm_inference import false_positives
    from backend.analysis.selection import single_units, unit_scores

    p: DNNBrainParameters = run.parameters
    run.status("Unrelated geometries")
    run.measure_known("false_labels", 100 * false_positives("labels", seed=p.seed, check=run.check))
    run.progress(1, 12, "checks")
    run.measure_known("false_cells", 100 * false_positives("cells", seed=p.seed, check=run.check))
    same, nested = [], []
    for seed in range(10):
        run.progress(2 + seed, 12, "noise data sets")
        rng = np.random.default_rng([p.seed, seed])
        noise, target = rng.standard_normal((100, 1000)), rng.standard_normal(100)
        scores = unit_scores(noise, target[:, None], splits(100, 5, seed), False, run.check)
        same.append(float(scores.max()))
        folds = list(single_units(noise, target, folds=5, seed=seed, check=run.check))
        nested.append(float(np.mean([fold.score for fold in folds])))
    run.measure_known("same_folds", float(np.mean(same)), sd=float(np.std(same)))
    run.measure_known("nested", float(np.mean(nested)), sd=float(np.std(nested)))
    run.lead("false_cells", "Permuting cells of an RDM finds what is not there.")


def response_function(run: Run) -> None:
    """The canonical response: peak, minimum and their ratio (2.10)."""
    from backend.analysis.hrf import canonical

    t = np.arange(0.0, 32.0, 0.01)
    h = canonical(t)
    run.channel("hrf").publish(x=t, h=h / h.max())
    run.measure_known("hrf_peak", float(t[h.argmax()]))
    run.measure_known("hrf_minimum", float(t[h.argmin()]))
    run.measure_known("hrf_ratio", float(h.min() / h.max()))
    run.lead("hrf_peak", "After a single event.")
