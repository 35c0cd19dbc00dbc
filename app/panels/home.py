"""Home: a card for each working study, the sessions, and hints for the first minutes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import session as sessions
from app.recovery import recovery_banner
from backend.studies import find, ids
from widgets import theme
from widgets.flow_cards import Card, FlowCards
from widgets.inputs import LineEdit
from widgets.parts import Button, Elided, Head, Panel, Words

if TYPE_CHECKING:
    from app.window import MainWindow

PICTURES = Path(__file__).parents[2] / "resources" / "cards"
HINTS = (
    ("Open a card", "Enter"),
    ("Find anything", "Ctrl+K"),
    ("Keyboard map", "Ctrl+/"),
)


class HomePanel(QWidget):
    """Cards left, *Continue* right."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window_ = window
        self.cards = FlowCards()
        self.cards.set_cards([card_of(name) for name in ids()])
        self.cards.opened.connect(window.open_study_running)
        self.filter = LineEdit()
        self.filter.setPlaceholderText("Filter studies")
        self.filter.setAccessibleName("Filter studies")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(lambda text: self.cards.set_filter(text=text))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._cards(), 1)
        self.side = Panel("left")
        self.side.setFixedWidth(theme.dp(300))
        self.side_column = QVBoxLayout(self.side)
        self.side_column.setContentsMargins(1, 0, 0, 0)
        self.side_column.setSpacing(0)
        row.addWidget(self.side)

    def _cards(self) -> QWidget:
        title = QVBoxLayout()
        title.setSpacing(0)
        title.addWidget(Elided("Studies", "title"))
        words = "Each opens with its data in place and runs at once."
        title.addWidget(Elided(words, "body", "text2"))
        top = QHBoxLayout()
        top.addLayout(title, 1)
        self.filter.setFixedWidth(theme.dp(200))
        top.addWidget(self.filter)
        inside = QWidget()
        column = QVBoxLayout(inside)
        margin = theme.dp(24)
        column.setContentsMargins(margin, theme.dp(16), margin, margin)
        column.setSpacing(theme.dp(12))
        column.addLayout(top)
        column.addWidget(self.cards, 1)
        return inside

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        self.cards.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self) -> None:
        """Look again for crashed and recent sessions."""
        while self.side_column.count():
            item = self.side_column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        self.side_column.addWidget(Head("Continue"))
        for path in sessions.crashed()[:1]:
            self.side_column.addWidget(recovery_banner(self.window_, path, self.refresh))
        self._recent()
        open_button = Button("Open session…", "folder-open-outline")
        open_button.clicked.connect(self.window_.keeper.open)
        self._padded(open_button)
        self.side_column.addWidget(Head("Make, present, look inside"))
        for words, icon, panel in (
            ("Stimuli: faces, noise, shapes, scenes", "image-multiple-outline", "stimuli"),
            ("Stage: run an experiment", "presentation-play", "stage"),
            ("Explorer: look inside a network", "layers-outline", "explorer"),
            ("Brain: surfaces and what lies on them", "brain", "brain"),
        ):
            button = Button(words, icon, flat=True)
            button.clicked.connect(lambda _=False, p=panel: self.window_.show_panel(p))
            self._padded(button)
        self.side_column.addStretch(1)
        if self.window_.settings.hints:
            for text, keys in HINTS:
                self._padded(hint_row(text, keys))
        self.side_column.addSpacing(theme.dp(12))

    def _recent(self) -> None:
        paths = sessions.recent()
        for path in paths:
            button = Button(path.stem, "content-save-outline", flat=True)
            button.setToolTip(str(path))
            button.clicked.connect(lambda _=False, p=path: self.window_.keeper.open_file(p))
            self._padded(button)
        if not paths:
            self._padded(Words("Sessions that you save appear here.", "body", "text2"))

    def _padded(self, widget: QWidget) -> None:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(theme.dp(12), theme.dp(4), theme.dp(12), theme.dp(4))
        row.addWidget(widget)
        if isinstance(widget, Button):
            row.addStretch(1)
        self.side_column.addWidget(holder)


def card_of(identifier: str) -> Card:
    """The card of a study, with a picture of its own example."""
    study = find(identifier)
    file = PICTURES / f"{study.id}.png"
    return Card(
        study.id, study.title, study.question, study.number, study.panel.capitalize(),
        study.family, lambda: QPixmap(str(file)),
    )  # fmt: skip


def hint_row(text: str, keys: str) -> QWidget:
    """A hint with its keys at the right."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(Elided(text, "body", "text2"), 1)
    row.addWidget(Elided(keys, "body", "text2"))
    return holder
