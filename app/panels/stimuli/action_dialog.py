"""Settings of an edit that makes a new set, with before and after of the picture on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stimuli.set_actions import SetAction
from backend.stimuli.set_files import as_bytes
from backend.stimuli.stimulus_set import StimulusSet
from widgets import theme
from widgets.form.form import ParameterForm
from widgets.inputs import Combo
from widgets.parts import Button, Words
from widgets.views.pictures import PictureBoard

if TYPE_CHECKING:
    from app.panels.stimuli.panel import StimuliPanel

WAIT_MS = 120


class ActionDialog(QDialog):
    """Signal ``accepted_with(parameters)`` when *Make the new set* was pressed."""

    accepted_with = Signal(object)

    def __init__(
        self, action: SetAction, stimuli: StimulusSet, panel: StimuliPanel, others: list[str]
    ) -> None:
        super().__init__(panel)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(action.title.removesuffix("…"))
        self.action, self.stimuli = action, stimuli
        self.index = panel.board.index
        self.parameters: Any = action.Parameters()
        self.form = ParameterForm(action.Parameters, "Settings")
        self.form.changed.connect(self._changed)
        self.form.changing.connect(self._changed)
        self.form.reset_all_asked.connect(self._reset)
        self.form.errors_changed.connect(lambda _: self._allow())
        self.sentence = ""
        self.possible = True
        self._refused = ""
        self.others = Combo()
        self.others.addItems(others)
        self.others.setAccessibleName("The other set")
        self.others.setVisible(action.needs_other)
        self.others.currentTextChanged.connect(lambda _: self._look())
        self.pictures = PictureBoard()
        self.words = Words(action.help, "body", "text2")
        self.note = Words("", "body", "text3")
        self.make = Button("Make the new set", "play", primary=True)
        self.make.setDefault(True)
        self.make.clicked.connect(self._accept)
        self.cancel = Button("Cancel")
        self.cancel.clicked.connect(self.reject)
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(WAIT_MS)
        self.timer.timeout.connect(self._look)
        self._lay_out()
        self._look()

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.others)
        column.addWidget(self.form, 1)
        left.setFixedWidth(theme.dp(340))
        right = QVBoxLayout()
        right.setContentsMargins(theme.dp(12), theme.dp(12), theme.dp(12), theme.dp(12))
        right.addWidget(self.words)
        right.addWidget(self.pictures, 1)
        right.addWidget(self.note)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.make)
        right.addLayout(buttons)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(left)
        whole.addLayout(right, 1)
        self.resize(theme.dp(880), theme.dp(480))

    def _changed(self, name: str, value: Any) -> None:
        self.parameters = self.parameters.changed(**{name: value})
        self.timer.start()

    def _reset(self, values: dict[str, Any]) -> None:
        self.parameters = self.parameters.changed(**values)
        self._look()

    def _wanted(self) -> Any:
        if self.action.needs_other:
            return self.parameters.changed(other=self.others.currentText())
        return self.parameters

    def _look(self) -> None:
        """Before and after of the picture on screen, or what the action will do."""
        before = as_bytes(np.asarray(self.stimuli.images[self.index]))
        parts = [("before", before)]
        self.possible, self.sentence = True, ""
        self.form.accept(self._refused)
        try:
            after = self.action.preview(self.stimuli, self.index, self._wanted())
            if after is not None:
                parts.append(("after", as_bytes(np.asarray(after))))
            self.sentence = self.action.say(self.stimuli, self._wanted())
        except ParameterError as error:
            self._refuse(error)
        except FileProblem as problem:
            self.possible, self.sentence = False, str(problem)
        self.pictures.show_pictures(None, parts)
        self.note.setText(self.sentence)
        self._allow()

    def _refuse(self, error: ParameterError) -> None:
        """Say it at its field, where it has one."""
        self.possible = False
        known = error.field in self.form.declarations
        self._refused = error.field if known else self.action.about
        if self._refused:
            self.form.refuse(self._refused, error.sentence, error.fix)
        else:
            self.sentence = error.sentence

    def _allow(self) -> None:
        self.make.setEnabled(self.possible and not self.form.errors)

    def _accept(self) -> None:
        self.accepted_with.emit(self._wanted())
        self.accept()
