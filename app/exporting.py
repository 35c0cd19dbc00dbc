"""What can be saved from study pages and views, and the file dialogs around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from backend.core import figures, report
from backend.core.files import FileProblem, read_json, write_json, write_text
from backend.core.objects import WorkspaceObject, as_object
from backend.core.parameters import ParameterError
from backend.core.run import Offer
from backend.core.runner import Job
from backend.core.views import View
from widgets.export_dialog import ExportDialog
from widgets.views.frame import ViewWidget, tsv

if TYPE_CHECKING:
    from app.panels.simulate.page import StudyPage
    from app.window import MainWindow

PICTURE_OR_TABLE = "Picture (*.png);;Table (*.tsv)"


def fill_menu(menu: QMenu, page: StudyPage) -> None:
    """Entries of a page's Export menu as they are now."""
    menu.clear()
    job = page.controller.job
    figure_menu = menu.addMenu("Figure")
    for widget in page.board.in_sight():
        if not widget.isHidden():
            name = widget.view.id
            add(figure_menu, f"{widget.view.title}…", partial(export_figure, page, name))
    data_menu = menu.addMenu("Data")
    data_menu.setEnabled(bool(job and job.run.offers))
    for offer in list(job.run.offers.values()) if job else []:
        add(data_menu, f"{offer.label}…", partial(export_offer, page, job, offer))
    for offer in list(job.run.offers.values()) if job else []:
        if offer.maps:
            add(menu, f"Send {offer.label} to cortex", partial(send_to_cortex, page, job, offer))
    menu.addSeparator()
    table = add(menu, "Result table…", lambda: export_table(page))
    html = add(menu, "Report…", lambda: export_report(page))
    for action in (table, html):
        action.setEnabled(job is not None)
    menu.addSeparator()
    add(menu, "Parameters…", lambda: export_parameters(page))
    add(menu, "Load parameters…", lambda: import_parameters(page))


def add(menu: QMenu, text: str, call: Callable[[], object]) -> QAction:
    """One entry of a menu."""
    action = QAction(text, menu)
    action.triggered.connect(lambda _=False: call())
    menu.addAction(action)
    return action


def ask_path(page: QWidget, title: str, name: str, kinds: str) -> Path | None:
    """Where to save; None when the user thinks better of it."""
    chosen, _ = QFileDialog.getSaveFileName(page, title, name, kinds)
    return Path(chosen) if chosen else None


def export_figure(page: StudyPage, identifier: str) -> None:
    """Ask for size and format, then write one view as a figure."""
    view = page.controller.study.view(identifier)
    widget = page.board.view(identifier)
    aspect = widget.height() / max(1, widget.width())
    write = ask_figure(page, view, aspect, page.board.data(identifier))
    if write is not None:
        page.attempt(*write)


def ask_figure(
    parent: QWidget, view: View, aspect: float, data: Mapping[str, Any]
) -> tuple[Callable[[], object], str] | None:
    """Ask for size, format and place of a figure: (what writes it, what to say then)."""
    choice = ExportDialog.ask(view.title, min(max(aspect, 0.3), 1.5), parent)
    if choice is None:
        return None
    kinds = f"{choice.format.upper()} (*.{choice.format})"
    path = ask_path(parent, "Export figure", f"{view.id}.{choice.format}", kinds)
    if path is None:
        return None
    path = path.with_suffix(f".{choice.format}")
    size = figures.Size(choice.width_mm, choice.height_mm, choice.dpi, choice.title)
    said = f"{path.name} was saved."
    return lambda: figures.export(path, view, dict(data), size, choice.theme), said


def export_view(window: MainWindow, widget: ViewWidget, data: Mapping[str, Any]) -> None:
    """Save a view of any panel: plots as figures, other views as picture or table."""
    view = widget.view
    if view.kind in figures.DRAW and data:
        write = ask_figure(window, view, widget.height() / max(1, widget.width()), data)
        if write is not None:
            attempt(window, *write)
        return
    path = ask_path(window, f"Export {view.title}", f"{view.id}.png", PICTURE_OR_TABLE)
    if path is None:
        return
    if path.suffix == ".tsv":
        act = partial(write_text, path, tsv(widget.data()))
    else:
        path = path.with_suffix(".png")
        act = partial(save_picture, path, widget)
    attempt(window, act, f"{path.name} was saved.")


def attempt(window: MainWindow, act: Callable[[], object], said: str) -> None:
    """Write something; what goes wrong stands above everything."""
    try:
        act()
    except FileProblem as problem:
        window.report_problem("The view was not saved", str(problem))
    else:
        window.say(said)


def save_picture(path: Path, widget: ViewWidget) -> None:
    """What a view shows, as PNG."""
    if not widget.picture().save(str(path), "PNG"):
        raise FileProblem(f"{path.name} cannot be written. Choose another folder.")


def export_offer(page: StudyPage, job: Job | None, offer: Offer) -> None:
    """Save something a run holds; it is made in the worker at a block border."""
    if job is None:
        return
    path = ask_path(page, f"Export {offer.label}", f"{offer.name}", "All files (*)")
    if path is None:
        return

    def save() -> None:
        try:
            made = as_object(offer.name, offer.make(), job.provenance())
            made.save(with_ending(path, made))
        except Exception as error:  # shown by the page; a worker must survive any export
            page.tell_later("The export did not work", str(error))
        else:
            page.tell_later("", f"{with_ending(path, made).name} was saved.")

    job.run.at_border(save)


def send_to_cortex(page: StudyPage, job: Job | None, offer: Offer) -> None:
    """Draw maps that a run holds on the cortex; they are made in the worker at a block border."""
    if job is None:
        return

    def make() -> None:
        try:
            made = as_object(offer.label, offer.make(), job.provenance())
        except Exception as error:  # shown by the page; a worker must survive any export
            page.tell_later("The maps were not made", str(error))
        else:
            page.call_later(partial(page.window_.show_maps, made))

    job.run.at_border(make)


def with_ending(path: Path, made: WorkspaceObject) -> Path:
    """A path with an ending the object can be saved as (its first format when there is none)."""
    if path.suffix.lower().removeprefix(".") in made.formats:
        return path
    return path.with_name(f"{path.name}.{made.formats[0]}") if not path.suffix else path


def export_table(page: StudyPage) -> None:
    """Save the result table as TSV."""
    path = ask_path(page, "Export result table", "result.tsv", "TSV (*.tsv)")
    if path is not None:
        page.attempt(lambda: write_text(path, page.result.text()), f"{path.name} was saved.")


def export_report(page: StudyPage) -> None:
    """Save the HTML report with figures, tables and provenance."""
    job = page.controller.job
    path = ask_path(page, "Save report", "report.html", "HTML (*.html)")
    if path is None or job is None:
        return
    page.attempt(lambda: write_text(path, page_of(job)), f"{path.name} was saved.")


def page_of(job: Job) -> str:
    """The report of a job with its figures inside."""
    drawn = []
    for view in report.shown_views(job):
        data = job.run.channels[view.channel].snapshot()
        if data:
            drawn.append((view.title, view.note, figures.render(view, data)))
    return report.page(job, drawn)


def export_parameters(page: StudyPage) -> None:
    """Save all parameters as JSON."""
    controller = page.controller
    path = ask_path(page, "Export parameters", f"{controller.study.id}.json", "JSON (*.json)")
    if path is None:
        return
    document = {
        "study": controller.study.id,
        "preset": controller.preset,
        "parameters": controller.parameters.document(),
        "provenance": controller.job.provenance() if controller.job else {},
    }
    page.attempt(lambda: write_json(path, document), f"{path.name} was saved.")


def import_parameters(page: StudyPage) -> None:
    """Load parameters saved by :func:`export_parameters`, as one step of undo."""
    chosen, _ = QFileDialog.getOpenFileName(page, "Load parameters", "", "JSON (*.json)")
    if chosen:
        page.attempt(lambda: take_parameters(page, Path(chosen)), "")


def take_parameters(page: StudyPage, path: Path) -> None:
    """Read parameters of this study; FileProblem or ParameterError say what is wrong."""
    document = read_json(path)
    if not isinstance(document, dict) or not isinstance(document.get("parameters"), dict):
        raise FileProblem(f"{path.name} holds no parameters. Export them from a study first.")
    study = page.controller.study
    if document.get("study") != study.id:
        raise FileProblem(f'{path.name} belongs to the study "{document.get("study")}".')
    try:
        parameters = study.Parameters.from_document(document["parameters"])
    except ParameterError as error:
        raise FileProblem(f"{path.name}: {error.sentence}") from None
    values = {
        n: mine for n, (mine, _) in parameters.differences(page.controller.parameters).items()
    }
    page.controller.set_values(values, f"Load {path.name}")
