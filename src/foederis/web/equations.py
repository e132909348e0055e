"""The equations that carry the answer, as MathML made from one line of text each.

    mathml("χ^* = Δ W_U / ( −100 Δ ln B )")

A line is words apart from one another by spaces. `X_a^b` puts a below and b above; braces hold several words; a word
in Greek or Latin letters is a name, of more than one letter upright; everything else is an operator or a number.
"""

from __future__ import annotations

import re
from html import escape

__all__ = ["EQUATIONS", "mathml"]

EQUATIONS: tuple[tuple[str, str], ...] = (
    ("T3", "π′_{n i}^j = π_{n i}^j ( κ̂_{n i}^j ĉ_i^j / P̂_n^j )^{−θ^j}"),
    ("B3", "ℓ ( a ) = ln Pr ( a | P ) − ln Pr ( a | X )"),
    ("B4", "L_t = L_{t − 1} + Σ_a κ_± ζ_a ℓ_a"),
    ("B7", "r = μ r_P + ( 1 − μ ) Λ ( logit r_X ( 0 ) − λ_G G + λ_c c )"),
    ("S5", "K_U^eff = K_U^th [ 1 − ψ ( 1 − b ) ]"),
    ("R1", "u_i = α_i + β_E ( E_{i U} − E_{i C} ) + β_own T_i + β_S r̂_i − β_C k_i + β_z z_i + ε_i"),
    ("P1", "ln B = ln [ K_U^eff + π_J K_J + Σ_i P_i^U K_i ] − ln [ K_C + Σ_i P_i^C K_i ]"),
    ("P2", "χ^* = Δ W_U / ( −100 Δ ln B )"),
)  # fmt: skip
_WORD = re.compile(r"(?P<base>[^\s_^{}]+)(?:_(?P<low>\{[^}]*\}|[^\s_^{}]+))?(?:\^(?P<high>\{[^}]*\}|[^\s_^{}]+))?")


def mathml(line: str) -> str:
    """A line as a MathML element that stands on a line of its own."""
    return f'<math display="block"><mrow>{_row(line)}</mrow></math>'


def _row(text: str) -> str:
    return "".join(_word(match) for match in _WORD.finditer(text))


def _word(match: re.Match[str]) -> str:
    base, low, high = _leaf(match["base"]), match["low"], match["high"]
    if low and high:
        return f"<msubsup>{base}{_group(low)}{_group(high)}</msubsup>"
    if low:
        return f"<msub>{base}{_group(low)}</msub>"
    return f"<msup>{base}{_group(high)}</msup>" if high else base


def _group(text: str) -> str:
    inside = text.strip("{}")
    found = _row(_apart(inside))
    return found if found.count("<m") == 1 else f"<mrow>{found}</mrow>"


def _apart(text: str) -> str:
    """A leading sign as a word of its own."""
    return f"{text[0]} {text[1:]}" if len(text) > 1 and text[0] in "−+" else text


def _leaf(text: str) -> str:
    if text[0] in "−+" and len(text) > 1:
        return f"<mo>{text[0]}</mo>{_leaf(text[1:])}"
    if text[0].isdigit():
        return f"<mn>{escape(text)}</mn>"
    return (
        f"<mi>{escape(text)}</mi>" if text[0].isalpha() and text != "Σ" else f'<mo stretchy="false">{escape(text)}</mo>'
    )
