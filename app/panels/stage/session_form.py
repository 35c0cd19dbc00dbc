"""What a session needs beside its design: participant, order, signals, screen, folder."""

from __future__ import annotations

from typing import Literal

from backend.core.parameters import Parameters, parameter
from backend.stage.participants import KINDS

PERSON = "person"
Who = Literal[
    "person", "ideal", "noisy", "lapsing", "guessing", "psychometric", "silent", "slow", "fast"
]


class SessionParameters(Parameters):
    """The Session form of the stage."""

    subject: str = parameter(
        "01", "Subject", group="Participant", change="plain",
        help="BIDS label of the participant: letters and digits. Its number counterbalances.",
    )  # fmt: skip
    session: str = parameter(
        "01", "Session", group="Participant", change="plain", help="BIDS label of the session."
    )
    operator: str = parameter(
        "", "Operator", group="Participant", change="plain", help="Written beside the session."
    )
    who: Who = parameter(
        "person", "Who answers", group="Participant", change="plain",
        labels={"person": "a person", **{kind: f"simulated: {kind}" for kind in KINDS}},
        help="A simulated participant tries the experiment on the real screen; its data are "
        "labelled simulated.",
    )  # fmt: skip
    seed: int = parameter(
        1, "Seed of the order", group="Order", change="plain", low=0, high=2**31 - 1,
        help="The same seed, subject and design give the same order, so a session can be resumed.",
    )  # fmt: skip
    triggers: Literal["none", "lsl", "serial"] = parameter(
        "none", "Triggers", group="Signals", change="plain",
        labels={"none": "none", "lsl": "LSL stream", "serial": "serial port"},
        help="Codes are sent at the flip that shows their event.",
    )  # fmt: skip
    port: str = parameter(
        "", "Port", group="Signals", change="plain", shown_if=("triggers", ("serial",)),
        help="COM3, /dev/ttyUSB0 or loop:// (a loop-back for trying).",
    )  # fmt: skip
    windowed: bool = parameter(
        False, "In a window", group="Screen", change="plain",
        help="For trying on one screen. Timing is measured and logged all the same.",
    )  # fmt: skip
    linear: bool = parameter(
        False, "Correct the gamma", group="Screen", change="plain",
        help="Makes luminance proportional to grey level on a monitor of the profile's gamma. "
        "Measure the gamma first.",
    )  # fmt: skip
    folder: str = parameter(
        "", "Dataset folder", group="Output", change="plain",
        help="The BIDS dataset; made when it is not there.",
    )  # fmt: skip
    blind: bool = parameter(
        False, "Hide the result", group="Operator", change="plain",
        help="Keeps the operator blind: answers, result and classification image stay hidden.",
    )  # fmt: skip
    lab: bool = parameter(
        False, "Lab mode", group="Operator", change="plain",
        help="Words one size larger, to be read from the other side of the room.",
    )  # fmt: skip

    @property
    def outputs(self) -> list[str]:
        """Trigger outputs as :func:`backend.stage.triggers.outputs_of` reads them."""
        if self.triggers == "serial":
            return [f"serial:{self.port}"]
        return ["lsl"] if self.triggers == "lsl" else []
