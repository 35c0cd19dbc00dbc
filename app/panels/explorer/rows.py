"""What tree and graph show of a network's layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.layer_graph import GraphRow
from widgets.layer_tree import LayerRow

if TYPE_CHECKING:
    from backend.networks.explorer import Explorer


def graph_rows(explorer: Explorer) -> list[GraphRow]:
    """What the graph shows of each layer."""
    return [
        GraphRow(
            one.name, f"{one.name}  {one.kind}", " × ".join(map(str, one.shape)), one.follows,
            f"{one.parameters:,} parameters",
        )
        for one in explorer.layers
    ]  # fmt: skip


def layer_rows(explorer: Explorer) -> list[LayerRow]:
    """What the tree shows of each layer."""
    rows = []
    for one in explorer.layers:
        field = f", receptive field {one.field.size:g} px" if one.field is not None else ""
        words = " × ".join(map(str, one.shape))
        tip = f"{one.name}: {one.kind}, {words}, {one.parameters:,} parameters{field}"
        rows.append(LayerRow(one.name, one.kind, words, tip))
    return rows
