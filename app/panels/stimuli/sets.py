"""What the studio does with stored sets: keep, show, edit, export, send, undo."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu

from app import exporting
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stimuli import set_files, set_rows
from backend.stimuli.set_actions import ACTIONS, SetAction
from backend.stimuli.set_store import SetStore, StoredSet
from backend.stimuli.stimulus_set import StimulusSet
from widgets.banner import Banner

if TYPE_CHECKING:
    from app.panels.stimuli.panel import StimuliPanel
    from backend.core.tasks import Task

FORMATS = (
    ("Folder of PNG, TSV and JSON…", "", ""),
    ("NPZ…", ".npz", "NumPy archive (*.npz)"),
    ("DNNBrain list (.stim.csv)…", ".stim.csv", "DNNBrain stimuli (*.stim.csv)"),
)


class Stored(QUndoCommand):
    """A set came into the store, or went to the trash; undo takes that back."""

    def __init__(self, keeper: SetKeeper, stored: StoredSet, text: str, arrives: bool) -> None:
        super().__init__(text)
        self.keeper, self.stored, self.arrives = keeper, stored, arrives
        self._first = True

    def redo(self) -> None:
        if self._first and self.arrives:
            self._first = False  # it is in the store already
            return
        self._first = False
        self.keeper.move(self.stored, self.arrives)

    def undo(self) -> None:
        self.keeper.move(self.stored, not self.arrives)


class Changed(QUndoCommand):
    """The table or the name of a set got another version."""

    def __init__(
        self, keeper: SetKeeper, stored: StoredSet, text: str, before: Any, after: Any
    ) -> None:
        super().__init__(text)
        self.keeper, self.stored, self.before, self.after = keeper, stored, before, after

    def redo(self) -> None:
        self.keeper.apply(self.stored, self.after)

    def undo(self) -> None:
        self.keeper.apply(self.stored, self.before)


class SetKeeper(QObject):
    """Between the browser and the store."""

    def __init__(self, panel: StimuliPanel) -> None:
        super().__init__(panel)
        self.panel = panel
        self.store = SetStore()
        self.open: tuple[StoredSet, StimulusSet] | None = None

    def connect(self) -> None:  # type: ignore[override]
        """Listen to the browser."""
        browser, board = self.panel.browser, self.panel.board
        browser.chosen.connect(self.show)
        browser.row_chosen.connect(board.sheet.sheet.set_current)
        browser.cell_edited.connect(self._edit_cell)
        browser.delete_asked.connect(self.delete)
        browser.rename_asked.connect(self.ask_name)
        browser.send_asked.connect(self.send)
        board.sheet.sheet.delete_asked.connect(self.drop_chosen)
        edit = browser.edit.menu()
        edit.aboutToShow.connect(lambda: self._fill_edit_menu(edit))
        export = browser.export.menu()
        export.aboutToShow.connect(lambda: self.fill_export_menu(export))

    # ---- store -----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the store again."""
        self.panel.browser.show_sets(self.store.records())

    def free_name(self, stem: str) -> str:
        """A name no set has: faces, faces-2, …"""
        taken = {one.name for one in self.store.records()}
        names = [stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))]
        return next(name for name in names if name not in taken)

    def made(self, stored: StoredSet) -> None:
        """A new set is in the store: one step of undo, and show it."""
        self.panel.undo_stack.push(Stored(self, stored, f"make {stored.name}", arrives=True))
        self.refresh()
        self.panel.browser.choose(stored.id)
        self.show(stored)

    def move(self, stored: StoredSet, arrives: bool) -> None:
        """Take a set out of the trash, or move it there."""
        try:
            self.store.restore(stored) if arrives else self.store.delete(stored)
        except FileProblem as problem:
            self._say("The set was not moved", str(problem))
        if self.open is not None and self.open[0].id == stored.id and not arrives:
            self.close()
        self.refresh()

    def close(self) -> None:
        """No set is shown; the generator's drafts come back."""
        self.open = None
        self.panel.browser.clear_choice()
        self.panel._show_draft(quick=False)

    def show(self, stored: StoredSet) -> None:
        """Show a stored set; what is wrong with it is said in words."""
        if self.open is not None and self.open[0] == stored and self.panel.board.stimuli:
            return
        try:
            stimuli = self.store.load(stored)
        except FileProblem as problem:
            self._say("The set cannot be opened", str(problem))
            return
        self._show(stored, stimuli)

    def _show(self, stored: StoredSet, stimuli: StimulusSet) -> None:
        same = self.open is not None and self.open[0].id == stored.id
        index = self.panel.board.index if same and self.panel.board.stimuli else 0
        self.open = (stored, stimuli)
        self.panel.splitter.show_last()
        self.panel.board.show_set(stimuli, stored.thumbnails(), index)
        self.panel.browser.show_set(stimuli)
        self.panel.browser.show_row(index)
        self.panel.board.sheet.sheet.set_current(index, say=False)

    def apply(self, stored: StoredSet, version: StimulusSet) -> None:
        """Keep another version of a set's table or name (redo and undo come here)."""
        try:
            kept = self.store.replace_table(stored, version)
        except FileProblem as problem:
            self._say("The change was not kept", str(problem))
            return
        self.refresh()
        self.panel.browser.choose(kept.id)
        self._show(kept, self.store.load(kept))

    # ---- edits in place ----------------------------------------------------------------------

    @property
    def current(self) -> tuple[StoredSet, StimulusSet] | None:
        """The set on screen."""
        return self.open if self.panel.board.stimuli is not None else None

    def _edit_cell(self, column: str, row: int, value: Any) -> None:
        if self.current is None:
            return
        _, stimuli = self.current
        self._change(f"edit {column}", partial(edited_cell, stimuli, column, row, value))

    def _change(self, text: str, edit: Callable[[], StimulusSet]) -> None:
        assert self.current is not None
        stored, stimuli = self.current
        try:
            version = edit()
        except (ParameterError, FileProblem) as problem:
            self._say("The change was not made", str(problem))
            self.panel.browser.show_set(stimuli)
            return
        self.panel.undo_stack.push(Changed(self, stored, text, stimuli, version))

    def ask_name(self) -> None:
        """Rename the chosen set."""
        if self.current is None:
            return
        _, stimuli = self.current
        name, good = QInputDialog.getText(
            self.panel, "Rename", "Name of the set:", text=stimuli.name
        )
        wanted = name.strip()
        if not good or not wanted or wanted == stimuli.name:
            return
        if any(one.name == wanted for one in self.store.records()):
            self._say(
                "The set was not renamed", f'Another set is called "{wanted}". Type another name.'
            )
            return
        self._change("rename", partial(dataclasses.replace, stimuli, name=wanted))

    def delete(self) -> None:
        """Move the chosen set to the trash; Ctrl+Z brings it back."""
        if self.current is None:
            return
        stored, _ = self.current
        command = Stored(self, stored, f"delete {stored.name}", arrives=False)
        self.panel.undo_stack.push(command)
        self.panel.window_.say(f"{stored.name} is in the trash; Ctrl+Z brings it back.")

    def drop_chosen(self) -> None:
        """A new set without the chosen pictures."""
        if self.current is None:
            return
        _, stimuli = self.current
        chosen = set(self.panel.board.sheet.sheet.chosen())
        rest = [i for i in range(len(stimuli)) if i not in chosen]
        if chosen and rest:
            words = f"{len(chosen)} images were left out by hand."
            self._derive(stimuli, "without", lambda task: stimuli.select(rest, words))

    # ---- edits that make a new set -----------------------------------------------------------

    def _fill_edit_menu(self, menu: QMenu) -> None:
        menu.clear()
        last = ""
        for action in ACTIONS:
            if last and action.group != last:
                menu.addSeparator()
            last = action.group
            entry = menu.addAction(action.title)
            entry.setToolTip(action.help)
            entry.triggered.connect(lambda _=False, a=action: self.act(a))
        menu.addSeparator()
        entries = (
            ("Rename…", self.ask_name), ("Delete", self.delete),
            ("Keep the chosen pictures only", self.keep_chosen),
            ("Leave the chosen pictures out", self.drop_chosen),
        )  # fmt: skip
        for words, call in entries:
            menu.addAction(words).triggered.connect(lambda _=False, c=call: c())
        menu.setToolTipsVisible(True)

    def keep_chosen(self) -> None:
        """A new set of the chosen pictures."""
        if self.current is None:
            return
        _, stimuli = self.current
        chosen = self.panel.board.sheet.sheet.chosen()
        words = f"{len(chosen)} images were chosen by hand."
        self._derive(stimuli, "chosen", lambda task: stimuli.select(chosen, words))

    def act(self, action: SetAction) -> None:
        """Ask for an action's settings, then make a new set with it."""
        from app.panels.stimuli.action_dialog import ActionDialog

        if self.current is None:
            return
        _, stimuli = self.current
        others = [one for one in self.store.records() if one.name != stimuli.name]
        dialog = ActionDialog(action, stimuli, self.panel, [one.name for one in others])
        dialog.accepted_with.connect(lambda values: self._do(action, stimuli, values))
        dialog.open()

    def _do(self, action: SetAction, stimuli: StimulusSet, parameters: Any) -> None:
        load = self._load_named

        def work(task: Task) -> StimulusSet:
            return action.apply(stimuli, parameters, task, load)

        self._derive(stimuli, action.suffix, work)

    def _load_named(self, name: str) -> StimulusSet:
        for one in self.store.records():
            if one.name == name:
                return self.store.load(one)
        raise ParameterError("other", f'There is no set "{name}". Choose one of the list.')

    def _derive(
        self, stimuli: StimulusSet, suffix: str, work: Callable[[Task], StimulusSet]
    ) -> None:
        name = self.free_name(f"{stimuli.name}-{suffix}")
        store = self.store

        def call(task: Task) -> StoredSet:
            made = work(task)
            made.name = name
            task.what = "keeping the set"
            return store.save(made)

        self.panel.work.start(f"Make {name}", call, self.made)

    # ---- import ------------------------------------------------------------------------------

    def ask_import(self) -> None:
        """Choose a folder of pictures, a list, or a saved set."""
        menu = QMenu(self.panel)
        menu.addAction("A folder of pictures…").triggered.connect(self._ask_folder)
        menu.addAction("A CSV or TSV list, NPZ or .stim.csv…").triggered.connect(self._ask_file)
        below = self.panel.list.folder
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(below.mapToGlobal(below.rect().topLeft()))

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self.panel, "A folder of pictures")
        if name:
            self.take_file(Path(name))

    def _ask_file(self) -> None:
        kinds = "Lists and sets (*.csv *.tsv *.npz);;All files (*)"
        name, _ = QFileDialog.getOpenFileName(self.panel, "A list or a set", "", kinds)
        if name:
            self.take_file(Path(name))

    def take_file(self, path: Path) -> bool:
        """Open a saved set, or ask how pictures are to be imported; then work in a worker."""
        saved = path.suffix == ".npz" or path.name.endswith(".stim.csv")
        if saved or (path / "set.json").is_file():
            store = self.store

            def call(task: Task) -> StoredSet:
                def told(done: int, total: int) -> None:
                    task.progress(done, total, "pictures")

                return store.save(set_files.load(path, told), told)

            return self.panel.work.start(f"Open {path.name}", call, self.made)
        from app.panels.stimuli.import_dialog import ImportDialog

        dialog = ImportDialog(path, self.panel)
        dialog.accepted_with.connect(lambda values: self.import_pictures(path, values))
        dialog.open()
        return True

    def import_pictures(self, path: Path, parameters: Any) -> bool:
        """Read a folder or list of pictures into a new set."""
        from backend.stimuli import importing

        name, store = self.free_name(path.stem), self.store

        def call(task: Task) -> tuple[StoredSet, list[tuple[str, str]]]:
            draft = store.draft(name)
            try:
                made, left_out = importing.import_pictures(
                    path,
                    size=(parameters.side, parameters.side) if parameters.side else None,
                    fit=parameters.fit,
                    colour=parameters.colour,
                    strict=parameters.strict,
                    progress=lambda done, total: task.progress(done, total, "pictures"),
                    check=task.check,
                    into=draft.into,
                )
                made.name = name
                return draft.keep(made), left_out
            except BaseException:
                draft.drop()
                raise

        return self.panel.work.start(f"Import {path.name}", call, self._imported)

    def _imported(self, result: tuple[StoredSet, list[tuple[str, str]]]) -> None:
        """Show the set, and say what was left out."""
        stored, left_out = result
        self.made(stored)
        if left_out:
            files = " ".join(sentence for _, sentence in left_out[:3])
            more = f" And {len(left_out) - 3} more." if len(left_out) > 3 else ""
            count = "1 file was" if len(left_out) == 1 else f"{len(left_out)} files were"
            details = "\n".join(f"{file}: {sentence}" for file, sentence in left_out)
            banner = Banner(
                f"{count} left out of {stored.name}", f"{files}{more}", "warning", (), details
            )
            self.panel.banners.show_banner("import", banner)

    # ---- export ------------------------------------------------------------------------------

    def fill_export_menu(self, menu: QMenu) -> None:
        """Formats of the set on screen; without one only the picture."""
        menu.clear()
        here = self.current is not None
        for words, ending, kinds in FORMATS:
            entry = menu.addAction(words)
            entry.setEnabled(here)
            entry.triggered.connect(lambda _=False, e=ending, k=kinds: self._ask_export(e, k))
        menu.addSeparator()
        entry = menu.addAction("The large picture as PNG…")
        entry.triggered.connect(lambda: self.export_view("preview"))
        entry = menu.addAction("The settings as JSON…")
        entry.triggered.connect(self._export_settings)

    def _ask_export(self, ending: str, kinds: str) -> None:
        if self.current is None:
            return
        _, stimuli = self.current
        name, _ = QFileDialog.getSaveFileName(
            self.panel, "Export the set", f"{stimuli.name}{ending}", kinds
        )
        if name:
            path = Path(name if name.endswith(ending) else name + ending)
            self.export_to(path)

    def export_to(self, path: Path) -> None:
        """Write the set on screen in a worker."""
        assert self.current is not None
        _, stimuli = self.current

        def call(task: Task) -> Path:
            set_files.save(stimuli, path, lambda d, t: task.progress(d, t, "images written"))
            return path

        def done(made: Path) -> None:
            self.panel.window_.say(f"{made.name} was written.")

        self.panel.work.start(f"Write {path.name}", call, done)

    def export_view(self, identifier: str) -> None:
        """Save one view: the preview in its own pixels, the others as drawn."""
        board = self.panel.board
        data = board.channels[identifier].snapshot()
        image = data.get("image") if identifier == "preview" else None
        if image is None:
            exporting.export_view(self.panel.window_, board.views[identifier], data)
            return
        name, _ = QFileDialog.getSaveFileName(
            self.panel, "Export picture", "picture.png", "PNG (*.png)"
        )
        if name:
            path = Path(name).with_suffix(".png")
            said = f"{path.name} was saved."
            exporting.attempt(self.panel.window_, lambda: write_png(path, image), said)

    def _export_settings(self) -> None:
        from backend.core.files import write_json

        panel = self.panel
        name, _ = QFileDialog.getSaveFileName(
            panel, "Export settings", f"{panel.generator.id}.json", "JSON (*.json)"
        )
        if name:
            try:
                document = {"generator": panel.generator.id,
                            "parameters": panel.history.parameters.document()}  # fmt: skip
                write_json(Path(name), document)
            except FileProblem as problem:
                self._say("The settings were not written", str(problem))

    # ---- send --------------------------------------------------------------------------------

    def send(self, where: str) -> None:
        """Hand the set, or its picture, to another panel."""
        if self.current is None:
            return
        stored, stimuli = self.current
        if where == "stage":
            window = self.panel.window_
            window.show_panel("stage")
            window.panels["stage"].take_set(stored)
        elif where == "explorer":
            window = self.panel.window_
            window.show_panel("explorer")
            window.panels["explorer"].show_explore().take_file(stored.path)
        else:
            self._to_retina(stimuli)

    def _to_retina(self, stimuli: StimulusSet) -> None:
        """Show the current picture to the topology retina."""
        from backend.core.store import home

        index = self.panel.board.index
        path = home() / "sent" / f"{stimuli.names[index]}.png"
        try:
            write_png(path, set_files.as_bytes(np.asarray(stimuli.images[index])))
        except FileProblem as problem:
            self._say("The picture was not sent", str(problem))
            return
        page = self.panel.window_.open_study("gap-junction-topology")
        page.take_file(path)

    def _say(self, title: str, text: str) -> None:
        self.panel.banners.show_banner("sets", Banner(title, text, "error"))


def edited_cell(stimuli: StimulusSet, column: str, row: int, value: Any) -> StimulusSet:
    """The set with one cell changed; the typed text becomes a number where the column has them."""
    before = stimuli.table[column][row]
    kinds: dict[type, Callable[[str], Any]] = {int: int, float: float}
    if type(before) is bool:
        value = value in (True, "True", "true", "yes", "1")
    elif type(before) in kinds:
        text = str(value).strip().replace("\u2212", "-")
        try:
            value = kinds[type(before)](text)
        except ValueError:
            raise ParameterError(
                column, f'{column} holds numbers; "{value}" was typed. Type a number.'
            ) from None
    return set_rows.set_value(stimuli, column, row, value)


def write_png(path: Path, image: np.ndarray) -> None:
    """Write (H, W[, 3]) uint8 as PNG, atomically."""
    from PIL import Image

    from backend.core.files import replacing

    with replacing(path) as file:
        Image.fromarray(image).save(file, "PNG")
