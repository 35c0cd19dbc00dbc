"""The designer: timelines in frames, blocks, keys, triggers, stimuli; every edit can be undone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pydantic
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QInputDialog,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.panels.stage.document import Desk
from app.panels.stage.forms import (
    BlockForm,
    GeneralForm,
    block_of,
    general_of,
    with_block,
    with_general,
)
from app.panels.stage.records import Field, RecordTable
from app.panels.stage.timeline import Timeline
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stage.design import (
    AnswerKey,
    Block,
    Design,
    Item,
    Phase,
    Source,
    TrialKind,
    first_problem,
    trials_of,
)
from backend.stage.frames import nearest, problems
from widgets import theme
from widgets.banner import Banner, BannerArea
from widgets.form.form import ParameterForm
from widgets.inputs import Combo, DoubleSpin
from widgets.parts import Button, Elided
from widgets.splitter import Splitter

KINDS = ("fixation", "stimulus", "mask", "blank", "response", "feedback", "text", "stream")
HALF_STEP_MS = 0.005
"""What a field of two decimals cannot show."""
ITEMS = (
    Field("what", "draws", "choice", ("stimulus", "fixation", "text"), width=90),
    Field("of", "column or words", width=170, help="Column of the trial table; {column} in texts"),
    Field("x_deg", "right (°)", "number", width=70),
    Field("y_deg", "up (°)", "number", width=70),
    Field("size_deg", "size (°)", "number", width=70),
    Field("rotation", "turned (°)", "number", width=76),
    Field("opacity", "opacity", "number", width=66),
)
KEYS = (
    Field("key", "key", width=90, help="A letter, space, left, right, left button, a …"),
    Field("meaning", "means", width=120),
    Field("device", "device", "choice", ("keyboard", "mouse", "gamepad"), width=90),
    Field("level", "sureness", "whole", width=76, help="0 when not asked"),
)
TRIGGERS = (
    Field("event", "event", width=170, help="A condition, a pool of a stream, a phase, answer …"),
    Field("code", "code", "whole", width=70),
)
SOURCES = (
    Field("name", "pool", width=100),
    Field("generator", "generator", width=110),
    Field("preset", "preset", width=120),
    Field("first", "from image", "whole", width=80),
    Field("count", "images", "whole", width=70),
    Field("parameters", "settings", shown=lambda s: ", ".join(
        f"{k}={v}" for k, v in s.parameters.items()), width=180),
    Field("folder", "stored set", shown=lambda s: s.folder.rpartition("/")[2], width=140),
)  # fmt: skip


class Designer(QWidget):
    """Tabs of one design. Signals: ``changed`` never leaves here, see :class:`Desk`;
    ``kind_shown(name)``, ``add_set_asked``.
    """

    add_set_asked = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.rate = 60.0
        self.kind_name = ""
        self._splitters: list[Splitter] = []
        self.banners = BannerArea()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self._make_timeline()
        self._make_blocks()
        self._make_keys()
        self._make_stimuli()
        self.general = ParameterForm(GeneralForm, "Design")
        self.general.changed.connect(self._general_changed)
        pages = (
            ("Timeline", self._timeline_page()), ("Blocks and trials", self._blocks_page()),
            ("Keys and triggers", self._keys_page()), ("Stimuli", self._stimuli_page()),
            ("General", self.general),
        )  # fmt: skip
        for title, page in pages:
            self.tabs.addTab(page, title)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.banners)
        whole.addWidget(self.tabs, 1)
        desk.changed.connect(self.refresh)
        desk.changed.connect(lambda: self.banners.remove("refused"))
        self.refresh()

    # ---- making ------------------------------------------------------------------------------

    def _make_timeline(self) -> None:
        self.kind = Combo()
        self.kind.setAccessibleName("Trial kind")
        self.kind.activated.connect(lambda _: self.show_kind(self.kind.currentText()))
        self.timeline = Timeline()
        self.timeline.chosen.connect(lambda row: self.phases.view.selectRow(row))
        fields = (
            Field("name", "phase", width=110),
            Field("kind", "kind", "choice", KINDS, width=90),
            Field("ms", "duration (ms)", "number", width=96, help="0 waits for the answer"),
            Field("frames", "frames", shown=lambda p: self.timeline.words(p), width=110),
            Field("until_answer", "until answer", "bool", width=86),
            Field("answers", "answers count", "bool", width=96),
            Field("answered", "when answered", "choice", ("stay", "end"), width=96,
                  help="end: left out when there was an answer before"),
        )  # fmt: skip
        self.phases: RecordTable = RecordTable("Phases", fields, "phase")
        self.items = RecordTable("What the phase draws", ITEMS, "thing")
        self._wire(self.phases, self._phases, self._set_phases, self._new_phase, "phase")
        self._wire(self.items, self._items, self._set_items, lambda: Item(), "drawing")
        self.phases.chosen.connect(lambda _: self._show_phase())

    def _make_blocks(self) -> None:
        fields = (
            Field("name", "block", width=120),
            Field("kind", "trial kind", width=100, help="One of the Timeline page"),
            Field("count", "trials", shown=lambda b: str(trials_of(b)), width=60),
            Field("repeats", "repeats", "whole", width=62),
            Field("shuffle", "random", "bool", width=60),
            Field("feedback", "feedback", "bool", width=66),
            Field("rest_every", "rest after", "whole", width=72, help="trials; 0 for none"),
        )
        self.blocks = RecordTable("Blocks", fields, "block")
        self.rows = RecordTable("Trials of the block", (), "trial")
        self.block_form = ParameterForm(BlockForm, "Block")
        self.block_form.changed.connect(self._block_changed)
        self._wire(self.blocks, self._blocks, self._set_blocks, self._new_block, "block")
        self._wire(self.rows, self._rows, self._set_rows, self._new_row, "trial")
        self.blocks.chosen.connect(lambda _: self._show_block())
        for words, call in (("Column…", self._add_column), ("Paste rows", self.paste_rows)):
            button = Button(words, flat=True)
            button.clicked.connect(lambda _=False, c=call: c())
            self.rows.add_button(button)

    def _make_keys(self) -> None:
        self.keys = RecordTable("Answer keys", KEYS, "key")
        self.triggers = RecordTable("Triggers", TRIGGERS, "trigger")
        self._wire(self.keys, lambda: self.desk.design.keys, self._set_keys,
                   lambda: AnswerKey(free("f", [k.key for k in self.desk.design.keys]), "answer"),
                   "key")  # fmt: skip
        self._wire(self.triggers, self._trigger_rows, self._set_triggers,
                   lambda: {"event": free("event", list(self.desk.design.triggers)), "code": 1},
                   "trigger")  # fmt: skip

    def _make_stimuli(self) -> None:
        self.sources = RecordTable("Pools of stimuli", SOURCES, "pool")
        self._wire(self.sources, lambda: self.desk.design.sources, self._set_sources,
                   self._new_source, "pool")  # fmt: skip
        add = Button("A set of the studio…", "image-multiple-outline", flat=True)
        add.clicked.connect(self.add_set_asked)
        self.sources.add_button(add)

    def _wire(
        self, table: RecordTable, records: Callable[[], Sequence[Any]],
        store: Callable[[str, list[Any]], None], new: Callable[[], Any], noun: str,
    ) -> None:  # fmt: skip
        """Edits of a table become changes of the design."""

        def edit(row: int, name: str, value: Any) -> None:
            changed = list(records())
            old = changed[row]
            try:
                changed[row] = (
                    {**old, name: value} if isinstance(old, dict) else replace(old, **{name: value})
                )
                store(f"edit {noun}", changed)
            except (pydantic.ValidationError, ParameterError) as error:
                self._refuse(error)

        def insert(row: int, record: Any) -> None:
            changed = list(records())
            changed.insert(row + 1, record)
            self._try(lambda: store(f"add {noun}", changed))
            table.view.selectRow(row + 1)

        def remove(rows: list[int]) -> None:
            kept = [one for i, one in enumerate(records()) if i not in set(rows)]
            self._try(lambda: store(f"remove {noun}", kept))

        def move(row: int, step: int) -> None:
            changed = list(records())
            if 0 <= row < len(changed) and 0 <= row + step < len(changed):
                changed.insert(row + step, changed.pop(row))
                self._try(lambda: store(f"move {noun}", changed))
                table.view.selectRow(row + step)

        def copy(row: int) -> None:
            if 0 <= row < len(records()):
                insert(row, renamed(records()[row], records()))

        table.edited.connect(edit)
        table.add_asked.connect(lambda: insert(max(table.row, len(records()) - 1), new()))
        table.copy_asked.connect(copy)
        table.remove_asked.connect(remove)
        table.move_asked.connect(move)

    def _try(self, change: Callable[[], None]) -> None:
        try:
            change()
        except (pydantic.ValidationError, ParameterError) as error:
            self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        banner = Banner("The value cannot be used", words_of(error), "error")
        self.banners.show_banner("refused", banner)
        self.refresh()

    # ---- pages -------------------------------------------------------------------------------

    def _timeline_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(*(theme.dp(12),) * 4)
        column.setSpacing(theme.dp(8))
        line = QHBoxLayout()
        line.addWidget(Elided("Trial kind", "body", "text2", whole=True))
        line.addWidget(self.kind)
        for icon, words, call in (
            ("plus", "Add", self._add_kind), ("tune", "Rename", self._rename_kind),
            ("delete-outline", "Remove", self._remove_kind),
        ):  # fmt: skip
            button = Button(words, icon, flat=True)
            button.clicked.connect(lambda _=False, c=call: c())
            line.addWidget(button)
        line.addStretch(1)
        self.rate_words = Elided("", "body", "text3", whole=True)
        line.addWidget(self.rate_words)
        column.addLayout(line)
        column.addWidget(self.timeline)
        column.addLayout(self._between_line())
        column.addWidget(self._stacked(self.phases, self.items), 1)
        return page

    def _between_line(self) -> QHBoxLayout:
        """The time between trials, in which the next one is prepared."""
        self.between = DoubleSpin(0.0, 3_600_000.0, 2, " ms")
        self.between.setSingleStep(50.0)
        self.between.setSpecialValueText("as soon as ready")
        self.between.setAccessibleName("Time between trials")
        self.between.setToolTip(
            "From the end of the trial to the next one, which is prepared meanwhile. The screen is "
            "blank, or keeps a cross that was shown last."
        )
        self.between.setKeyboardTracking(False)
        self.between.valueChanged.connect(self._set_between)
        self.between_words = Elided("", "body", "text3", whole=True)
        line = QHBoxLayout()
        line.addWidget(Elided("Between trials", "body", "text2", whole=True))
        line.addWidget(self.between)
        line.addWidget(self.between_words)
        line.addStretch(1)
        return line

    def _set_between(self, ms: float) -> None:
        kind = self._kind()
        if kind is not None and abs(kind.between_ms - ms) > HALF_STEP_MS:
            self._set_kind("change time between trials", replace(kind, between_ms=ms))

    def _stacked(self, upper: QWidget, lower: QWidget) -> Splitter:
        """Two tables above each other."""
        tables = Splitter(Qt.Orientation.Vertical)
        # Its handles are made in Python: without a reference the collector takes it for garbage.
        self._splitters.append(tables)
        tables.addWidget(upper)
        tables.addWidget(lower)
        tables.setChildrenCollapsible(False)
        tables.setStretchFactor(1, 2)
        return tables

    def _blocks_page(self) -> QWidget:
        page = Splitter(Qt.Orientation.Horizontal, lined=True)
        self._splitters.append(page)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(*(theme.dp(12),) * 4)
        column.addWidget(self._stacked(self.blocks, self.rows))
        page.addWidget(left)
        page.addWidget(self.block_form)
        page.setStretchFactor(0, 1)
        page.declare([theme.dp(560), theme.dp(300)])
        return page

    def _keys_page(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(*(theme.dp(12),) * 4)
        row.setSpacing(theme.dp(16))
        row.addWidget(self.keys)
        row.addWidget(self.triggers)
        return page

    def _stimuli_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(*(theme.dp(12),) * 4)
        column.addWidget(self.sources)
        return page

    # ---- showing -----------------------------------------------------------------------------

    def set_rate(self, rate: float) -> None:
        """Frames are those of this refresh rate from now on."""
        if rate != self.rate:
            self.rate = rate
            self.refresh()

    def refresh(self) -> None:
        """Show the design as it stands."""
        design = self.desk.design
        names = [kind.name for kind in design.trial_kinds]
        if [self.kind.itemText(i) for i in range(self.kind.count())] != names:
            self.kind.clear()
            self.kind.addItems(names)
        if self.kind_name not in names:
            self.kind_name = names[0] if names else ""
        self.kind.setCurrentText(self.kind_name)
        self.rate_words.setText(f"frames at {self.rate:g} Hz")
        self._show_timeline()
        self.phases.show(self._phases())
        self._show_phase()
        self.blocks.show(design.blocks)
        self._show_block()
        self.keys.show(design.keys)
        self.triggers.show(self._trigger_rows())
        self.sources.show(design.sources)
        self.general.set_preset_values(general_of(design))
        self.general.set_values(general_of(design))
        self._show_problems()

    def _show_timeline(self) -> None:
        row = max(self.phases.row, 0)
        self.timeline.show_phases(self._phases(), self.rate, row)
        kind = self._kind()
        blocked = self.between.blockSignals(True)
        self.between.setValue(kind.between_ms if kind is not None else 0.0)
        self.between.blockSignals(blocked)
        self.between.setEnabled(kind is not None)
        known = kind is not None and kind.between_ms > 0
        words = self.timeline.words(kind.between) if kind is not None and known else ""
        self.between_words.setText(words)

    def _show_phase(self) -> None:
        self._show_timeline()
        self.items.setVisible(bool(self._phases()))
        self.items.show(self._items())

    def _show_block(self) -> None:
        block = self._block
        self.rows.setVisible(block is not None and block.deal is None)
        self.block_form.setVisible(block is not None)
        if block is None:
            return
        self.rows.show(self._rows(), row_fields(block.trials))
        self.rows.note.setText(f"{len(block.trials)} rows of {block.name}")
        self.block_form.set_preset_values(block_of(block))
        self.block_form.set_values(block_of(block))

    def _show_problems(self) -> None:
        """Durations that the screen cannot show are refused, and the nearest offered."""
        found = problems(self.desk.design, self.rate)
        if not found:
            self.banners.remove("frames")
            return
        more = f" {len(found) - 1} more do not fit." if len(found) > 1 else ""
        title = "A duration does not fit the screen"
        buttons = [("nearest", "Use the nearest durations")]
        banner = Banner(title, f"{found[0]}{more}", "warning", buttons)
        banner.acted.connect(lambda _: self.use_nearest())
        self.banners.show_banner("frames", banner)

    def use_nearest(self) -> None:
        """Move every duration to the frame grid."""
        design, changes = nearest(self.desk.design, self.rate)
        self.desk.change("use the nearest durations", design)
        words = " ".join(change.sentence for change in changes[:3])
        self.banners.show_banner("nearest", Banner("Durations were moved", words, "warning"))

    # ---- trial kinds and phases ------------------------------------------------------------------

    def show_kind(self, name: str) -> None:
        """Show another timeline."""
        self.kind_name = name
        self.refresh()

    def _kind(self) -> TrialKind | None:
        return next((k for k in self.desk.design.trial_kinds if k.name == self.kind_name), None)

    def _phases(self) -> Sequence[Phase]:
        kind = self._kind()
        return kind.phases if kind is not None else ()

    def _set_phases(self, text: str, phases: list[Phase]) -> None:
        kind = self._kind()
        if kind is not None:
            self._set_kind(text, replace(kind, phases=tuple(phases)))

    def _set_kind(self, text: str, kind: TrialKind) -> None:
        design = self.desk.design
        kinds = tuple(kind if k.name == self.kind_name else k for k in design.trial_kinds)
        self.kind_name = kind.name
        self.desk.change(text, replace(design, trial_kinds=kinds))

    def _new_phase(self) -> Phase:
        name = free("phase", [phase.name for phase in self._phases()])
        return Phase(name, "blank", 500.0)

    def _items(self) -> Sequence[Item]:
        phases, row = self._phases(), self.phases.row
        return phases[row].items if 0 <= row < len(phases) else ()

    def _set_items(self, text: str, items: list[Item]) -> None:
        phases, row = list(self._phases()), self.phases.row
        if 0 <= row < len(phases):
            phases[row] = replace(phases[row], items=tuple(items))
            self._set_phases(text, phases)

    def _add_kind(self) -> None:
        design = self.desk.design
        name = free("trial", [kind.name for kind in design.trial_kinds])
        phases = (
            Phase("fixation", "fixation", 500.0, (Item("fixation", "", size_deg=0.5),)),
            Phase("stimulus", "stimulus", 500.0, (Item(),), answers=True),
            Phase("response", "response", 0.0, until_answer=True, answered="end"),
        )
        self.kind_name = name
        kinds = (*design.trial_kinds, TrialKind(name, phases))
        self.desk.change("add trial kind", replace(design, trial_kinds=kinds))

    def _rename_kind(self) -> None:
        kind = self._kind()
        if kind is None:
            return
        name, good = QInputDialog.getText(self, "Rename", "Name of the trial kind:", text=kind.name)
        if good and name.strip():
            self._try(partial(self.rename_kind, name.strip()))

    def rename_kind(self, name: str) -> None:
        """Rename the kind on screen; blocks and rows that name it follow."""
        design, old = self.desk.design, self.kind_name
        kind = self._kind()
        if kind is None:
            return
        if any(one.name == name for one in design.trial_kinds):
            raise ParameterError("kind", f'There is a trial kind "{name}" already.')
        kinds = tuple(replace(k, name=name) if k.name == old else k for k in design.trial_kinds)
        blocks = tuple(
            replace(
                b,
                kind=name if b.kind == old else b.kind,
                trials=tuple({**r, "kind": name} if r.get("kind") == old else r for r in b.trials),
            )
            for b in design.blocks
        )
        self.kind_name = name
        self.desk.change("rename trial kind", replace(design, trial_kinds=kinds, blocks=blocks))

    def _remove_kind(self) -> None:
        design = self.desk.design
        kinds = tuple(kind for kind in design.trial_kinds if kind.name != self.kind_name)
        self.desk.change("remove trial kind", replace(design, trial_kinds=kinds))

    # ---- blocks and trials -------------------------------------------------------------------

    def _blocks(self) -> Sequence[Block]:
        return self.desk.design.blocks

    @property
    def _block(self) -> Block | None:
        blocks, row = self._blocks(), self.blocks.row
        return blocks[row] if 0 <= row < len(blocks) else None

    def _set_blocks(self, text: str, blocks: list[Block]) -> None:
        self.desk.change(text, replace(self.desk.design, blocks=tuple(blocks)))

    def _new_block(self) -> Block:
        design = self.desk.design
        name = free("block", [block.name for block in design.blocks])
        return Block(name, design.trial_kinds[0].name if design.trial_kinds else "")

    def _set_block(self, text: str, block: Block) -> None:
        blocks = list(self._blocks())
        blocks[self.blocks.row] = block
        self._set_blocks(text, blocks)

    def _block_changed(self, name: str, value: Any) -> None:
        block = self._block
        if block is not None:
            pools = tuple(source.name for source in self.desk.design.sources)
            wanted = partial(with_block, block, name, value, pools)
            self._try(lambda: self._set_block("change block", wanted()))

    def _rows(self) -> Sequence[dict[str, Any]]:
        return self._block.trials if self._block is not None else ()

    def _set_rows(self, text: str, rows: list[dict[str, Any]]) -> None:
        block = self._block
        if block is not None:
            kept = tuple({k: as_value(v) for k, v in row.items() if v != ""} for row in rows)
            self._set_block(text, replace(block, trials=kept))

    def _new_row(self) -> dict[str, Any]:
        rows = self._rows()
        sources = self.desk.design.sources
        return dict(rows[-1]) if rows else {"stimulus": f"{sources[0].name}:0" if sources else ""}

    def _add_column(self) -> None:
        name, good = QInputDialog.getText(self, "Column", "Name of the new column:")
        if good and name.strip():
            rows = [{**row, name.strip(): row.get(name.strip(), "0")} for row in self._rows()]
            self._try(lambda: self._set_rows("add column", rows or [{name.strip(): "0"}]))

    def paste_rows(self) -> None:
        """Rows from the clipboard: a header line, then one line a trial, by tabs or commas."""
        text = QApplication.clipboard().text().strip("\n")
        try:
            rows = rows_of(text)
        except ParameterError as error:
            self._refuse(error)
            return
        self._try(lambda: self._set_rows("paste rows", [*self._rows(), *rows]))

    # ---- keys, triggers, stimuli, general ----------------------------------------

    def _set_keys(self, text: str, keys: list[AnswerKey]) -> None:
        self.desk.change(text, replace(self.desk.design, keys=tuple(keys)))

    def _trigger_rows(self) -> list[dict[str, Any]]:
        return [{"event": k, "code": v} for k, v in self.desk.design.triggers.items()]

    def _set_triggers(self, text: str, rows: list[dict[str, Any]]) -> None:
        codes = {str(row["event"]): row["code"] for row in rows}
        self.desk.change(text, replace(self.desk.design, triggers=codes))

    def _set_sources(self, text: str, sources: list[Source]) -> None:
        self.desk.change(text, replace(self.desk.design, sources=tuple(sources)))

    def _new_source(self) -> Source:
        name = free("pool", [source.name for source in self.desk.design.sources])
        return Source(name, "gratings", count=10)

    def _general_changed(self, name: str, value: Any) -> None:
        design = self.desk.design
        try:
            self.desk.change(f"change {name}", with_general(design, name, value))
        except (pydantic.ValidationError, FileProblem) as error:
            self.general.refuse(name, words_of(error), None, str(value))


def words_of(error: Exception) -> str:
    """A refusal in words."""
    return first_problem(error) if isinstance(error, pydantic.ValidationError) else str(error)


def free(stem: str, taken: list[str]) -> str:
    """A name that is not taken."""
    names = [stem, *(f"{stem} {number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def renamed(record: Any, others: Sequence[Any]) -> Any:
    """A copy under a free name, where records have names."""
    if isinstance(record, dict) or not hasattr(record, "name"):
        return dict(record) if isinstance(record, dict) else dataclasses.replace(record)
    return replace(record, name=free(record.name, [one.name for one in others]))


def row_fields(rows: Sequence[dict[str, Any]]) -> list[Field]:
    """Columns of a trial table, in the order they first appear."""
    names = list(dict.fromkeys(key for row in rows for key in row)) or ["stimulus"]
    return [Field(name, name, width=110) for name in names]


def as_value(value: Any) -> Any:
    """A typed cell: a number where it reads as one."""
    if not isinstance(value, str):
        return value
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def rows_of(text: str) -> list[dict[str, Any]]:
    """Rows of a pasted table; ParameterError in words when it is none."""
    import csv
    import io

    lines = text.splitlines()
    if len(lines) < 2:
        raise ParameterError("rows", "The clipboard holds no table. Copy a header and rows.")
    mark = "\t" if "\t" in lines[0] else ","
    rows = list(csv.DictReader(io.StringIO(text), delimiter=mark))
    if any(None in row or None in row.values() for row in rows):
        raise ParameterError("rows", "Each pasted row needs as many cells as the header.")
    return [{str(key): as_value(value) for key, value in row.items()} for row in rows]


def new_design() -> Design:
    """An empty design to start from: one kind, one block, gratings."""
    phases = (
        Phase("fixation", "fixation", 500.0, (Item("fixation", "", size_deg=0.5),)),
        Phase("stimulus", "stimulus", 500.0, (Item(),), answers=True),
        Phase("response", "response", 0.0, until_answer=True, answered="end"),
    )
    rows: tuple[dict[str, Any], ...] = tuple(
        {"stimulus": f"gratings:{i}", "trial_type": "grating"} for i in range(4)
    )
    return Design(
        name="New design",
        task="new",
        title="New design",
        sources=(Source("gratings", "gratings", count=4),),
        trial_kinds=(TrialKind("trial", phases),),
        keys=(AnswerKey("f", "left"), AnswerKey("j", "right")),
        blocks=(Block("block", "trial", rows),),
    )
