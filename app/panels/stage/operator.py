"""The operator's views: pre-flight, mirror, trial log, timing, and the live result."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QGridLayout,
    QHeaderView,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.panels.view_board import ViewBoard
from backend.core.channels import Channel, Latest
from backend.core.parameters import show_number
from backend.core.views import Axis, Series, View, column, row
from backend.stage.design import BETWEEN
from backend.stage.display import Layer
from backend.stage.drawing import draw_text
from backend.stage.live import LiveResult
from backend.stage.monitors import MonitorProfile
from backend.stage.noise_answers import NoiseAnswers
from backend.stage.preflight import Check
from backend.stage.presenter import PAGE_DEG
from widgets import icons, theme
from widgets.cells import CellDelegate
from widgets.parts import Button, Head, Panel, Words
from widgets.stage_mirror import StageMirror
from widgets.views import make_view
from widgets.views.frame import ViewWidget

ANYWHERE = QModelIndex()
Role = Qt.ItemDataRole
STATE_ICON = {"good": ("check-circle", "ok"), "check": ("alert", "warn"),
              "unknown": ("help-circle-outline", "text3"),
              "bad": ("alert-circle", "err")}  # fmt: skip
STATE_WORDS = {"good": "good", "check": "to check", "unknown": "not known", "bad": "not usable"}

VIEWS = (
    View("preflight", "Pre-flight", "checks", "preflight", icon="monitor-eye",
         empty="Check the screen measures refresh rate, vertical sync and the rest, in about ten "
               "seconds."),
    View("mirror", "What the participant sees", "image", "mirror", note="mirror, 10 Hz",
         icon="monitor-eye", empty="The stage's screen appears here while it is open."),
    View("trials", "Trials", "checks", "trials", icon="table", note="newest first",
         empty="One row a trial, as soon as it is on disk."),
    View("intervals", "Frame intervals", "histogram", "intervals", note="last 600 flips",
         icon="chart-histogram", x=Axis("interval", "ms"), y=Axis("flips", "", log=True),
         series=(Series("flips", "flips", "1", "bars"), Series("limit", "late above", "err")),
         empty="Intervals between flips, with the line above which a flip is late."),
    View("onsets", "Onset against plan", "scatter", "onsets", note="trials after another trial",
         x=Axis("trial"), y=Axis("shown − planned", "ms"),
         series=(Series("off", "trials", "1", "dots"),),
         empty="One dot for each trial that follows another at once."),
)  # fmt: skip
RESULT_VIEWS = (
    View("numbers", "Session", "counters", "numbers", icon="table"),
    View("share", "Answers so far", "traces", "share", x=Axis("trial"),
         y=Axis("share", "", 0.0, 1.0), series=(Series("share", "share", "4"),)),
    View("curve", "Psychometric curve", "psychometric", "curve", x=Axis("level"),
         y=Axis("share right", "", 0.0, 1.0), series=(Series("y", "answers", "4", "dots"),
                                                      Series("fit_y", "logistic fit", "4"))),
    View("reaction", "Response times", "histogram", "reaction", x=Axis("response time", "s"),
         y=Axis("answers"), series=(Series("answers", "answers", "4", "bars"),)),
    View("ci", "Classification image", "image", "ci", colour_map="CET-D1A", icon="image-outline"),
)  # fmt: skip
LAYOUT = column(
    row("preflight", "mirror", weights=(1.7, 1)),
    "trials",
    row("intervals", "onsets"),
    weights=(1.25, 1.4, 0.9),
)
READABLE = 500
NAME_DP = 128
HEIGHTS = {"numbers": 290, "share": 170, "curve": 210, "reaction": 170, "ci": 260}


class PreflightView(ViewWidget):
    """One line a check. Signal ``fix_asked(id)``."""

    fix_asked = Signal(str)

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.lines: list[Check] = []
        self.large = False
        self.body = Panel(ground="base")
        self.grid = QGridLayout(self.body)
        self.grid.setContentsMargins(theme.dp(10), theme.dp(4), theme.dp(10), theme.dp(4))
        self.grid.setHorizontalSpacing(theme.dp(10))
        self.grid.setVerticalSpacing(theme.dp(6))
        self.grid.setColumnStretch(2, 1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(self.body)
        self.set_content(area)

    def show_lines(self, lines: list[Check], note: str) -> None:
        """Show these checks; none brings the empty state."""
        self.lines = lines
        self.set_note(note)
        while self.grid.count():
            item = self.grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for number, line in enumerate(lines):
            self._add(number, line)
        self.grid.setRowStretch(len(lines), 1)
        self._show_page(bool(lines))

    def set_large(self, large: bool) -> None:
        """Words one size larger."""
        self.large = large
        self.show_lines(self.lines, self.header.note.text())

    def _add(self, number: int, line: Check) -> None:
        icon, role = STATE_ICON[line.state]
        sign = Words("")
        sign.setPixmap(icons.pixmap(icon, role, theme.dp(16), self.devicePixelRatioF()))
        sign.setToolTip(STATE_WORDS[line.state])
        sign.setFixedWidth(theme.dp(20))
        name = Words(line.name, "strong")
        name.setFixedWidth(theme.dp(NAME_DP))
        name.setAccessibleName(f"{line.name}: {sign.toolTip()}")
        self.grid.addWidget(sign, number, 0)
        self.grid.addWidget(name, number, 1)
        words = Words(line.words, "value" if self.large else "body", "text2")
        self.grid.addWidget(words, number, 2, 1, 1 if line.button else 2)
        if line.button:
            button = Button(line.button)
            button.clicked.connect(lambda _=False, f=line.fix: self.fix_asked.emit(f))
            self.grid.addWidget(button, number, 3)

    def pull(self, channel: Any) -> bool:
        return False

    def summary(self) -> str:
        return "; ".join(f"{line.name}: {line.words}" for line in self.lines)

    def data(self) -> dict[str, Any]:
        return {"check": [line.name for line in self.lines],
                "state": [line.state for line in self.lines],
                "measured": [line.words for line in self.lines]}  # fmt: skip


class MirrorView(ViewWidget):
    """What is on the stage's screen."""

    def show_page(self, words: str, monitor: MonitorProfile, level: int) -> None:
        """A page of text, as the participant reads it."""
        image = draw_text(words, monitor.px(PAGE_DEG), level)
        self.mirror.set_screen(monitor.width_px, monitor.height_px, level)
        self.mirror.set_textures({"page": image})
        self.mirror.show_layers((Layer("page", 0, 0, image.shape[1], image.shape[0]),), "")
        self.show_screen(True)

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.mirror = StageMirror()
        self.set_content(self.mirror)

    def show_screen(self, shown: bool) -> None:
        """The mirror, or the empty state."""
        self._show_page(shown)

    def pull(self, channel: Any) -> bool:
        return False

    def summary(self) -> str:
        return self.mirror.words


class TrialLog(QAbstractTableModel):
    """Finished trials, newest first; late ones are marked."""

    HEADS = ("trial", "block", "stimulus", "frames", "late", "duration (ms)", "answer", "RT (s)",
             "note")  # fmt: skip
    NUMBERS = (0, 3, 4, 5, 7)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.events: list[dict[str, Any]] = []
        self.blind = False

    def clear(self) -> None:
        """Forget all rows."""
        self.beginResetModel()
        self.events = []
        self.endResetModel()

    def add(self, event: dict[str, Any]) -> None:
        """A finished trial on top."""
        self.beginInsertRows(ANYWHERE, 0, 0)
        self.events.append(event)
        self.endInsertRows()

    def set_blind(self, blind: bool) -> None:
        """Hide answers from the operator."""
        if blind != self.blind:
            self.beginResetModel()
            self.blind = blind
            self.endResetModel()

    def rowCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.events)

    def columnCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.HEADS)

    def headerData(self, section: int, way: Any, role: int = Role.DisplayRole) -> Any:
        across = way == Qt.Orientation.Horizontal
        return self.HEADS[section] if across and role == Role.DisplayRole else None

    def data(self, index: Any, role: int = Role.DisplayRole) -> Any:
        event = self.events[-1 - index.row()]
        if role == Role.DisplayRole:
            return trial_cells(event, self.blind)[index.column()]
        if role == Role.ToolTipRole:
            return trial_note(event) or None
        if role == Role.BackgroundRole and trial_note(event):
            return theme.token("warnbg")
        if role == Role.TextAlignmentRole:
            number = index.column() in self.NUMBERS
            side = Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


def trial_cells(event: dict[str, Any], blind: bool = False) -> tuple[str, ...]:
    """One trial as the log shows it."""
    answer, flips, late = event["answer"], event["flips"], event["late"]
    named = {k: v for k, v in event["row"].items() if ":" in str(v)}
    stimulus = ", ".join(str(v) for v in named.values()) or str(event["row"].get("kind", ""))
    said = answer.get("response")
    words = "–" if said is None else str(said)
    if "hits" in answer:
        words = f"{answer['hits']} of {answer['targets']} targets"
    time = answer.get("response_time")
    lost = sum(int(one["lost"]) for one in late)
    return (
        str(event["number"]),
        str(event["block"]),
        stimulus,
        str(event["frames"]),
        str(lost) if lost else "",
        f"{1000 * (flips[-1] - flips[0]):.1f}" if flips else "",
        "hidden" if blind else words,
        f"{time:.3f}" if isinstance(time, int | float) and not blind else "",
        trial_note(event),
    )


def trial_note(event: dict[str, Any]) -> str:
    """What was unusual in a trial."""
    late = [one for one in event["late"] if one["phase"] != BETWEEN]
    parts = [] if event.get("focused", True) else ["focus lost"]
    if event.get("held"):
        parts.append(f"{', '.join(event['held'])} held down")
    if len(late) < len(event["late"]):
        parts.append("begun late")
    if late:
        flips = "1 late flip" if len(late) == 1 else f"{len(late)} late flips"
        parts.append(f"{flips}, frame {late[0]['frame']}")
    return " · ".join(parts)


class LogView(ViewWidget):
    """The trial log."""

    WIDTHS = (46, 100, 130, 56, 42, 90, 90, 60)

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.model = TrialLog(self)
        table = self.table = QTableView()
        table.setModel(self.model)
        table.setItemDelegate(CellDelegate(table))
        table.setAccessibleName("Trials")
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setFrameShape(QTableView.Shape.NoFrame)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(theme.dp(24))
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setHighlightSections(False)
        for number, width in enumerate(self.WIDTHS):
            table.setColumnWidth(number, theme.dp(width))
        self.set_content(table)

    def set_large(self, large: bool) -> None:
        """Words that can be read from the other side of the room."""
        font = theme.font("value" if large else "body")
        font.setPointSizeF(font.pointSizeF() + (2 if large else 0))
        self.table.setFont(font)
        self.table.horizontalHeader().setFont(font)
        self.table.verticalHeader().setDefaultSectionSize(theme.dp(34 if large else 24))
        for number, width in enumerate(self.WIDTHS):
            self.table.setColumnWidth(number, theme.dp(round(width * (1.4 if large else 1))))

    def add(self, event: dict[str, Any]) -> None:
        """A finished trial."""
        self.model.add(event)
        self.set_note(f"{len(self.model.events)} on disk · newest first")
        self._show_page(True)

    def forget(self) -> None:
        """Before a new session."""
        self.model.clear()
        self._show_page(False)

    def pull(self, channel: Any) -> bool:
        return False

    def data(self) -> dict[str, Any]:
        rows = [trial_cells(event) for event in self.model.events]
        heads = TrialLog.HEADS
        return {head: [row[i] for row in rows] for i, head in enumerate(heads)}


class LiveColumn(Panel):
    """Right column: the result growing trial by trial, unless the operator is to stay blind."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("left", parent=parent)
        self.views = {view.id: make_view(view) for view in RESULT_VIEWS}
        self.hidden_words = Words(
            "The result is hidden, so that the operator stays blind. It is on disk.",
            "body",
            "text2",
        )
        self.hidden_words.setContentsMargins(*(theme.dp(12),) * 4)
        body = QWidget()
        stack = QVBoxLayout(body)
        stack.setContentsMargins(theme.dp(6), theme.dp(6), theme.dp(6), theme.dp(6))
        stack.setSpacing(theme.dp(6))
        for name, view in self.views.items():
            view.setFixedHeight(theme.dp(HEIGHTS[name]))
            view.hide()
            stack.addWidget(view)
        stack.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        self.area = area
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(Head("Live result", self))
        whole.addWidget(self.hidden_words)
        whole.addWidget(area, 1)
        self.hidden_words.hide()
        self.setMinimumWidth(theme.dp(260))

    def set_blind(self, blind: bool) -> None:
        """Show a sentence instead of the result."""
        self.hidden_words.setVisible(blind)
        self.area.setVisible(not blind)


def image_words(image: NoiseAnswers) -> str:
    """How many trials stand behind the image, and from how many it can be read (07, section 10)."""
    more = f"; readable from about {READABLE}" if image.trials < READABLE else ""
    bright = "the chosen one" if image.pairs else f"“{image.positive}”"
    return f"{image.trials} trials, brighter for {bright}{more}"


class OperatorBoard(ViewBoard):
    """Centre of the stage while a session runs; the live result stands beside it.

    Signal: ``fix_asked(id)`` of a pre-flight line.
    """

    fix_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        preflight, mirror, log = PreflightView(VIEWS[0]), MirrorView(VIEWS[1]), LogView(VIEWS[2])
        live = LiveColumn()
        views = {
            "preflight": preflight, "mirror": mirror, "trials": log,
            "intervals": make_view(VIEWS[3]), "onsets": make_view(VIEWS[4]),
        }  # fmt: skip
        super().__init__("Stage", views, LAYOUT, live.views, parent)
        self.channels = {view.channel: Latest() for view in (*VIEWS, *RESULT_VIEWS)}
        self.preflight, self.mirror, self.log, self.column = preflight, mirror, log, live
        self.live: LiveResult | None = None
        self.image: NoiseAnswers | None = None
        self.blind = self.large = False
        self._shown = -1
        self.preflight.fix_asked.connect(self.fix_asked)

    def offer(self, widget: ViewWidget) -> None:
        widget.export_asked.connect(self.export_asked)  # its own window would not go blind

    def channel(self, name: str, view_id: str = "") -> Channel:
        return self.channels[name]

    def begin(self, live: LiveResult, image: NoiseAnswers | None) -> None:
        """A session begins: empty log, empty pictures."""
        self.live, self._shown = live, -1
        self.image = image
        self.log.forget()
        for name in ("intervals", "onsets", *(view.id for view in RESULT_VIEWS)):
            self.channels[name].publish()
        for widget in self.everything():
            if widget.view.id not in ("preflight", "mirror", "trials"):
                widget.clear()
        for widget in self.column.views.values():
            widget.hide()

    def set_large(self, large: bool) -> None:
        """Lab mode: log, checks and numbers one size larger."""
        if large != self.large:
            self.large = large
            self.log.set_large(large)
            self.preflight.set_large(large)

    def set_blind(self, blind: bool) -> None:
        """Keep answers and result from the operator's eyes."""
        self.blind = blind
        self.log.model.set_blind(blind)
        self.column.set_blind(blind)

    def add(self, event: dict[str, Any]) -> None:
        """A finished trial."""
        if self.live is not None:
            self.live.add(event)
        if self.image is not None:
            self.image.add(event["row"], event["answer"])
        self.log.add(event)

    def refresh(self) -> None:
        """Publish what the newest trials changed; a few times a second."""
        live = self.live
        if live is None or len(live.trials) == self._shown:
            return
        self._shown = len(live.trials)
        late = len(live.late)
        lead = {
            "lead": str(late), "caption": f"late of {show_number(live.flips)} flips",
            "rows": live.rows(),
        }  # fmt: skip
        self._publish("numbers", lead)
        self._publish("intervals", self._with_limit(live.intervals(), live.late_above_ms))
        self.views["intervals"].set_note(
            f"last 600 flips; late above {live.late_above_ms:.1f} ms (1.2 ×)"
        )
        for name, data in (("onsets", live.onsets()), ("share", live.share()),
                           ("reaction", live.reaction()), ("curve", live.curve())):  # fmt: skip
            self._publish(name, data)
        self._show_image()
        words = (
            "share right" if live.graded else f"share “{live.meanings[0]}”" if live.meanings else ""
        )
        self.column.views["share"].set_note(words)

    @staticmethod
    def _with_limit(data: dict[str, Any], limit: float) -> dict[str, Any]:
        import numpy as np

        if not data:
            return data
        top = max(1.0, float(data["flips"].max()))
        return data | {"limit_x": np.array([limit, limit]), "limit": np.array([0.8, top])}

    def _publish(self, name: str, data: dict[str, Any]) -> None:
        if data:
            self.channels[name].publish(**data)
        widget = self.column.views.get(name)
        if widget is not None:
            widget.setVisible(bool(data))

    def _show_image(self) -> None:
        """The classification image so far."""
        made = self.image.image() if self.image is not None else None
        if made is None or self.image is None:
            self._publish("ci", {})
            return
        self._publish("ci", {"image": made})
        self.column.views["ci"].set_note(image_words(self.image))

    def pull(self) -> None:
        """Draw what is new."""
        for widget in self.everything():
            widget.pull(self.channels[widget.view.channel])
