"""The edits of a stimulus set, each declared once with its settings: menus, dialogs and scripts
come from here. Every action makes a new set and says in its history what it did.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Literal, Protocol

import numpy as np

from backend.core.parameters import ParameterError, Parameters, parameter
from backend.stimuli import matching, set_edit, set_rows, set_statistics
from backend.stimuli.stimulus_set import StimulusSet

Find = Callable[[str], StimulusSet]
MATCH_PREVIEW = 40
"""Images that a preview of matching looks at; the work itself looks at all."""


class Watch(Protocol):
    """What an action needs of the task it runs in."""

    def check(self) -> None: ...


class NoSettings(Parameters):
    """An action without settings."""


class SetAction(ABC):
    """One edit.

    ``apply`` makes the new set; ``preview`` one image of it (or None when the images stay);
    ``say`` one sentence on what will happen. ``needs_other`` asks for a second set by name.
    ``about`` names the setting that a refusal of the set's table is about.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    suffix: ClassVar[str]
    group: ClassVar[str]
    help: ClassVar[str] = ""
    about: ClassVar[str] = ""
    needs_other: ClassVar[bool] = False
    pixels: ClassVar[bool] = True
    Parameters: ClassVar[type[Parameters]] = NoSettings

    @abstractmethod
    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        """The new set; ParameterError or FileProblem in words."""

    def preview(self, stimuli: StimulusSet, index: int, parameters: Any) -> np.ndarray | None:
        """The image of this index after the action."""
        if not self.pixels:
            return None
        one = self.apply(stimuli.select([index], ""), parameters, Still(), no_other)
        return np.asarray(one.images[0])

    def say(self, stimuli: StimulusSet, parameters: Any) -> str:
        """What the new set will be, in words; ParameterError where it cannot be made."""
        count = len(stimuli)
        if not self.pixels:
            count = len(self.apply(without_pixels(stimuli), parameters, Still(), no_other))
        images = "1 image" if count == 1 else f"{count} images"
        return f"A new set of {images}; this one stays as it is."


def without_pixels(stimuli: StimulusSet) -> StimulusSet:
    """The table alone, to try an edit of it."""
    return dataclasses.replace(stimuli, images=stimuli.images[:, :1, :1], arrays={})


class Still:
    """A watch that never stops anything."""

    def check(self) -> None:
        return


def no_other(name: str) -> StimulusSet:
    """No second set is at hand in a preview."""
    raise ParameterError("other", "Choose the other set.")


class CropParameters(Parameters):
    width: float = parameter(80.0, "Width", unit="%", low=1, high=100, step=1, decimals=0)
    height: float = parameter(80.0, "Height", unit="%", low=1, high=100, step=1, decimals=0)
    x: float = parameter(
        50.0, "From the left", unit="%", low=0, high=100, step=1, decimals=0,
        help="Where the spare room goes: 50 % is the middle.",
    )  # fmt: skip
    y: float = parameter(50.0, "From the top", unit="%", low=0, high=100, step=1, decimals=0)


class Crop(SetAction):
    id, title, suffix, group = "crop", "Crop…", "crop", "pixels"
    help = "Cuts the same rectangle out of every image."
    Parameters = CropParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        rows, columns = stimuli.images.shape[1:3]
        height = max(1, round(rows * parameters.height / 100))
        width = max(1, round(columns * parameters.width / 100))
        top = round((rows - height) * parameters.y / 100)
        left = round((columns - width) * parameters.x / 100)
        return set_edit.crop(stimuli, top, left, height, width)


class ResizeParameters(Parameters):
    width: int = parameter(128, "Width", unit="px", low=4, high=2048)
    height: int = parameter(128, "Height", unit="px", low=4, high=2048)
    how: Literal["area", "lanczos"] = parameter(
        "area",
        "Filter",
        labels={"area": "area average", "lanczos": "Lanczos"},
        help="Area averaging is what the networks get; Lanczos keeps edges.",
    )


class Resize(SetAction):
    id, title, suffix, group = "resize", "Resize…", "resized", "pixels"
    help = "Brings every image to another size."
    Parameters = ResizeParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        return set_edit.resize(
            stimuli, parameters.height, parameters.width, parameters.how, watch.check
        )


class Grey(SetAction):
    id, title, suffix, group = "grey", "Make grey…", "grey", "pixels"
    help = "Luminance of colour images (ITU-R 601)."

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        return set_edit.grey(stimuli)


class Invert(SetAction):
    id, title, suffix, group = "invert", "Invert…", "inverted", "pixels"
    help = "Exchanges black and white."

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        return set_edit.invert(stimuli)


class MaskParameters(Parameters):
    shape: Literal["disc", "oval", "rectangle"] = parameter("oval", "Window")
    size: float = parameter(
        0.95, "Size", low=0.05, high=1.5, step=0.05, help="Of the image's shorter side."
    )
    ratio: float = parameter(
        0.75,
        "Width over height",
        low=0.1,
        high=1.0,
        step=0.05,
        shown_if=("shape", ("oval", "rectangle")),
    )
    edge: float = parameter(4.0, "Soft edge", unit="px", low=0.0, high=100.0, step=1.0)
    background: int = parameter(128, "Grey around it", low=0, high=255)


class Mask(SetAction):
    id, title, suffix, group = "mask", "Mask…", "masked", "pixels"
    help = "Lays a window over every image and a grey around it."
    Parameters = MaskParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        p = parameters
        return set_edit.mask(
            stimuli, p.shape, size=p.size, ratio=p.ratio, edge=p.edge, background=p.background
        )


class MatchParameters(Parameters):
    step: Literal["luminance", "histogram", "spectrum", "rotational", "both"] = parameter(
        "luminance",
        "Match",
        labels={
            "luminance": "mean and SD",
            "histogram": "the whole histogram",
            "spectrum": "the amplitude spectrum",
            "rotational": "its rotational average",
            "both": "histogram and spectrum",
        },
        help="As the SHINE toolbox does (Willenbockel et al. 2010); the last step holds exactly.",
    )
    iterations: int = parameter(
        1,
        "Rounds",
        low=1,
        high=50,
        shown_if=("step", ("both",)),
        help="Histogram and spectrum disturb each other; rounds bring both closer.",
    )
    region: Literal["whole", "figure", "ground"] = parameter(
        "whole",
        "Where",
        labels={"whole": "the whole image"},
        shown_if=("step", ("luminance", "histogram")),
    )
    rescale: bool = parameter(
        False,
        "Rescale, not clip",
        help="One linear map for all images when values leave the range.",
    )


class Match(SetAction):
    id, title, suffix, group = "match", "Match luminance or spectrum…", "matched", "pixels"
    help = "Makes the images alike in what they should not differ in; the result is measured."
    Parameters = MatchParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        made, report = self._match(stimuli, parameters, watch)
        lines = [f"{words} {before:.3g} → {after:.3g}" for words, before, after in report.lines()]
        return dataclasses.replace(made, history=(*made.history, f"{'; '.join(lines)}."))

    def _match(
        self, stimuli: StimulusSet, parameters: Any, watch: Watch
    ) -> tuple[StimulusSet, matching.Report]:
        both = parameters.step == "both"
        steps: tuple[Any, ...] = ("histogram", "spectrum") if both else (parameters.step,)
        pixelwise = parameters.step in ("luminance", "histogram")
        return matching.match(
            stimuli,
            steps,
            iterations=parameters.iterations if both else 1,
            region=parameters.region if pixelwise else "whole",
            rescale=parameters.rescale,
            check=watch.check,
        )

    def preview(self, stimuli: StimulusSet, index: int, parameters: Any) -> np.ndarray:
        made, _ = self._match(self._few(stimuli, index), parameters, Still())
        return np.asarray(made.images[0])

    @staticmethod
    def _few(stimuli: StimulusSet, index: int) -> StimulusSet:
        others = [i for i in range(len(stimuli)) if i != index][: MATCH_PREVIEW - 1]
        return stimuli.select([index, *others], "")

    def say(self, stimuli: StimulusSet, parameters: Any) -> str:
        _, report = self._match(self._few(stimuli, 0), parameters, Still())
        lines = [f"{words} {before:.3g} → {after:.3g}" for words, before, after in report.lines()]
        few = min(len(stimuli), MATCH_PREVIEW)
        return f"On the first {few} images: {'; '.join(lines)}."


class NamesParameters(Parameters):
    pattern: str = parameter(
        "{name}_{number:03}", "Pattern", help="Columns in braces; {number} counts from 1."
    )


class Names(SetAction):
    id, title, suffix, group = "names", "Rename the images…", "renamed", "table"
    help = "New file names from the columns of the table."
    about = "pattern"
    pixels = False
    Parameters = NamesParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        return set_rows.rename(stimuli, parameters.pattern)

    def say(self, stimuli: StimulusSet, parameters: Any) -> str:
        names = set_rows.rename(stimuli, parameters.pattern).names
        return f"{', '.join(names[:3])}{', …' if len(names) > 3 else ''}"


class ColumnParameters(Parameters):
    column: str = parameter("label", "Column")
    value: str = parameter("", "Value of all images", help="Each can be changed in the table.")
    remove: bool = parameter(False, "Remove the column")


class Column(SetAction):
    id, title, suffix, group = "column", "Add or remove a column…", "labelled", "table"
    help = "A label for every image; edit it cell by cell in the table."
    about = "column"
    pixels = False
    Parameters = ColumnParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        if parameters.remove:
            return set_rows.remove_column(stimuli, parameters.column)
        return set_rows.set_column(stimuli, parameters.column, parameters.value)


class MeasureParameters(Parameters):
    by: str = parameter("", "Also for each", help="A column; its values get a mean each.")


class Measure(SetAction):
    id, title, suffix, group = "measure", "Measure the images…", "measured", "table"
    help = "Adds mean, SD, RMS contrast, extremes, spectrum slope and ink of every image."
    about = "by"
    pixels = False
    Parameters = MeasureParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        found = set_statistics.image_statistics(stimuli, watch.check)
        table = {**stimuli.table, **{k: [float(x) for x in v] for k, v in found.items()}}
        rows = set_statistics.summary(stimuli, found, parameters.by or None)
        said = "Measured: " + "; ".join(summary_words(row) for row in rows[:6]) + "."
        return dataclasses.replace(stimuli, table=table, history=(*stimuli.history, said))

    def say(self, stimuli: StimulusSet, parameters: Any) -> str:
        if parameters.by:
            set_rows.known_column(stimuli, parameters.by)
        return f"{len(set_statistics.MEASURES)} columns join the table."


def summary_words(row: dict[str, Any]) -> str:
    """One row of a summary in words."""
    parts = [f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()]
    return ", ".join(parts[:6])


class FilterParameters(Parameters):
    expression: str = parameter(
        'name != ""', "Keep where", help='Compare columns: gender > 0.5 and class == "disk"'
    )


class Filter(SetAction):
    id, title, suffix, group = "filter", "Filter…", "filtered", "rows"
    help = "Keeps the images whose row fits."
    about = "expression"
    pixels = False
    Parameters = FilterParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        return set_rows.filter_rows(stimuli, parameters.expression)

    def say(self, stimuli: StimulusSet, parameters: Any) -> str:
        kept = len(set_rows.filter_rows(stimuli, parameters.expression))
        return f"{kept} of {len(stimuli)} images fit."


class SortParameters(Parameters):
    column: str = parameter("name", "Column")
    descending: bool = parameter(False, "Largest first")


class Sort(SetAction):
    id, title, suffix, group = "sort", "Sort…", "sorted", "rows"
    help = "Orders the images by a column."
    about = "column"
    pixels = False
    Parameters = SortParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        return set_rows.sort(stimuli, parameters.column, parameters.descending)


class SampleParameters(Parameters):
    n: int = parameter(20, "Images", low=1, high=100_000)
    by: str = parameter("", "Equally many of each", help="A column, or nothing.")
    seed: int = parameter(0, "Seed", low=0, high=2**31 - 1)


class Sample(SetAction):
    id, title, suffix, group = "sample", "Sample…", "sample", "rows"
    help = "Draws some images without replacement."
    about = "by"
    pixels = False
    Parameters = SampleParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        return set_rows.sample(stimuli, parameters.n, parameters.seed, parameters.by or None)


class SplitParameters(Parameters):
    shares: str = parameter("train 0.85, test 0.15", "Shares", help="Name and share, by commas.")
    by: str = parameter("", "Within each", help="A column, or nothing.")
    seed: int = parameter(0, "Seed", low=0, high=2**31 - 1)


class Split(SetAction):
    id, title, suffix, group = "split", "Split…", "split", "rows"
    help = "Adds the column split with train, test, … at random."
    about = "by"
    pixels = False
    Parameters = SplitParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        shares = shares_of(parameters.shares)
        return set_rows.split(stimuli, shares, parameters.seed, parameters.by or None)


def shares_of(text: str) -> dict[str, float]:
    """Shares from "train 0.85, test 0.15"; ParameterError with an example otherwise."""
    found: dict[str, float] = {}
    for part in text.split(","):
        words = part.split()
        try:
            name, share = words
            found[name] = float(share)
        except ValueError:
            raise ParameterError(
                "shares", f'"{part.strip()}" is no share. Write "train 0.85, test 0.15".'
            ) from None
    return found


class BalanceParameters(Parameters):
    conditions: str = parameter("left, right", "Conditions", help="By commas.")
    participants: int = parameter(12, "Participants", low=1, high=1000)


class Balance(SetAction):
    id, title, suffix, group = "counterbalance", "Counterbalance…", "balanced", "rows"
    help = "A column for each participant: every image in every condition once (Latin square)."
    pixels = False
    Parameters = BalanceParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        names = [part.strip() for part in parameters.conditions.split(",") if part.strip()]
        return set_rows.counterbalance(stimuli, names, parameters.participants)


class CopiesParameters(Parameters):
    near: int = parameter(
        -1,
        "Near copies up to",
        unit="bits",
        low=-1,
        high=20,
        help="Of 64 bits of a perceptual hash; −1 takes equal images only.",
    )


class Copies(SetAction):
    id, title, suffix, group = "copies", "Remove copies…", "unique", "rows"
    help = "Leaves out images that stand in the set already."
    pixels = False
    Parameters = CopiesParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        made, pairs = set_rows.without_duplicates(stimuli, parameters.near)
        names = stimuli.names
        shown = [f"{names[pair.second]} = {names[pair.first]}" for pair in pairs[:10]]
        said = f"{', '.join(shown)}." if shown else "There were none."
        return dataclasses.replace(made, history=(*made.history, said))

    def say(self, stimuli: StimulusSet, parameters: Any) -> str:
        return "All images are compared with each other; the set that is here stays."


class JoinParameters(Parameters):
    other: str = parameter("", "Other set", kind="array")


class Join(SetAction):
    id, title, suffix, group = "join", "Join with another set…", "joined", "rows"
    help = "The images of two sets, one after the other."
    needs_other = True
    pixels = False
    Parameters = JoinParameters

    def apply(self, stimuli: StimulusSet, parameters: Any, watch: Watch, find: Find) -> StimulusSet:
        return set_rows.join(stimuli, find(parameters.other))

    def say(self, stimuli: StimulusSet, parameters: Any) -> str:
        if not parameters.other:
            raise ParameterError("", "There is no other set to join with. Make or import one.")
        return f"{stimuli.name}, then {parameters.other}; both stay as they are."


ACTIONS: tuple[SetAction, ...] = (
    Crop(),
    Resize(),
    Grey(),
    Invert(),
    Mask(),
    Match(),
    Names(),
    Column(),
    Measure(),
    Filter(),
    Sort(),
    Sample(),
    Split(),
    Balance(),
    Copies(),
    Join(),
)
"""All actions, in the order of the menu."""


def action(identifier: str) -> SetAction:
    """The action of this id."""
    return next(one for one in ACTIONS if one.id == identifier)
