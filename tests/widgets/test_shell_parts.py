"""Strip, header, result, banner, palette, cards, export, code: what a user sees and presses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from backend.core.result import Comparison, Measured, Quantity, Reference, Result, Verdict
from backend.core.study import Procedure
from backend.core.views import View
from backend.studies import find
from widgets import theme
from widgets.banner import Banner, BannerArea
from widgets.code_view import CodeView
from widgets.comparison import measured_text, reference_text, value_text
from widgets.empty import StartBar
from widgets.export_dialog import ExportChoice, ExportDialog
from widgets.flow_cards import Card, FlowCards, button_rect
from widgets.job_strip import STATES, JobStrip
from widgets.palette import CommandPalette, Entry, match, search
from widgets.panel_header import PanelHeader
from widgets.result_panel import ResultPanel
from widgets.views import make_view

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def light(qapp: QApplication) -> None:
    theme.apply(qapp, "light")


# ---- job strip ---------------------------------------------------------------------------


@pytest.fixture
def strip(qtbot: QtBot) -> Iterator[JobStrip]:
    made = JobStrip()
    qtbot.addWidget(made)
    made.resize(1300, 40)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


@pytest.mark.parametrize("state", STATES)
def test_state_is_said_by_word_and_the_primary_button_keeps_its_place(
    strip: JobStrip, state: str
) -> None:
    place = strip.primary.geometry()
    strip.set_state(state)
    QApplication.processEvents()
    assert strip.chip.text() == state.capitalize()
    assert strip.primary.geometry() == place
    words = {"running": "Pause", "rebuilding": "Pause", "paused": "Continue"}
    assert strip.primary.text() == words.get(state, "Run")
    assert strip.step.isEnabled() == (state == "paused")
    assert strip.stop.isEnabled() == (state in ("running", "rebuilding", "paused"))
    assert strip.primary.width() >= 92


def test_the_primary_button_runs_pauses_and_continues(qtbot: QtBot, strip: JobStrip) -> None:
    done = []
    strip.run_asked.connect(lambda: done.append("run"))
    strip.pause_asked.connect(lambda: done.append("pause"))
    strip.continue_asked.connect(lambda: done.append("continue"))
    for state in ("idle", "running", "paused", "failed"):
        strip.set_state(state)
        qtbot.mouseClick(strip.primary, LEFT)
    assert done == ["run", "pause", "continue", "run"]


def test_disabled_run_says_why(strip: JobStrip) -> None:
    strip.set_can_run(False, "Needs a recording")
    assert not strip.primary.isEnabled()
    assert strip.activity.isVisible()
    assert strip.activity.text() == "Needs a recording"
    strip.set_can_run(True)
    assert strip.primary.isEnabled()
    assert not strip.activity.isVisible()


def test_finite_jobs_have_progress_and_cancel(strip: JobStrip) -> None:
    strip.set_endless(False)
    strip.set_state("running")
    strip.set_progress(412, 1000)
    strip.set_words("412 of 1000", "trials", "2 min left")
    assert strip.progress.isVisible()
    assert strip.progress.share == pytest.approx(0.412)
    assert strip.stop.accessibleName() == "Cancel"
    assert strip.note.text() == "2 min left"
    strip.set_progress(None)
    assert not strip.progress.isVisible()


def test_procedures_speed_and_draw(qtbot: QtBot, strip: JobStrip) -> None:
    asked, speeds, draws = [], [], []
    strip.procedure_asked.connect(asked.append)
    strip.speed_changed.connect(speeds.append)
    strip.draw_changed.connect(draws.append)
    strip.set_procedures([Procedure("scan", "Scan breach angle…"), Procedure("map", "Map…")])
    strip.set_procedures([Procedure("scan", "Scan breach angle…")])
    strip.set_speeds([("as fast as it goes", None), ("real time", 1000.0)])
    qtbot.mouseClick(strip._procedures[0], LEFT)
    strip.speed.activated.emit(1)
    qtbot.mouseClick(strip.draw, LEFT)
    assert asked == ["scan"]
    assert speeds == [1000.0]
    assert draws == [False]
    strip.set_state("running")
    assert not strip._procedures[0].isEnabled()


def test_continue_for_and_stop_when(qtbot: QtBot, strip: JobStrip) -> None:
    times, stops = [], []
    strip.continue_for_asked.connect(times.append)
    strip.stop_when_asked.connect(lambda *what: stops.append(what))
    strip.set_monitors("ms", {"E rate": "Hz"})
    popup = strip.open_popup()
    popup.duration.setText("ten")
    popup._continue()
    assert popup.duration.refused
    popup.duration.setText("250")
    popup.bound.setText("120")
    popup._stop()
    popup = strip.open_popup()
    popup.duration.setText("250")
    popup._continue()
    assert stops == [("E rate", True, 120.0)]
    assert times == [250.0]


def test_rebuild_waits_for_its_button(qtbot: QtBot, strip: JobStrip) -> None:
    asked = []
    strip.rebuild_asked.connect(lambda: asked.append(1))
    assert not strip.rebuild.isVisible()
    strip.set_rebuild_waiting(True)
    qtbot.mouseClick(strip.rebuild, LEFT)
    assert asked == [1]


# ---- panel header ------------------------------------------------------------------------


def test_header_names_study_preset_and_changes(qtbot: QtBot) -> None:
    header = PanelHeader()
    qtbot.addWidget(header)
    header.resize(1400, 40)
    header.show()
    header.set_studies([("ei", "Balanced network", 1), ("gap", "Topology", 2)])
    header.set_study("Balanced network", 1)
    header.set_presets([("Figure 1", "rates"), ("Figure 2", "motion")])
    header.set_preset("Figure 2")
    header.set_changed(2)
    header.set_exports([("csv", "Spikes as CSV"), ("", ""), ("npz", "Spikes as NPZ")])
    chosen = []
    for signal in (header.study_chosen, header.preset_chosen, header.export_asked):
        signal.connect(chosen.append)
    header.study.menu().actions()[1].trigger()
    header.preset.activated.emit(0)
    header.export.menu().actions()[2].trigger()
    assert chosen == ["gap", "Figure 1", "npz"]
    assert header.paper.text() == "Paper 01"
    assert header.preset.currentText() == "Figure 2 · motion"
    assert header.changed.text() == "2 changed"
    assert header.script._words
    header.resize(1000, 40)
    QApplication.processEvents()
    assert not header.script._words
    assert header.script.toolTip() == "Script"
    header.set_changed(0)
    assert not header.changed.isVisible()
    header.close()


# ---- result ------------------------------------------------------------------------------


def line(name: str, value: float | None, reference: Reference | None, digits: int = 3,
         unit: str = "ms") -> Comparison:  # fmt: skip
    measured = None if value is None else Measured(value)
    verdict = reference.verdict(value) if reference else Verdict.NOT_COMPARABLE
    return Comparison(name, f"The {name}", unit, digits, measured, reference, verdict)


def test_numbers_and_references_are_written_as_printed() -> None:
    assert measured_text(3.7) == "3.70"
    assert measured_text(799_707.0) == "799\u2009707"
    assert measured_text(-0.01234) == "\u22120.0123"
    assert measured_text(float("nan")) == "–"
    assert reference_text(Reference("q", 0.25, 0.01), "ms") == "0.25 ± 0.01 ms"
    assert reference_text(Reference("q", low=0.99), "") == "≥ 0.99"
    assert reference_text(Reference("q", low=1, high=2), "°") == "1 to 2°"
    assert reference_text(Reference("q"), "ms") == "no number"
    assert value_text(line("a", None, Reference("a", 1.0, 0.1))) == "—"


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[ResultPanel]:
    made = ResultPanel()
    qtbot.addWidget(made)
    made.resize(312, 700)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def test_result_goes_from_empty_to_numbers_beside_the_papers(
    qtbot: QtBot, panel: ResultPanel
) -> None:
    assert panel.empty.isVisible()
    lines = [
        line("lag", 3.7, Reference("lag", 3.2, 1.5, where="Fig. 5")),
        line("gain", 2.0, Reference("gain", 1.0, 0.1)),
        line("count", None, Reference("count", 3, 0)),
        line("extra", 5.0, None),
    ]
    result = Result({"lag": Measured(3.7)}, lead="lag", sentence="Two periods.", notes=["a < b"])
    panel.show_result(result, lines, {"lag": Quantity("Lag of E", "ms")})
    QApplication.processEvents()
    assert not panel.empty.isVisible()
    assert panel.lead.number == "3.70"
    assert panel.lead.accessibleName() == "Lag of E: 3.70 ms"
    spoken = [panel.model.data(panel.model.index(i)) for i in range(4)]
    assert spoken[0] == "The lag, 3.70 ms, 3.2 ± 1.5 ms, agrees"
    assert spoken[1].endswith("differs")
    assert spoken[2].endswith("pending")
    assert "Fig. 5" in panel.model.data(panel.model.index(0), Qt.ItemDataRole.ToolTipRole)
    panel.copy()
    copied = QApplication.clipboard().text().splitlines()
    assert copied[1].split("\t")[:2] == ["The lag", "3.7"]
    jumped = []
    panel.quantity_activated.connect(jumped.append)
    place = panel.list.visualRect(panel.model.index(1)).center()
    qtbot.mouseClick(panel.list.viewport(), LEFT, pos=place)
    assert jumped == ["gain"]
    panel.clear()
    assert panel.empty.isVisible()


def test_live_values_keep_the_rows(panel: ResultPanel) -> None:
    resets = []
    panel.model.modelReset.connect(lambda: resets.append(1))
    for value in (1.0, 2.0, 3.0):
        lines = [line("lag", value, Reference("lag", 3.0, 0.5))]
        panel.show_result(Result({"lag": Measured(value)}), lines, {})
    assert len(resets) == 1
    assert panel.model.lines[0].verdict is Verdict.AGREE


def test_a_failed_run_keeps_the_last_table_and_says_so(panel: ResultPanel) -> None:
    panel.show_result(Result(), [line("lag", 3.0, Reference("lag", 3.0, 0.5))], {})
    panel.set_warning("This run gave no numbers.")
    panel.set_stale("run of 15:12")
    assert panel.warning.isVisible()
    assert panel.table_head.stale == "run of 15:12"


def test_views_of_the_result_stand_under_the_table(qtbot: QtBot, panel: ResultPanel) -> None:
    view = make_view(View("b", "Band", "band", "c", place="result"))
    qtbot.addWidget(view)
    panel.add_view(view, 120)
    panel.show_result(Result(), [], {})
    QApplication.processEvents()
    assert view.isVisible()
    panel.clear_views()
    assert not view.isVisible()


# ---- banner ------------------------------------------------------------------------------


def test_banner_says_what_is_wrong_and_offers_the_fix(qtbot: QtBot) -> None:
    area = BannerArea()
    qtbot.addWidget(area)
    area.resize(700, 300)
    buttons = [("match", "Match by file name"), ("choose", "Choose another file…")]
    banner = Banner("They do not match", "4803 and 4916.", "error", buttons, "Traceback")
    area.show_banner("run", banner)
    area.show()
    acted = []
    area.acted.connect(lambda key, name: acted.append((key, name)))
    first = next(b for b in banner.findChildren(QWidget) if b.accessibleName() == buttons[0][1])
    qtbot.mouseClick(first, LEFT)
    assert acted == [("run", "match")]
    banner.toggle_details()
    assert banner.details_box.toPlainText() == "Traceback"
    assert banner.details_button.text() == "Hide details"
    banner.toggle_details()
    assert banner.details_button.text() == "Details"
    banner.copy()
    assert QApplication.clipboard().text() == "They do not match\n4803 and 4916.\nTraceback"
    area.show_banner("run", Banner("Other", "Text", "warning"))
    assert len(area.banners) == 1
    area.banners["run"].dismissed.emit()
    assert not area.isVisible()
    area.close()


# ---- palette -----------------------------------------------------------------------------


def preset_entries() -> list[Entry]:
    """All presets of both studies, as the program lists them."""
    return [
        Entry(f"{study.id}/{preset.name}", f"{preset.name} · {preset.title}", study.title,
              kind="study")
        for study in (find("ei-balanced-network"), find("gap-junction-topology"))
        for preset in study.presets
    ]  # fmt: skip


ENTRIES = [
    Entry("run", "Run or pause", "Run", "Ctrl+Enter"),
    Entry("ei", "Balanced network", "Simulate", kind="study"),
    Entry("export", "Export view as picture", "Raster"),
    Entry("set", "faces in noise", "2400 images", kind="object"),
]


def test_fuzzy_search_prefers_words_and_runs() -> None:
    assert match("xyz", "Export") is None
    assert [e.id for e, _ in search(ENTRIES, "evap")] == ["export"]
    assert search(ENTRIES, "#")[0][0].id == "ei"
    assert search(ENTRIES, "@noise")[0][0].id == "set"
    assert [e.id for e, _ in search(ENTRIES, "> balanced")] == []
    assert search(ENTRIES, "raster")[0][0].id == "export"


@given(st.text(max_size=8), st.text(max_size=30))
def test_matched_places_are_places_of_the_title(query: str, title: str) -> None:
    hit = match(query, title)
    if hit is not None and len(title.lower()) == len(title):
        assert all(0 <= place < len(title) for place in hit[1])
        assert list(hit[1]) == sorted(set(hit[1]))


@pytest.mark.parametrize("typed", ["Figure 6A", "figure 6a", "#Figure 6A", "Figure 6"])
def test_what_is_typed_ranks_above_scattered_letters(typed: str) -> None:
    found = search(preset_entries(), typed)
    wanted = typed.lstrip("#").lower()
    assert found[0][0].title.lower().startswith(wanted)
    starts = [entry.title.lower().startswith(wanted) for entry, _ in found]
    assert starts == sorted(starts, reverse=True)


@pytest.mark.parametrize("entry", preset_entries(), ids=lambda entry: entry.id)
def test_every_preset_is_found_by_its_own_name(entry: Entry) -> None:
    name = entry.title.split(" · ")[0]
    titles = [found.title.split(" · ")[0] for found, _ in search(preset_entries(), name)]
    assert titles[0] == name


def test_palette_opens_finds_and_chooses_by_keyboard(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1200, 800)
    window.show()
    palette = CommandPalette(window)
    chosen = []
    palette.chosen.connect(chosen.append)
    palette.open_with(ENTRIES)
    assert palette.model.rowCount() == 4
    qtbot.keyClicks(palette.field, "r")
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    palette.field.setText("network")
    palette.grab()
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert chosen == ["ei"]
    assert not palette.isVisible()
    palette.open_with(ENTRIES)
    qtbot.keyClick(palette, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    window.close()


# ---- cards -------------------------------------------------------------------------------


def picture() -> QPixmap:
    made = QPixmap(60, 40)
    made.fill(QColor("#902060"))
    return made


def cards() -> list[Card]:
    families = ["Spiking"] * 3 + ["Net"] * 5
    return [
        Card(f"s{i}", f"Study {i}", "Does it run?", i + 1, "Simulate", family, picture)
        for i, family in enumerate(families)
    ]


def test_cards_flow_filter_and_open(qtbot: QtBot) -> None:
    flow = FlowCards()
    qtbot.addWidget(flow)
    flow.resize(1080, 700)
    flow.set_cards(cards())
    flow.show()
    qtbot.waitExposed(flow)
    opened = []
    flow.opened.connect(opened.append)
    assert flow.columns() == 4
    assert flow.visualRect(flow.cards.index(0)).height() >= 190
    assert flow.current_card().id == "s0"
    flow.grab()
    qtbot.keyClick(flow, Qt.Key.Key_Right)
    qtbot.keyClick(flow, Qt.Key.Key_Return)
    assert opened == ["s1"]
    rect = flow.visualRect(flow.cards.index(2)).adjusted(0, 0, -theme.dp(10), -theme.dp(10))
    qtbot.mouseClick(flow.viewport(), LEFT, pos=rect.topLeft() + QPoint(30, 30))
    assert opened == ["s1"]
    assert flow.current_card().id == "s2"
    qtbot.mouseClick(flow.viewport(), LEFT, pos=button_rect(rect).center())
    assert opened == ["s1", "s2"]
    flow.set_filter("Net")
    assert flow.cards.rowCount() == 5
    flow.set_filter("", "study 7")
    assert flow.current_card().id == "s7"
    flow.close()


# ---- export, code, start -----------------------------------------------------------------


def test_export_dialog_gives_what_was_chosen(qtbot: QtBot) -> None:
    dialog = ExportDialog("Raster", 0.5)
    qtbot.addWidget(dialog)
    assert dialog.choice() == ExportChoice("png", 85.0, 42.5, 300, "light", False)
    assert "1004 × 502 pixels" in dialog.size_words.text()
    dialog.width_choice.setCurrentIndex(3)
    dialog.width_mm.setValue(140)
    dialog.format.setCurrentIndex(2)
    dialog.colours.setCurrentIndex(1)
    assert not dialog.dpi.isEnabled()
    assert dialog.choice() == ExportChoice("pdf", 140.0, 42.5, 300, "dark", False)


def test_code_is_coloured_and_cannot_be_edited(qtbot: QtBot) -> None:
    view = CodeView()
    qtbot.addWidget(view)
    view.set_code('"""Two\nlines"""\nfor x in range(3):  # all\n    print("a", 2.5)\n')
    assert view.isReadOnly()
    block = view.document().findBlockByNumber(2)
    colours = {
        block.text()[f.start : f.start + f.length]: f.format.foreground().color()
        for f in block.layout().formats()
    }
    assert colours["for"] == theme.colour("4")
    assert colours["# all"] == theme.token("text3")
    inside = view.document().findBlockByNumber(1).layout().formats()[0]
    assert inside.format.foreground().color() == theme.colour("3")
    view.copy_all()
    assert QApplication.clipboard().text().startswith('"""Two')


def test_start_bar_offers_example_and_file(qtbot: QtBot) -> None:
    bar = StartBar("sine-wave", "No recording yet", "Open one.", "FIF, EDF")
    qtbot.addWidget(bar)
    bar.resize(800, 122)
    asked = []
    bar.example_asked.connect(lambda: asked.append("example"))
    bar.open_asked.connect(lambda: asked.append("open"))
    bar.grab()
    bar.example.click()
    bar.open.click()
    assert asked == ["example", "open"]


def test_the_study_name_can_be_read_while_its_button_has_the_focus(qtbot: QtBot) -> None:
    header = PanelHeader()
    qtbot.addWidget(header)
    header.set_study("Balanced network", 1)
    header.resize(1300, 40)
    header.show()
    qtbot.waitExposed(header)
    plain = header.study.grab().toImage()
    header.activateWindow()
    header.study.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(header.study.hasFocus)
    focused = header.study.grab().toImage()
    inside = [(x, y) for x in range(4, plain.width() - 4) for y in range(4, plain.height() - 4)]
    assert all(plain.pixel(x, y) == focused.pixel(x, y) for x, y in inside)
    assert focused.pixelColor(1, plain.height() // 2) == theme.token("accent")
