"""The Set-up form: one row widget, made once from each parameter's declaration."""

from __future__ import annotations

from widgets.form.form import ParameterForm

__all__ = ["ParameterForm"]
