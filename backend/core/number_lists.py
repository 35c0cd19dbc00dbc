"""Lists of numbers as people write them: "1, 2, 5" or "from:to:how many"."""

from __future__ import annotations

from typing import Any

from backend.core.parameters import ParameterError

LARGEST = 200
"""Numbers of one list."""


def number_list(
    parameters: Any, name: str, varied: str, example: str, least: int = 1, most: int = LARGEST
) -> list[float]:
    """Numbers of a list parameter, in the order they are written.

    Parameters
    ----------
    name : of the list. varied : the parameter whose values it lists. example : as one may write it,
        put into the sentence.

    Raises
    ------
    ParameterError naming the field when they are no numbers, too few or many, or outside the limits
    of what they vary.
    """
    declare = type(parameters).declaration
    label, text = declare(name).label, str(getattr(parameters, name)).replace("\u2212", "-")
    try:
        values = spread(text) if ":" in text else [float(p) for p in text.split(",") if p.strip()]
    except ValueError:
        raise ParameterError(
            name, f'{label} needs numbers such as {example}; "{text}" was given.'
        ) from None
    if not least <= len(values) <= most:
        wanted = f"{least} to {most}" if least < most else f"{least} different"
        raise ParameterError(name, f"{label} needs {wanted} numbers; {len(values)} were given.")
    declared = declare(varied)
    for value in values:
        if not (declared.low <= value <= declared.high):  # type: ignore[operator]
            raise ParameterError(
                name, f"{declared.label} goes {declared.limits_text}; {value:g} stands in {label}."
            )
    return values


def spread(text: str) -> list[float]:
    """Numbers of "from:to:how many", ends included; ValueError when it is no such text."""
    first, last, count = text.split(":")
    low, high, n = float(first), float(last), int(count)
    if not 1 <= n <= LARGEST:
        raise ValueError(n)
    return [low] if n == 1 else [round(low + (high - low) * i / (n - 1), 9) for i in range(n)]
