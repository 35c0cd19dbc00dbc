"""The procedures of the study: one pass, lesioned models, the link with accuracy, the null."""

from __future__ import annotations

import dataclasses
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.analysis.sparseness import null_medians, sparseness
from backend.analysis.trends import Trend, layer_trend, link, spearman_brown, stepwise
from backend.core.run import Run
from backend.studies.sparse.declared import LESIONS, MODELS, WIDTHS
from backend.studies.sparse.material import Material, material_of
from backend.studies.sparse.measures import (
    Hierarchy,
    hierarchy_of,
    measure_hierarchy,
    measure_tests,
    null_of,
    publish,
    publish_exemplars,
    tabulate,
    x_of,
)
from backend.studies.sparse.parameters import SHUFFLES, TRAINED, SparseCodingParameters
from backend.studies.sparse.responses import Responses, measured_layers, pass_key, show
from backend.studies.sparse.subject import lesioned, network_of

if TYPE_CHECKING:
    from backend.networks.network import Network
    from backend.networks.weights import Weights

REDRAW_S = 0.25
NULL_MODELS = 10
RELIABLE_EXEMPLARS = 40


class Session:
    """One run's network and pictures, shown as often as the procedure needs."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.p: SparseCodingParameters = run.parameters
        run.status("Preparing pictures and network")
        self.network: Network = network_of(self.p)
        material = material_of(self.p, self.network)
        named = material.known and self.p.network in TRAINED
        self.material: Material = dataclasses.replace(material, known=named)
        if self.network.untrained:
            run.note("The weights are random: this network has never learned anything.")
        n = len(self.material.names)
        if self.p.category > n:
            run.note(f"There are {n} categories; the last is shown, not number {self.p.category}.")
        self.layers = measured_layers(self.network, self.p.response)
        for note in self.material.notes:
            run.note(note)
        publish_exemplars(run, self.p, self.material)
        self._drawn = 0.0

    def responses(
        self, lesion: str = "none", seed: int = 0, intact: Hierarchy | None = None,
        words: str = "pictures", passes: tuple[int, int] = (0, 1),
    ) -> Responses:  # fmt: skip
        """Show all pictures to the network or to a lesioned copy; redraws while they stream."""
        n = len(self.material.images)
        network = self.network if lesion == "none" else lesioned(self.network, self.p, lesion, seed)
        number, total = passes

        def seen(responses: Responses, done: int) -> None:
            self.run.progress(number * n + done, total * n, words)
            now = time.monotonic()
            enough = (responses.means.counts.sum(axis=0) > 0).sum() >= 3
            if self.run.drawing and enough and now - self._drawn > REDRAW_S and done < n:
                self._drawn = now
                so_far = hierarchy_of(responses, self.p)
                publish(self.run, self.p, so_far, self.material, responses, intact)

        key = pass_key(self.p, lesion, seed)
        return show(self.run, self.p, network, self.material, self.layers, key, seen)


def one_pass(run: Run) -> None:
    """The pictures once; with a lesion also one lesioned copy, the intact one as ghost."""
    session = Session(run)
    p = session.p
    chosen = p.lesion != "none"
    responses = session.responses(passes=(0, 1 + chosen))
    intact = hierarchy_of(responses, p)
    run.measure_known("accuracy", responses.accuracy)
    shown, shown_responses = intact, responses
    if chosen:
        tabulate(run, "intact_", intact, session.material, "none")
        run.measure_known("intact_tau", layer_trend(intact.values).tau)
        shown_responses = session.responses(p.lesion, p.seed, intact, "lesioned", (1, 2))
        run.measure_known("lesioned_accuracy", shown_responses.accuracy)
        shown = hierarchy_of(shown_responses, p)
    measure_hierarchy(run, shown)
    measure_tests(run, shown)
    measure_reliability(run, shown_responses, p)
    tabulate(run, "", shown, session.material, p.lesion)
    publish(run, p, shown, session.material, shown_responses, intact if chosen else None)
    run.lead("tau", sentence_of(shown, p))
    offer(run, shown, shown_responses)
    if chosen:
        offer_weights(run, session)


def sentence_of(h: Hierarchy, p: SparseCodingParameters) -> str:
    """What the trend says, in words that the null allows."""
    if p.index != "PSI" or p.rescale != "per category":
        return "The null of the width is for PSI, rescaled per category; it is not drawn here."
    null = np.array([np.median(null_of(width, len(h.values))) for width in h.widths])
    deep = float(h.medians[-1] - null[-1])
    return f"The last layer's median lies {deep:+.2f} from the null of its width."


def offer(run: Run, h: Hierarchy, responses: Responses) -> None:
    """Exports: the PSI matrix, and the category means of every layer."""
    run.offer("psi", "PSI of every category and layer", lambda: h.psi)
    for number, layer in enumerate(h.layers, 1):
        make = partial(responses.means.means, layer)
        run.offer(f"means_{number}", f"Category means of {layer}", make)


def offer_weights(run: Run, session: Session) -> None:
    """The lesioned network's weights, as a state dictionary."""
    p = session.p

    def make() -> Weights:
        from backend.networks.weights import Weights

        copy = lesioned(session.network, p, p.lesion, p.seed)
        return Weights(state=copy.module.state_dict())

    run.offer("lesioned_weights", "Lesioned weights", make)


def measure_reliability(run: Run, responses: Responses, p: SparseCodingParameters) -> np.ndarray:
    """Split-half reliability of PSI in each layer, after Spearman and Brown."""
    halves = [responses.means.reliability(layer, p.rescale) for layer in responses.layers]
    whole = np.array([spearman_brown(r) for r in halves])
    for number, value in enumerate(halves, 1):
        run.measure_known(f"reliability_{number}", value)
    return whole


def lesion_models(run: Run, kinds: tuple[str, ...] | None = None) -> None:
    """Medians of many lesioned models, and their trend (2.6: models × layers points)."""
    session = Session(run)
    p = session.p
    wanted = (p.lesion,) if kinds is None else kinds
    plan = [(k, m) for k in wanted for m in range(p.models if k in (*SHUFFLES, "ablate") else 1)]
    total = len(plan) + 1
    responses = session.responses(passes=(0, total))
    intact = hierarchy_of(responses, p)
    run.measure_known("accuracy", responses.accuracy)
    run.measure_known("intact_tau", layer_trend(intact.values).tau)
    run.measure_known("tau_medians", layer_trend(intact.medians).tau)
    publish(run, p, intact, session.material, responses)
    cells: dict[str, list[dict[str, Any]]] = {kind: [] for kind in wanted}
    rows: dict[str, list[Any]] = {n: [] for n in ("lesion", "seed", "layer", "median", "accuracy")}
    for number, (kind, model) in enumerate(plan, 1):
        make = partial(one_model, session, intact, kind, model, (number, total))
        cell = run.cells.do((kind, p.seed + model), make)
        cells[kind].append(cell)
        for layer, value in zip(intact.layers, cell["medians"], strict=True):
            line = (kind, p.seed + model, layer, value, cell["accuracy"])
            for name, one in zip(rows, line, strict=True):
                rows[name].append(one)
        run.channel("lesions").publish(**lesion_data(intact, cells))
        measure_lesion(run, kind, cells[kind])
        run.table("models", rows)
    lead_lesion(run, wanted)


def one_model(
    session: Session, intact: Hierarchy, kind: str, model: int, passes: tuple[int, int]
) -> dict[str, Any]:
    """Medians, accuracy and trend of one lesioned model, as a cell of the run."""
    run, p = session.run, session.p
    words = f"{LESIONS[kind][1]}, model {model + 1}"
    responses = session.responses(kind, p.seed + model, intact, words, passes)
    found = hierarchy_of(responses, p)
    publish(run, p, found, session.material, responses, intact)
    below = [bool(responses.means.means(layer).min() < 0) for layer in responses.layers]
    return {
        "medians": found.medians.tolist(), "accuracy": responses.accuracy,
        "trend": tuple(layer_trend(found.values)), "negative": float(np.mean(below)),
    }  # fmt: skip


def measure_lesion(run: Run, kind: str, cells: list[dict[str, Any]]) -> None:
    """Trend of the models of one lesion so far."""
    stem = LESIONS[kind][0]
    medians = np.array([cell["medians"] for cell in cells])
    trend = layer_trend(medians)
    if kind == "ReLU-off":  # deterministic: over all categories, as when intact
        trend = Trend(*cells[0]["trend"])
        run.measure_known("negative_share", cells[0]["negative"])
    n = len(cells)
    run.measure_known(f"tau_{stem}", trend.tau, n=trend.n)
    run.measure_known(f"p_{stem}", trend.p)
    run.measure_known(f"accuracy_{stem}", float(np.mean([c["accuracy"] for c in cells])), n=n)
    run.measure_known(f"last_{stem}", float(medians[:, -1].mean()), n=n)


def lead_lesion(run: Run, kinds: tuple[str, ...]) -> None:
    """The first lesion's trend, large."""
    name = f"tau_{LESIONS[kinds[0]][0]}"
    if name in run.result.values:
        run.lead(name, "Compare with the null of the layers' widths before reading it as a loss.")


def all_lesions(run: Run) -> None:
    """Weights three ways, biases, ReLU off."""
    lesion_models(run, ("W-all", "W-channel", "W-kernel", "bias", "ReLU-off"))


def lesion_data(intact: Hierarchy, cells: dict[str, list[dict[str, Any]]]) -> dict[str, object]:
    """Lines of the mean of medians, bands from the lowest to the highest model."""
    data: dict[str, object] = {**x_of(intact), "intact": intact.medians}
    bands = {}
    for kind, models in cells.items():
        if models:
            stem, every = LESIONS[kind][0], np.array([cell["medians"] for cell in models])
            data[stem] = every.mean(axis=0)
            bands[stem] = (every.min(axis=0), every.max(axis=0))
    nulls = [null_of(width, len(intact.values)) for width in intact.widths]
    data["null"] = np.array([np.median(one) for one in nulls])
    data["bands"] = bands
    return data


def performance(run: Run) -> None:
    """PSI of each layer against the accuracy of each category (2.7 to 2.9)."""
    session = Session(run)
    p, material = session.p, session.material
    responses = session.responses()
    h = hierarchy_of(responses, p)
    publish(run, p, h, material, responses)
    measure_hierarchy(run, h)
    if p.exemplars < RELIABLE_EXEMPLARS:
        run.note(
            f"With {p.exemplars} exemplars a category the index is not reliable enough for this "
            f"link; {RELIABLE_EXEMPLARS} are needed."
        )
    run.status("Training the read-out")
    accuracy = category_accuracy(run, p, responses.readout, material.category)
    run.measure_known("readout_accuracy", float(accuracy.mean()))
    reliability = measure_reliability(run, responses, p)
    report_links(run, p, h, accuracy, reliability)
    tabulate(run, "", h, material, "none")
    run.table("accuracy", {"category": list(material.names), "accuracy": list(accuracy)})
    layer = min(p.layer, len(h.layers)) - 1
    run.channel("link").publish(
        x=h.psi[:, layer], accuracy=accuracy, x_title=f"PSI, {h.layers[layer]}"
    )
    run.offer("psi", "PSI of every category and layer", lambda: h.psi)


def category_accuracy(
    run: Run, p: SparseCodingParameters, features: np.ndarray, category: np.ndarray
) -> np.ndarray:
    """Held-out accuracy of each category, stratified folds."""
    from sklearn.model_selection import StratifiedKFold

    right = np.zeros(len(category), bool)
    folds = StratifiedKFold(p.folds, shuffle=True, random_state=p.seed)
    for number, (train, test) in enumerate(folds.split(features, category)):
        run.progress(number, p.folds, "folds of the read-out")
        right[test] = read_out(p, features, category, train, test) == category[test]
    run.progress(p.folds, p.folds)
    return np.array([right[category == c].mean() for c in range(category.max() + 1)])


def read_out(
    p: SparseCodingParameters, features: np.ndarray, category: np.ndarray, train: np.ndarray,
    test: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Predicted categories of the held-out pictures; features standardised in the fold."""
    from sklearn.linear_model import LogisticRegression, RidgeClassifier
    from sklearn.neighbors import NearestCentroid

    spread = features[train].std(axis=0)
    live = spread > 0
    scaled = (features[:, live] - features[train][:, live].mean(axis=0)) / spread[live]
    if p.classifier == "logistic":
        model = LogisticRegression(C=p.C, max_iter=500)
    elif p.classifier == "ridge":
        model = RidgeClassifier(alpha=30.0)
    else:
        model = NearestCentroid()
    model.fit(scaled[train], category[train])
    predicted: np.ndarray = model.predict(scaled[test])
    return predicted


def report_links(
    run: Run, p: SparseCodingParameters, h: Hierarchy, accuracy: np.ndarray, reliability: np.ndarray
) -> None:
    """r of every layer with exact and corrected p, their trend, both regressions."""
    links = [link(h.psi[:, i], accuracy) for i in range(len(h.layers))]
    r = np.array([one.r for one in links])
    corrected = np.array([min(1.0, one.p * len(links)) for one in links])
    disattenuated = r / np.sqrt(np.where(reliability > 0, reliability, np.nan))
    for number, (one, p_corrected) in enumerate(zip(links, corrected, strict=True), 1):
        run.measure_known(f"r_{number}", one.r, n=one.n)
        run.measure_known(f"p_{number}", float(p_corrected))
    trend = layer_trend(r)
    run.measure_known("r_tau", trend.tau, n=trend.n)
    run.measure_known("r_tau_p", trend.p)
    run.lead("r_tau", f"Largest r: {np.nanmax(r):.2f} in {h.layers[int(np.nanargmax(r))]}.")
    run.table(
        "links",
        {
            "layer": list(h.layers), "r": list(r), "p": [one.p for one in links],
            "p_corrected": list(corrected), "low": [one.low for one in links],
            "high": [one.high for one in links], "reliability": list(reliability),
            "r_disattenuated": list(disattenuated),
        },
    )  # fmt: skip
    ends = (np.array([one.low for one in links]), np.array([one.high for one in links]))
    run.channel("links").publish(
        **x_of(h), r=r, corrected=disattenuated, reliability=reliability, bands={"r": ends}
    )
    for kind, where in (("conv", h.convolutional), ("fc", ~h.convolutional)):
        if not where.any():
            continue
        model = stepwise(h.psi[:, where], accuracy, p.p_enter, p.p_remove)
        names = [name for name, inside in zip(h.layers, where, strict=True) if inside]
        if model is None:
            run.note(f"Stepwise regression ({kind}): no layer enters.")
            continue
        run.measure_known(f"f_{kind}", model.f)
        run.measure_known(f"adjusted_{kind}", model.adjusted)
        kept = ", ".join(names[i] for i in model.kept)
        rest = model.n - len(model.kept) - 1
        run.note(
            f"Stepwise regression ({kind}): {kept} kept, F({len(model.kept)}, {rest}) = "
            f"{model.f:.2f}, p = {model.p:.2g}, adjusted R² = {model.adjusted:.2f}."
        )


def widths(run: Run) -> None:
    """Null medians for the specification's widths, and the trend of whole nets of noise."""
    p: SparseCodingParameters = run.parameters
    total = len(WIDTHS) + len(MODELS) * NULL_MODELS
    for number, n in enumerate(WIDTHS):
        run.progress(number, total, f"{n} independent units")
        run.measure_known(f"null_{n}", float(null_medians(n, p.categories).mean()))
    done = len(WIDTHS)
    for name, layers in MODELS.items():
        medians = []
        for model in range(NULL_MODELS):
            rng = np.random.default_rng([p.seed, model])
            medians.append([
                sparseness(rng.standard_normal((p.categories, n))).median for n in layers
            ])  # fmt: skip
            done += 1
            run.progress(done, total, f"widths of {name}")
        run.measure_known(f"null_tau_{name}", layer_trend(np.array(medians)).tau)
        values = np.array(medians)
        run.channel("lesions").publish(
            x=np.arange(len(layers), dtype=float), x_labels=[str(n) for n in layers],
            null=values.mean(axis=0), bands={"null": (values.min(axis=0), values.max(axis=0))},
        )  # fmt: skip
    run.lead("null_tau_alexnet", "Width alone gives a falling trend; nothing has learned here.")
