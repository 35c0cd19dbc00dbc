"""The operations of a TorchScript program as layers.

TorchScript modules take no hooks. Where torch can write the program as a graph of operations, each
operation that matters becomes a module of its own, named as in the graph ("conv2d", "relu_1");
elsewhere the program is one layer.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any

import torch
from torch import Tensor, nn

KINDS = {
    "conv1d": "Conv1d", "conv2d": "Conv2d", "conv3d": "Conv3d", "convolution": "Conv2d",
    "_convolution": "Conv2d", "linear": "Linear", "addmm": "Linear", "relu": "ReLU",
    "relu_": "ReLU", "relu6": "ReLU6", "hardtanh": "ReLU6", "hardtanh_": "ReLU6", "gelu": "GELU",
    "silu": "SiLU", "silu_": "SiLU", "hardswish": "Hardswish", "hardswish_": "Hardswish",
    "hardsigmoid": "Hardsigmoid", "sigmoid": "Sigmoid", "tanh": "Tanh",
    "leaky_relu": "LeakyReLU", "batch_norm": "BatchNorm2d", "layer_norm": "LayerNorm",
    "group_norm": "GroupNorm", "max_pool2d": "MaxPool2d", "avg_pool2d": "AvgPool2d",
    "adaptive_avg_pool2d": "AdaptiveAvgPool2d", "max_pool3d": "MaxPool3d",
    "avg_pool3d": "AvgPool3d", "flatten": "Flatten", "dropout": "Dropout", "add": "Add",
    "add_": "Add", "cat": "Concatenation", "softmax": "Softmax",
    "scaled_dot_product_attention": "Attention",
}  # fmt: skip
"""Operations that are layers, by the class that people know them as."""
TOLERANCE = 1e-5
"""By which the graph may differ from the program, for rounding."""


class Program(nn.Module):
    """A TorchScript program as one layer."""

    def __init__(self, script: Any) -> None:
        super().__init__()
        self.__dict__["script"] = script  # no child: its modules take no hooks
        for number, (name, values) in enumerate(script.named_parameters()):
            shared = nn.Parameter(values.detach())
            self.register_parameter(f"{number}_{name.replace('.', '_')}", shared)

    def forward(self, images: Tensor) -> Any:
        return self.__dict__["script"](images)


class Operation(nn.Module):
    """One operation of a graph."""

    def __init__(self, target: Any) -> None:
        super().__init__()
        self.target = target

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.target(*args, **kwargs)


def opened_script(script: Any, example: Tensor) -> nn.Module:
    """The program with its operations as layers, or as one layer where torch cannot write it."""
    program = Program(script)
    try:
        graph = _graph_of(script, example)
        with torch.no_grad():
            same = all(
                torch.allclose(_first(graph(x)), _first(program(x)), TOLERANCE, TOLERANCE)
                for x in (example, example.repeat(2, *[1] * (example.ndim - 1))[:3])
            )
    except Exception:  # torch's converter fails in many ways; the program itself still runs
        return program
    return graph if same else program


def _first(output: Any) -> Tensor:
    while not isinstance(output, Tensor):
        output = next(iter(output.values() if isinstance(output, dict) else output))
    return output


def _graph_of(script: Any, example: Tensor) -> nn.Module:
    from torch._export.converter import TS2EPConverter

    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = TS2EPConverter(script, (example,)).convert().module(check_guards=False)
    finally:
        logging.disable(disabled)
    for node in list(module.graph.nodes):
        packet = getattr(node.target, "overloadpacket", None)
        kind = KINDS.get(getattr(packet, "__name__", ""))
        if node.op == "call_function" and kind:
            part = type(kind, (Operation,), {})(node.target)
            name = node.name if not hasattr(module, node.name) else f"{node.name}_operation"
            module.add_submodule(name, part)
            node.op, node.target = "call_module", name
    return torch.fx.GraphModule(module, module.graph)
