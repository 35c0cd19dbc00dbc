"""The page of the unit chosen: its facts, and what the network answers to the picture."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from backend.core.channels import Latest
from backend.core.views import Axis, Series, View
from widgets import theme
from widgets.inputs import Tick
from widgets.parts import Elided, Head, Panel, Tool, Words
from widgets.views import make_view

FACTS = View("facts", "Unit", "counters", "facts", icon="information-outline", place="result",
             empty="Click a channel; what is known of it appears here.")  # fmt: skip
ANSWER = View("answer", "Answer", "bars", "answer", icon="chart-bar", place="result",
              x=Axis("share", "", 0.0),
              series=(Series("share", "share", "1"),),
              empty="What the network says of the picture appears here.")  # fmt: skip


LONGEST = 18


class UnitPage(Panel):
    """Right column. Signal ``stepped(+1 or −1)``: another picture of the set."""

    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("left", parent=parent)
        self.title = Elided("No unit chosen", "title")
        self.hint = Words("Click one of the maps, or use the arrow keys there.", "body", "text2")
        self.facts, self.answer = make_view(FACTS), make_view(ANSWER)
        self.place = Tick("Only the place clicked")
        self.place.setToolTip("Take the one place of the map as the unit, not the whole map")
        self._facts, self._answer = Latest(), Latest()
        back = Tool("chevron-left", "Previous picture")
        on = Tool("chevron-right", "Next picture")
        back.clicked.connect(lambda: self.stepped.emit(-1))
        on.clicked.connect(lambda: self.stepped.emit(1))
        head = QHBoxLayout()
        margin = theme.dp(10)
        head.setContentsMargins(margin, theme.dp(8), theme.dp(6), theme.dp(4))
        head.addWidget(self.title, 1)
        step = QHBoxLayout()
        step.setContentsMargins(margin, 0, theme.dp(6), theme.dp(4))
        step.addWidget(Elided("Picture", "body", "text2"))
        step.addWidget(back)
        step.addWidget(on)
        step.addStretch(1)
        words = QHBoxLayout()
        words.setContentsMargins(margin, 0, margin, theme.dp(6))
        words.addWidget(self.hint)
        tick = QHBoxLayout()
        tick.setContentsMargins(margin, 0, margin, theme.dp(6))
        tick.addWidget(self.place)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(words)
        column.addLayout(tick)
        column.addWidget(self.facts, 3)
        column.addWidget(Head("Picture and answer"))
        column.addLayout(step)
        column.addWidget(self.answer, 2)
        self.setMinimumWidth(theme.dp(240))

    def show_unit(
        self, title: str, lead: float | None, rows: Sequence[tuple[str, str, str]]
    ) -> None:
        """Name, mean for the picture at hand and facts of a unit; no mean when none is chosen."""
        self.title.setText(title or "No unit chosen")
        self.hint.setVisible(not title)
        if rows:  # what was done to a layer may be known before a unit is chosen
            caption = "mean over places, this picture" if lead is not None else ""
            self._facts.publish(lead=lead, caption=caption, rows=list(rows))
        else:
            self._facts.publish()
        self.facts.pull(self._facts)

    def show_answer(self, answer: Sequence[tuple[str, float]]) -> None:
        """The largest outputs of the last layer."""
        if answer:
            labels = [f"{shortened(name)} {share:.2g}" for name, share in answer]
            self._answer.publish(labels=labels, values=[share for _, share in answer],
                                 note="softmax of the last layer")  # fmt: skip
        else:
            self._answer.publish()
        self.answer.pull(self._answer)


def shortened(name: str) -> str:
    """A class name that leaves room for its bar."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1].rstrip(" ,") + "…"
