"""Small designs and a quick way to run them, for the tests of the stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from backend.stage.bids import Session
from backend.stage.design import AnswerKey, Block, Deal, Design, Item, Phase, Source, TrialKind
from backend.stage.display import SimulatedDisplay
from backend.stage.participants import Participant, Simulated
from backend.stage.plan import Plan, plan
from backend.stage.presenter import Presenter
from backend.stage.stimuli import Stimuli
from backend.stage.triggers import Recorder, Triggers

WARM_UP = 60


class Squares(Stimuli):
    """Plain gray squares for any source, so that a test draws nothing."""

    def _render(self, source: Source, run: range) -> None:
        for index in run:
            self._images[f"{source.name}:{index}"] = np.full((8, 8), index % 256, np.uint8)


def stream_design(streams: int = 14, pictures: int = 100, targets: int = 4) -> Design:
    """The RSVP of 11-rsvp-meg section 2.1 without pages."""
    phases = (
        Phase("block start", "fixation", 500, (Item("fixation", size_deg=0.5),)),
        Phase("pictures", "stream", 100, (Item(size_deg=12.59),), answers=True),
        Phase("after", "blank", 1500, answers=True),
    )
    return Design(
        name="stream",
        task="rsvp",
        sources=(
            Source("target", count=streams * targets),
            Source("non-target", count=streams * (pictures - targets)),
        ),
        trial_kinds=(TrialKind("stream", phases, between_ms=0),),
        keys=(AnswerKey("space", "seen"),),
        blocks=(
            Block(
                "search",
                "stream",
                deal=Deal("target", "non-target", streams, pictures, targets),
            ),
        ),
        triggers={"target": 1, "non-target": 2, "block start": 10, "answer": 20},
    )


def choice_design(trials: int = 6, feedback: bool = True, **changes: Any) -> Design:
    """Fixation 200 ms, picture 300 ms, answer within 1 s, feedback 100 ms."""
    phases = (
        Phase("fixation", "fixation", 200, (Item("fixation", size_deg=0.5),)),
        Phase("picture", "stimulus", 300, (Item(size_deg=4.0),), answers=True),
        Phase("response", "response", 1000, answers=True, until_answer=True, answered="end"),
        Phase("feedback", "feedback", 100, (Item("text", "{outcome}", size_deg=0.6),)),
    )
    rows = tuple(
        {"stimulus": f"squares:{i}", "correct": ("left", "right")[i % 2]} for i in range(trials)
    )
    block = Block("choices", "choice", rows, feedback=feedback, shuffle=False)
    settings: dict[str, Any] = {
        "name": "choice",
        "task": "choice",
        "sources": (Source("squares", count=max(1, trials)),),
        "trial_kinds": (TrialKind("choice", phases),),
        "keys": (AnswerKey("f", "left"), AnswerKey("j", "right")),
        "blocks": (block,),
        "triggers": {"picture": 1, "answer": 20},
    }
    return Design(**(settings | changes))


@dataclass
class Stage:
    """A session on the simulated display, with everything it said."""

    design: Design
    out: Path
    responder: Participant | None = field(default_factory=Simulated)
    display: SimulatedDisplay = field(default_factory=SimulatedDisplay)
    subject: str = "01"
    session: str = "01"
    seed: int = 1
    control: Callable[[], str] | None = None
    recorder: Recorder = field(default_factory=Recorder)
    log: Session | None = None
    said: list[dict[str, Any]] = field(default_factory=list)
    plan: Plan = field(init=False)
    hear: Callable[[dict[str, Any]], None] = lambda event: None
    patience: float = 5.0

    def run(self) -> str:
        """Present; the state it ended in."""
        measured = self.display.measure(WARM_UP)
        self.plan = plan(self.design, measured, self.subject, self.seed)
        if self.log is None:
            self.log = Session.create(self.out, self.plan, self.session, "test", measured.hz)
        presenter = Presenter(
            self.plan,
            self.display,
            Squares(self.design),
            self.log,
            measured,
            self.responder,
            Triggers([self.recorder]),
            self._hear,
            self.control,
            self.patience,
        )
        return presenter.run()

    def _hear(self, event: dict[str, Any]) -> None:
        self.said.append(event)
        self.hear(event)

    def sentences(self) -> list[str]:
        """Problems it spoke of."""
        return [event["sentence"] for event in self.said if event["what"] == "problem"]

    @property
    def events(self) -> list[dict[str, str]]:
        """Rows of the events file."""
        assert self.log is not None
        return read_tsv(self.log.folder / f"{self.log.stem}_events.tsv")


def read_tsv(path: Path) -> list[dict[str, str]]:
    """Rows of a BIDS table."""
    lines = path.read_text(encoding="utf-8").splitlines()
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines[1:]]
