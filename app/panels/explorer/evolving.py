"""The optimal stimulus: it grows while its sliders are dragged, and is saved with its steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QFileDialog

from app.panels.work import PanelWork
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.core.runner import describe
from backend.core.tasks import Task
from backend.networks.stimulus_film import Film
from widgets.banner import Banner
from widgets.views.maps import MapsView

if TYPE_CHECKING:
    from app.panels.explorer.page import ExplorerPage
    from backend.networks.lesions import Lesion

SHOWN_EVERY = 2
"""Steps between two pictures of an evolving stimulus."""
KINDS = "Film (*.gif);;Steps and settings (*.npz);;Pictures of the steps (*.png)"


class Evolving:
    """Grows and keeps the stimulus of the page's unit.

    Attributes
    ----------
    film : steps so far. best : the unit's value for the best picture of the set, NaN while it is
        not known. of : what the stimulus drives, and measure : what of it, in words. lesions,
        best_lesions : what the network had when they were made.
    """

    def __init__(self, page: ExplorerPage, work: PanelWork) -> None:
        self.page, self.work = page, work
        self.board = page.board
        self.film = Film()
        self.best = float("nan")
        self.of = self.measure = ""
        self.lesions: tuple[Lesion, ...] = ()
        self.best_lesions: tuple[Lesion, ...] = ()
        self._drawn = -1
        view = page.board.views["maps"]
        assert isinstance(view, MapsView)
        self.grid = view.grid
        view.second_asked.connect(self.set_second)

    def set_second(self, channel: int) -> None:
        """Drive the difference from this channel."""
        values = {"objective": "difference", "second": channel + 1}
        self.page.history.set_values(values, f"Second unit {channel + 1}")

    def show_second(self) -> None:
        """Mark the channel that is subtracted."""
        p = self.page.parameters
        self.grid.mark_second(p.second - 1 if p.objective == "difference" else -1)

    def evolve(self) -> None:
        """Grow the stimulus that drives the objective most; sliders act while it grows."""
        explorer = self.board.explorer
        if explorer is None:
            return
        try:
            unit = self.page.objective()
        except ParameterError as error:
            self.page.refuse(describe(error))
            return
        if unit is None:
            return
        total, words = self.page.parameters.steps, unit.label(explorer.network)
        lesions = self.page.changes.lesions

        def work(task: Task) -> None:
            from backend.networks.explorer import evolve
            from backend.networks.seen import axes, made_picture

            network = explorer.copy(lesions)
            for step in evolve(network, lambda: self.page.parameters, unit, task.check):
                film.add(step)
                if step.index % SHOWN_EVERY == 0 or step.index == total:
                    picture = made_picture(step.picture, self.page.parameters.frame)
                    self.page.made.publish(
                        "optimal", lesions, image=picture, note=words, **axes(network)
                    )
                task.progress(step.index, total, "steps")

        film = Film()
        if self.work.start(f"Evolve {words}", work, lambda _: self._say()):
            self.film, self.of, self.lesions, self._drawn = film, words, lesions, -1
            self.measure = measure_of(unit)

    def _say(self) -> None:
        """How far the stimulus came, beside the set's best picture where that is known."""
        found = self.film.activations
        if len(set(found)) == 1:  # no step changed it: the gradient is exactly 0
            self.page.banners.show_banner("task", Banner(
                "The stimulus did not grow", f"{self.of} gave {found[0]:.3g} at every step: the "
                "gradient is exactly 0, as where a unit is silent or ablated. Choose another Seed, "
                "or the layer before the rectifier.", "warning",
            ))  # fmt: skip
            return
        words = f"{found[0]:.3g} at the start, {found[-1]:.3g} at the end"
        if self._compares:
            words += f"; best picture of the set {self.best:.3g}"
        self.page.window_.say(words + ".")

    @property
    def _compares(self) -> bool:
        """Whether the best picture of the set has the same measure."""
        same = self.best_lesions == self.lesions and self.page.parameters.objective == "unit"
        return bool(np.isfinite(self.best)) and same

    def forget(self) -> None:
        """Another network: nothing of its stimulus stays."""
        self.film, self.of, self._drawn = Film(), "", -1

    def forget_best(self) -> None:
        """Another unit is chosen: its best picture is not known yet."""
        self.best = float("nan")
        self.page.made.forget("top")

    def pull(self) -> None:
        """Draw the activation while the stimulus grows."""
        if len(self.film) and len(self.film) != self._drawn:
            self.draw_trace()

    def draw_trace(self) -> None:
        """Activation by step, with the best picture's as a line."""
        self._drawn = len(self.film)
        data: dict[str, Any] = {
            "x": np.arange(self._drawn),
            "y_title": self.measure,
            "note": self.of,
            "value": np.array(self.film.activations[: self._drawn]),
        }
        if self._compares and self._drawn:
            data |= {"best_x": np.array([0, self._drawn - 1]), "best": np.full(2, self.best)}
        self.page.made.publish("trace", self.lesions, **data)

    # ---- files -----------------------------------------------------------------------------

    def ask_save(self) -> None:
        """Ask where the stimulus goes, then save it."""
        if not len(self.film):
            self.page.window_.say("There is no stimulus yet. Press Evolve stimulus.")
            return
        name = f"{self.of.split(' (')[0]}.gif".replace("#", "_").replace(" ", "-")
        chosen, kind = QFileDialog.getSaveFileName(self.page, "Save the stimulus", name, KINDS)
        if chosen:
            path = Path(chosen)
            ending = kind.partition("*")[2].rstrip(")")
            self.save(path if path.suffix else path.with_suffix(ending or ".gif"))

    def save(self, path: Path) -> None:
        """Write a film, pictures or the data of the steps."""
        explorer, p = self.board.explorer, self.page.parameters
        assert explorer is not None
        settings = {
            "objective": self.of, "network": explorer.network.name, **p.document(),
            "lesions": "; ".join(one.label() for one in self.lesions),
            **{key: str(value) for key, value in explorer.network.provenance.items()},
        }  # fmt: skip
        try:
            said = self.film.save(path, settings, p.frame)
        except FileProblem as problem:
            self.page.refuse(describe(problem))
            return
        self.page.window_.say(said)


def measure_of(unit: Any) -> str:
    """What the activation of an objective is, for an axis."""
    from backend.networks.norm_unit import SumOfSizes

    if unit.minus is not None:
        return "difference of activations"
    if isinstance(unit, SumOfSizes):
        return "sum of sizes"
    layer = " of the layer" if unit.channel is None else ""
    return f"norm{layer}" if unit.summary == "norm" else "activation"
