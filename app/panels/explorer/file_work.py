"""Recorded activation files: features of them, pooled, cut by the mask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog

from app.panels.explorer.errands import ENDING, held
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.core.runner import describe
from backend.core.study import Procedure
from backend.core.tasks import Task
from backend.networks.act_file import load

if TYPE_CHECKING:
    from app.panels.explorer.page import ExplorerPage

KINDS = f"DNNBrain activations (*{ENDING})"
FILES = (
    Procedure("file-features", "Features of a file…", "chart-histogram",
              "Components, histograms or spectra of recorded activations."),
    Procedure("file-pool", "Pool a file…", "filter-variant",
              "One number a channel of recorded activations."),
    Procedure("file-mask", "Mask a file…", "vector-polygon",
              "The part of recorded activations that the mask keeps."),
)  # fmt: skip
NAMES = {"file-features": "features", "file-pool": "pooled", "file-mask": "masked"}


class FileWork:
    """Makes one activation file of another, with progress; what would not fit is refused."""

    def __init__(self, page: ExplorerPage) -> None:
        self.page = page

    def ask(self, what: str) -> None:
        """Ask which file is read and where the result goes."""
        if self._refused(lambda: self.needed(what)):
            return
        name, _ = QFileDialog.getOpenFileName(self.page, "Recorded activations", "", KINDS)
        source = Path(name)
        if not name or self._refused(lambda: load(source)):
            return
        stem = source.name.removesuffix(ENDING)
        proposed = str(source.with_name(f"{stem}.{NAMES[what]}{ENDING}"))
        chosen, _ = QFileDialog.getSaveFileName(self.page, "Save as", proposed, KINDS)
        if chosen:
            self.make(what, source, Path(chosen))

    def _refused(self, check: Callable[[], object]) -> bool:
        """Whether something speaks against it, which is said."""
        try:
            check()
        except (FileProblem, ParameterError) as problem:
            self.page.refuse(describe(problem))
            return True
        return False

    def needed(self, what: str) -> None:
        """ParameterError for what must be chosen before a file is."""
        if what == "file-pool" and self.page.parameters.pooling == "none":
            raise ParameterError("pooling", "Pooling is None. Choose under Record how each "
                                 "channel becomes one number.", "mean")  # fmt: skip
        if what == "file-mask" and not self.page.changes.masks:
            raise ParameterError("mask", "Nothing is masked. Ctrl+click a channel map, or open a "
                                 ".dmask.csv.")  # fmt: skip

    def make(self, what: str, source: Path, target: Path) -> None:
        """Start the work."""
        if not target.name.endswith(ENDING):
            target = target.with_name(target.name.removesuffix(".h5") + ENDING)
        if self._refused(lambda: self.needed(what)):
            return
        call = self._call(what, source, target)

        def work(task: Task) -> Any:
            return call(lambda done, total: task.progress(done, total, "layers"))

        self.page.errands.work.start(
            f"Make {target.name}", work,
            lambda made: self.page.window_.say(held(target.name, made)),
        )  # fmt: skip

    def _call(self, what: str, source: Path, target: Path) -> Callable[[Any], Any]:
        from backend.networks import act_jobs

        p = self.page.parameters
        if what == "file-features":
            axis = None if p.feature_axis == "whole" else p.feature_axis
            return lambda told: act_jobs.features_file(
                source, target, p.extraction, p.features, axis, told
            )
        if what == "file-pool":
            return lambda told: act_jobs.pooled_file(source, target, p.pooling, told)
        masks = dict(self.page.changes.masks)
        return lambda told: act_jobs.masked_file(source, target, masks, told)
