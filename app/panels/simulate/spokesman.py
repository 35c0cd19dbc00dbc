"""What a page says: problems, refusals, warnings, and how a reproduced run compares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from backend.core.runner import Job
from widgets.banner import Banner, BannerArea

if TYPE_CHECKING:
    from app.panels.simulate.page import StudyPage


class Spokesman:
    """Banners of a study page, with the fixes their buttons apply."""

    def __init__(self, page: StudyPage) -> None:
        self.page = page
        self.banners = BannerArea()
        self._dismissed: set[str] = set()
        self._at_start: str | None = None
        self._fixes: dict[str, Callable[[], None]] = {}
        self.banners.acted.connect(lambda _, name: self._fixes[name]())

    def failed(self, job: Job) -> None:
        failure = job.failure
        assert failure is not None
        if failure.field in self.page.form.declarations:
            self.page.form.refuse(failure.field, failure.text, failure.fix)
        self.say(failure.title, failure.text, failure.field, failure.fix, failure.details)

    def say(
        self,
        title: str,
        text: str,
        field: str = "",
        fix: Any = None,
        details: str = "",
        kind: str = "error",
        key: str = "problem",
    ) -> None:
        """A banner; ``fix`` is offered as a button when the field would take it."""
        buttons = []
        if fix is not None and field in self.page.controller.study.Parameters.model_fields:
            words = f"Use {fix:g}" if isinstance(fix, int | float) else f"Use {fix}"
            if isinstance(fix, bool):
                words = f"Switch it {'on' if fix else 'off'}"
            buttons = [(key, words)]
            self._fixes[key] = lambda: self._use(field, fix, key)
        self.banners.show_banner(key, Banner(title, text, kind, buttons, details))

    def _use(self, name: str, fix: Any, key: str) -> None:
        self.page.form.accept(name)
        self.page.controller.set_value(name, self.page.controller.study.Parameters.parse(name, fix))
        self.banners.remove(key)

    def reproduced(self, job: Job, expected: dict[str, Any]) -> None:
        values = {name: measured.value for name, measured in job.run.result.values.items()}
        other = [n for n, v in expected.items() if v is not None and values.get(n) != v]
        if not other:
            self.page.window_.say(f"Reproduced: all {len(expected)} values are identical.")
            return
        labels = ", ".join(self.page.controller.study.quantities[n].label for n in other[:4])
        text = f"{labels}. Versions or hardware may be others."
        self.say("Some values differ from the first run", text, kind="warning")

    def refused(self, name: str, sentence: str, fix: Any) -> None:
        if name in self.page.form.declarations:
            self.page.form.refuse(name, sentence, fix)
        self._at_start = name
        self.banners.remove("notice")  # it says the same in amber
        self.say("A setting cannot be used", sentence, name, fix)

    def settle(self) -> None:
        """Other settings were given: what was refused at the start is judged at the next one."""
        if self._at_start is not None:
            self.page.form.accept(self._at_start)
            self.banners.remove("problem")
            self._at_start = None

    def look(self) -> None:
        """The first warning that was not put away stands in the banner."""
        fresh = [n for n in self.page.controller.notices if n.title not in self._dismissed]
        if not fresh:
            self.banners.remove("notice")
            return
        notice = fresh[0]
        shown = self.banners.banners.get("notice")
        if shown is not None and (shown.title_text, shown.text) == (notice.title, notice.text):
            return
        self.say(notice.title, notice.text, notice.field, notice.fix, kind="warning", key="notice")
        banner = self.banners.banners["notice"]
        banner.dismissed.connect(lambda: self._dismissed.add(notice.title))
