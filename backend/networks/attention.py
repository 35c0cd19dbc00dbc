"""Attention whose heads can be seen, lesioned and attributed like any other layer."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional


class MultiheadAttention(nn.MultiheadAttention):
    """torch's attention, computed step by step through ``heads`` and ``out_proj``.

    ``heads`` is an identity that gets (n, heads, tokens, features), what each head reads before
    the heads are mixed. Weights have the same names as in torch's class.
    """

    heads: nn.Module

    def forward(self, query: Tensor, key: Tensor, value: Tensor, *others: Any,
                **options: Any) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        if others or any(
            options.get(name) is not None for name in ("key_padding_mask", "attn_mask")
        ):
            return super().forward(query, key, value, *others, **options)
        parts = functional._in_projection_packed(  # type: ignore[attr-defined]
            query, key, value, self.in_proj_weight, self.in_proj_bias
        )
        q, k, v = (
            part.unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2) for part in parts
        )
        dropped = self.dropout if self.training else 0.0
        read = self.heads(functional.scaled_dot_product_attention(q, k, v, dropout_p=dropped))
        return self.out_proj(read.transpose(1, 2).flatten(2)), None


def open_heads(module: nn.Module) -> nn.Module:
    """Let the heads of every plain self-attention of a module be seen; the same module.

    The outputs stay the same to rounding. An attention with other projections stays as it is.
    """
    for part in module.modules():
        if type(part) is nn.MultiheadAttention and part.batch_first and part._qkv_same_embed_dim \
                and part.bias_k is None and not part.add_zero_attn:  # fmt: skip
            part.__class__ = MultiheadAttention
            part.heads = nn.Identity()
    return module
