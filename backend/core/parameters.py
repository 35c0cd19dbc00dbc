"""One declaration a parameter: from it come form, validation, sessions, command line and scripts.

A study's parameters are a pydantic model whose fields are made with :func:`parameter`. The field
carries symbol, unit, limits, step, help and how it may change while a run is alive.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Kind = Literal["float", "int", "bool", "choice", "text", "file", "points", "array"]


class Change(StrEnum):
    """How a parameter may change: next block, re-derived view, a new network; or a plain entry."""

    LIVE = "live"
    RECOMPUTE = "recompute"
    REBUILD = "rebuild"
    PLAIN = "plain"


class ParameterError(ValueError):
    """A refused value, as a sentence for people.

    Attributes
    ----------
    field : name of the parameter, or "" when the whole set is meant.
    sentence : what is wrong, where, and the fix (at most 40 words).
    fix : a value that would be accepted, offered as a button; None when there is none.
    """

    def __init__(self, field: str, sentence: str, fix: Any = None) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence
        self.fix = fix

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.field, self.sentence, self.fix)


@dataclass(frozen=True)
class Notice:
    """A warning beside a field or in a banner; it never stops a run."""

    field: str
    title: str
    text: str
    fix: Any = None


@dataclass(frozen=True)
class Declaration:
    """What the program knows of one parameter (lengths in ``unit``)."""

    name: str
    kind: Kind
    label: str
    default: Any
    symbol: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    decimals: int = 2
    log: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    change: Change = Change.LIVE
    group: str = "Parameters"
    help: str = ""
    source: str = ""
    cell: tuple[str, str, str] | None = None
    shown_if: tuple[str, tuple[Any, ...]] | None = None
    formats: tuple[str, ...] = ()
    advanced: bool = False
    zero: str = ""
    plane: bool = False

    @property
    def numeric(self) -> bool:
        return self.kind in ("float", "int")

    @property
    def slider(self) -> bool:
        """Only parameters that act while dragged have a slider (UI.md section 1.4)."""
        return (
            self.numeric
            and self.change in (Change.LIVE, Change.RECOMPUTE)
            and self.low is not None
            and self.high is not None
        )

    @property
    def limits_text(self) -> str:
        """The limits in words, with unit."""
        unit = f" {self.unit}" if self.unit else ""
        if self.low is not None and self.high is not None:
            return f"from {show_number(self.low)} to {show_number(self.high)}{unit}"
        if self.low is not None:
            return f"from {show_number(self.low)}{unit} up"
        if self.high is not None:
            return f"up to {show_number(self.high)}{unit}"
        return "any number"

    def as_json(self) -> dict[str, Any]:
        """What ``isomorph list --json`` says of it."""
        return {
            "name": self.name,
            "label": self.label,
            "kind": self.kind,
            "unit": self.unit,
            "low": self.low,
            "high": self.high,
            "step": self.step,
            "choices": [value for value, _ in self.choices],
            "default": self.default,
            "change": self.change.value,
            "group": self.group,
            "help": self.help,
            "source": self.source,
        }


def parameter(
    default: Any,
    label: str,
    *,
    symbol: str = "",
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    decimals: int | None = None,
    log: bool | None = None,
    labels: Mapping[str, str] | None = None,
    change: Change | str = Change.LIVE,
    group: str = "Parameters",
    help: str = "",
    source: str = "",
    cell: tuple[str, str, str] | None = None,
    shown_if: tuple[str, Iterable[Any]] | None = None,
    formats: Iterable[str] = (),
    kind: Kind | None = None,
    advanced: bool = False,
    zero: str = "",
    plane: bool = False,
) -> Any:
    """Declare a parameter; use as the default of a field of :class:`Parameters`.

    ``labels`` gives the words of a Literal's values; ``cell`` = (table, row, column) puts it into a
    table of the form; ``shown_if`` = (name, values) hides the row otherwise; ``formats`` are file
    endings; ``zero`` a word shown and typed for 0 ("own"); ``plane`` points are a path on the unit
    square, not a trace over time; ``log`` defaults to True when positive
    limits span more than a factor 100.
    """
    extra = {
        "label": label,
        "symbol": symbol,
        "unit": unit,
        "low": low,
        "high": high,
        "step": step,
        "decimals": decimals,
        "log": log,
        "labels": dict(labels or {}),
        "change": Change(change),
        "group": group,
        "help": help,
        "source": source,
        "cell": cell,
        "shown_if": (shown_if[0], tuple(shown_if[1])) if shown_if else None,
        "formats": tuple(formats),
        "kind": kind,
        "advanced": advanced,
        "zero": zero,
        "plane": plane,
    }
    return Field(default, ge=low, le=high, json_schema_extra={"declaration": extra})  # type: ignore[dict-item]


class Parameters(BaseModel):
    """Base of every study's parameters: flat, JSON-able, validated on assignment."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, allow_inf_nan=False)

    @classmethod
    def declarations(cls) -> dict[str, Declaration]:
        """Declarations by name, in the order of the form."""
        return _declarations(cls)

    @classmethod
    def unused(cls, values: Mapping[str, Any]) -> frozenset[str]:
        """Names that do nothing beside these values; a form hides them."""
        return frozenset()

    @classmethod
    def declaration(cls, name: str) -> Declaration:
        """The declaration of one parameter; ParameterError with the nearest names if unknown."""
        found = _declarations(cls).get(name)
        if found is None:
            raise unknown_name(name, _declarations(cls), "parameter")
        return found

    @classmethod
    def parse(cls, name: str, value: Any) -> Any:
        """Validated value of one parameter from anything a user may type.

        Raises ParameterError with a sentence that names the limit.
        """
        declared = cls.declaration(name)
        if isinstance(value, str) and declared.numeric:
            value = parse_number(declared, value)
        if isinstance(value, str) and declared.kind == "bool":
            value = parse_bool(declared, value)
        if declared.numeric and isinstance(value, int | float) and not isinstance(value, bool):
            check_limits(declared, value)
        try:
            instance = cls.__pydantic_validator__.validate_assignment(
                cls.model_construct(), name, value
            )
        except ValidationError as error:
            raise ParameterError(name, sentence_for(declared, value, error)) from None
        return getattr(instance, name)

    def changed(self, **values: Any) -> Self:
        """A copy with these values, each validated."""
        parsed = {name: self.parse(name, value) for name, value in values.items()}
        return self.model_copy(update=parsed)

    def differences(self, other: Parameters) -> dict[str, tuple[Any, Any]]:
        """Names whose values differ, as (mine, theirs)."""
        return {
            name: (getattr(self, name), getattr(other, name))
            for name in type(self).model_fields
            if getattr(self, name) != getattr(other, name)
        }

    def document(self) -> dict[str, Any]:
        """JSON-able dictionary of all values."""
        return self.model_dump(mode="json")

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Inverse of :meth:`document`; unknown names and bad values raise ParameterError."""
        return cls().changed(**document)


def check_limits(declared: Declaration, value: float) -> None:
    """Refuse a number outside its limits, with the nearest allowed one as the fix."""
    if not math.isfinite(value):
        raise ParameterError(declared.name, f"{declared.label} must be a finite number.")
    below = declared.low is not None and value < declared.low
    above = declared.high is not None and value > declared.high
    if below or above:
        raise ParameterError(
            declared.name,
            f"{declared.label} goes {declared.limits_text}; {show_number(value)} was given.",
            declared.low if below else declared.high,
        )


def parse_number(declared: Declaration, text: str) -> float | int:
    """Number from typed text, its unit allowed ("15 ms", "1e-3", "−3")."""
    cleaned = text.strip().replace("\u2212", "-").replace("\u2009", "").replace("\u00a0", "")
    unit = declared.unit
    if unit and cleaned.endswith(unit):
        cleaned = cleaned[: -len(unit)].strip()
    if declared.zero and cleaned.lower() == declared.zero:
        return 0
    try:
        value = float(cleaned)
    except ValueError:
        raise ParameterError(
            declared.name,
            f'{declared.label} needs a number {declared.limits_text}; "{text}" was given.',
        ) from None
    if declared.kind == "int":
        if not math.isfinite(value) or value != int(value):
            raise ParameterError(
                declared.name, f'{declared.label} needs a whole number; "{text}" was given.'
            )
        return int(value)
    return value


def parse_bool(declared: Declaration, text: str) -> bool:
    """True or False from on/off, yes/no, true/false, 1/0."""
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise ParameterError(
            declared.name, f'{declared.label} is on or off; "{text}" was given.'
        ) from None


def sentence_for(declared: Declaration, value: Any, error: ValidationError) -> str:
    """A validation error in the user's terms."""
    if declared.kind == "choice":
        names = ", ".join(f'"{choice}"' for choice, _ in declared.choices)
        return f'{declared.label} is one of {names}; "{value}" was given.'
    if declared.kind == "int":
        return f'{declared.label} needs a whole number {declared.limits_text}; "{value}" was given.'
    if declared.kind == "float":
        return f'{declared.label} needs a number {declared.limits_text}; "{value}" was given.'
    message = error.errors()[0]["msg"].removeprefix("Value error, ")
    return f"{declared.label}: {message}."


FEW = 16
"""Names that a sentence can list."""


def unknown_name(name: str, known: Iterable[str], what: str) -> ParameterError:
    """The error for a name that does not exist, with the nearest ones: of the name of a block, its
    first part and its last."""
    import difflib

    names = list(known)
    inside = [one for one in names if one.startswith(f"{name}.")]
    near = [*inside[:1], *inside[1:][-1:]] or difflib.get_close_matches(name, names, n=2)
    hint = ""
    if near:
        hint = f" The closest {'is' if len(near) == 1 else 'are'} {' and '.join(near)}."
    elif 0 < len(names) <= FEW:
        hint = f" There is {', '.join(names)}."
    return ParameterError(name, f'There is no {what} "{name}".{hint}')


def show_number(value: float, digits: int = 6) -> str:
    """Number for a sentence or label: true minus, thin space from five digits.

    >>> show_number(10242), show_number(1842), show_number(-0.5)
    ('10\u2009242', '1842', '\u22120.5')
    """
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        text = str(int(value))
        if len(text.lstrip("-")) >= 5:
            text = f"{int(value):,}".replace(",", "\u2009")
    else:
        text = f"{value:.{digits}g}"
    return text.replace("-", "\u2212") if "e" not in text else text


@functools.cache
def _declarations(model: type[Parameters]) -> dict[str, Declaration]:
    found = {}
    for name, info in model.model_fields.items():
        extra = dict((info.json_schema_extra or {})["declaration"])  # type: ignore[index,arg-type]
        kind = extra.pop("kind") or _kind(info.annotation)
        labels = extra.pop("labels")
        if kind == "choice":
            extra["choices"] = tuple(
                (str(value), labels.get(value, str(value))) for value in get_args(info.annotation)
            )
        if extra["log"] is None:
            low, high = extra["low"], extra["high"]
            extra["log"] = bool(low and high and low > 0 and high / low > 100)
        if extra["step"] is None and kind == "int":
            extra["step"] = 1
        if extra["decimals"] is None:
            extra["decimals"] = 0 if kind == "int" else _decimals(extra["step"], info.default)
        found[name] = Declaration(name=name, kind=kind, default=info.default, **extra)
    return found


def _decimals(step: float | None, default: Any) -> int:
    shown = [step] if step else []
    if isinstance(default, int | float):
        shown.append(default)
    return max((len(_fraction(value)) for value in shown), default=2)


def _fraction(value: float) -> str:
    return re.sub(r"^[^.]*\.?", "", f"{value:.6f}").rstrip("0")


def _kind(annotation: Any) -> Kind:
    if get_origin(annotation) is Literal:
        return "choice"
    kinds: dict[Any, Kind] = {float: "float", int: "int", bool: "bool", str: "text"}
    return kinds[annotation]
