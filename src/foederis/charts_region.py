"""Where bystanders lean, as a map of tiles; and over which unmeasured responses the policy defeats itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from foederis import words, words_names
from foederis.charts_parts import LABEL, ordered, places, required
from foederis.charts_style import finished, ink_on, source_line, text_width
from foederis.words_palette import DIVERGING, LIGHT

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["PLACES", "bystander_tiles", "phase", "step_of", "zero_line"]

_TILE_W, _TILE_H, _GAP = 126, 106, 8
# Column and row of a tile: Europe in the two columns on the left, the Indo-Pacific from the third.
PLACES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "GBR": (0, 0), "DEU": (1, 0), "FRA": (0, 1), "ITA": (1, 1), "ESP": (0, 2), "POL": (1, 2),
        "CHN": (3, 0), "KOR": (4, 0), "JPN": (5, 0),
        "IND": (2, 1), "VNM": (3, 1), "TWN": (4, 1), "PHL": (5, 1),
        "THA": (2, 2), "MYS": (3, 2), "SGP": (4, 2), "IDN": (5, 2),
        "AUS": (4, 3), "NZL": (5, 3),
    }
)  # fmt: skip
_COLUMNS = 6
_PLOT = (640, 420)  # of the phase diagram
_CELLS = 4900
_ROOM = 22.0  # pixels of a cell from which on it carries its figure
# One likelihood for each word of the scale, from almost no chance to almost certain.
_LIKELY = ((0.02, "under 5"), (0.1, "5–20"), (0.3, "20–45"), (0.5, "45–55"), (0.7, "55–80"), (0.9, "80–95"),
           (0.98, "over 95"))  # fmt: skip


def bystander_tiles(
    frame: pd.DataFrame,
    *,
    patron: str = "USA",
    rival: str = "CHN",
    others: Sequence[str] = ("CHN", "JPN"),
    when: str = "",
    source: str = "",
    run_id: str = "",
) -> alt.VConcatChart:
    """A tile per bystander: change of the share that would side with the patron, roughly where the country lies.

    `frame` has country (code), change, low90, high90 (percentage points), own and watching: the parts of the change
    from its own treatment and from watching the treatment of the ally. Blue towards the patron, orange towards the
    rival, in seven steps; a triangle points the same way; dashed border where the interval includes 0. `others` are
    drawn as empty tiles for orientation. `when` goes into the subtitle ("2035 Q4 against 2024 Q4"). Countries without a
    place on the map come in rows below it. Raises ValueError on a change beyond 100 points.
    """
    import altair as alt

    _check_tiles(frame)
    tiles = _tiles(frame, others)
    rows = int(tiles["row"].max()) + 1
    size = (_COLUMNS * (_TILE_W + _GAP) - _GAP, rows * (_TILE_H + _GAP) - _GAP)
    plot = alt.layer(*_tile_marks(tiles)).properties(width=size[0], height=size[1])
    names = words_names.country_in_text(patron), words_names.country_in_text(rival)
    chart = alt.vconcat(plot, _steps_key(float(tiles["step"].iloc[0]), names, size[0]), spacing=16)
    return finished(
        chart,
        title=f"Where bystanders lean: {names[0]} or {names[1]}",
        subtitle=f"Change in the share that would side with {names[0]}, percentage points{', ' * bool(when)}{when}.",
        caption=(
            "In brackets: 90 % of the draws. Dashed border: they include 0. Own: what the country's own treatment adds;"
            " watching: what it learns from the treatment of the ally. The rest of the change has other causes.",
            source_line(source, run_id),
        ),
    )


def step_of(change: Iterable[float]) -> float:
    """Width of a colour step: 1 to 5 times a power of ten, so that the largest change is within three and a half."""
    largest = max(abs(float(value)) for value in change)
    if largest == 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(largest / 3.5))
    return float(next(k * power for k in (1, 2, 3, 4, 5, 10) if 3.5 * k * power >= largest * (1 - 1e-9)))


def _least_step(width: float) -> float:
    """No finer than a fiftieth of the middle width of the intervals, as 1 to 5 times a power of ten."""
    return step_of([3.5 * width / 50.0]) if width > 0 else 0.0


def _check_tiles(frame: pd.DataFrame) -> None:
    required(frame, "bystander tiles", ("change", "low90", "high90", "own", "watching"), ("country",))
    ordered(frame, "bystander tiles", ("low90", "high90"))
    if frame["country"].duplicated().any():
        raise ValueError(f"bystander tiles: {frame.loc[frame['country'].duplicated(), 'country'].iloc[0]} given twice")
    if (frame[["change", "low90", "high90"]].abs() > 100).any().any():
        raise ValueError("bystander tiles: a change of a share is beyond 100 percentage points")


def _tiles(frame: pd.DataFrame, others: Sequence[str]) -> pd.DataFrame:
    """Tiles with place, colours and texts; those of `others` without figures."""
    import pandas as pd

    # Colours and digits follow what the intervals can tell apart, not the noise of medians close to zero.
    width = float((frame["high90"] - frame["low90"]).median())
    step = max(step_of(frame["change"]), _least_step(width))
    decimals = min(places(frame["change"]), places([width]))
    given = [
        {
            **row,
            "fill": DIVERGING[_bin(row["change"], step)],
            "figure": words.number(row["change"], decimals=decimals, signed=True),
            "range": f"({words.interval(row['low90'], row['high90'], decimals=decimals, signed=True)})",
            "own_text": f"own {words.number(row['own'], decimals=decimals, signed=True)}",
            "watching_text": f"watching {words.number(row['watching'], decimals=decimals, signed=True)}",
            "unsure": bool(row["low90"] <= 0 <= row["high90"]),
            "given": True,
        }
        for row in frame[["country", "change", "low90", "high90", "own", "watching"]].to_dict("records")
    ]
    blank = dict.fromkeys(("figure", "range", "own_text", "watching_text"), "")
    empty = [
        {"country": code, "fill": LIGHT["page"], **blank, "unsure": False, "given": False}
        for code in others
        if code in PLACES and code not in set(frame["country"])
    ]
    tiles = pd.DataFrame([*given, *empty])
    tiles["step"] = step
    tiles["name"] = [_name(code) for code in tiles["country"]]
    tiles["ink"] = [ink_on(f) if g else LIGHT["muted"] for f, g in zip(tiles["fill"], tiles["given"], strict=True)]
    tiles["way"] = [_way(figure) for figure in tiles["figure"]]
    return _placed(tiles)


def _placed(tiles: pd.DataFrame) -> pd.DataFrame:
    """Column and row of each tile (rows without any are closed up), and its left and upper edge in pixels."""
    used = [PLACES[code] for code in tiles["country"] if code in PLACES]
    rows = {row: k for k, row in enumerate(sorted({row for _, row in used}))}
    found, free = [], 0
    for code in tiles["country"]:
        if code in PLACES:
            column, row = PLACES[code]
            found.append((column, rows[row]))
        else:
            found.append((free % _COLUMNS, len(rows) + free // _COLUMNS))
            free += 1
    tiles = tiles.assign(column=[c for c, _ in found], row=[r for _, r in found])
    return tiles.assign(x=tiles["column"] * (_TILE_W + _GAP), y=tiles["row"] * (_TILE_H + _GAP))


def _tile_marks(tiles: pd.DataFrame) -> list[alt.Chart]:
    import altair as alt

    tiles = tiles.assign(
        right=tiles["x"] + _TILE_W,
        bottom=tiles["y"] + _TILE_H,
        centre=tiles["x"] + _TILE_W / 2,
        arrow=tiles["x"]
        + _TILE_W / 2
        + [w * (text_width(f, 17) / 2 + 10) for w, f in zip(tiles["way"], tiles["figure"], strict=True)],
    )
    base = alt.Chart(tiles)
    edges: Any = {"x": _pixels("x", "x"), "x2": "right:Q", "y": _pixels("y", "y"), "y2": "bottom:Q"}
    fill, ink = (alt.Color(f"{name}:N", scale=None, legend=None) for name in ("fill", "ink"))
    borders = [
        base.transform_filter(f"{test}datum.unsure && datum.given")
        .mark_rect(fillOpacity=0, stroke=LIGHT["ink"], strokeWidth=width, strokeDash=dash, cornerRadius=6)
        .encode(**edges)
        for test, width, dash in (("", 1.8, [4, 3]), ("!", 0.6, [1, 0]))
    ]
    lines: Any = (("name", 18, 12.5, "bold"), ("figure", 41, 17, "bold"), ("range", 61, 11, "normal"),
             ("own_text", 79, 11, "normal"), ("watching_text", 93, 11, "normal"))  # fmt: skip
    texts = [
        base.transform_calculate(at=f"datum.y + {down}")
        .mark_text(baseline="middle", fontSize=size, fontWeight=weight)
        .encode(x=_pixels("centre", "x"), y=_pixels("at", "y"), text=f"{text}:N", color=ink)
        for text, down, size, weight in lines
    ]
    arrows = [
        base.transform_filter(f"datum.way == {way}")
        .transform_calculate(at="datum.y + 41")
        .mark_point(shape=shape, filled=True, size=80, opacity=1)
        .encode(x=_pixels("arrow", "x"), y=_pixels("at", "y"), color=ink)
        for way, shape in ((-1, "triangle-left"), (1, "triangle-right"))
    ]
    return [base.mark_rect(cornerRadius=6).encode(**edges, color=fill), *borders, *texts, *arrows]


def _steps_key(step: float, names: tuple[str, str], width: float) -> Any:
    """Seven squares with the change each stands for, between the two powers."""
    import altair as alt
    import pandas as pd

    decimals = max(0, -int(np.floor(np.log10(step))))
    wide = 64
    left = (width - 7 * wide) / 2
    data = pd.DataFrame(
        {
            "fill": DIVERGING,
            "text": [words.number(k * step, decimals=decimals, signed=True) for k in range(-3, 4)],
            "x": [left + k * wide for k in range(7)],
            "right": [left + (k + 1) * wide for k in range(7)],
            "centre": [left + (k + 0.5) * wide for k in range(7)],
            "ink": [ink_on(colour) for colour in DIVERGING],
        }
    )
    base = alt.Chart(data)
    fill, ink = (alt.Color(f"{name}:N", scale=None, legend=None) for name in ("fill", "ink"))
    right = left + 7 * wide
    sides = pd.DataFrame(
        {
            "text": [f"towards {names[1]}", f"towards {names[0]}"],
            "x": [left - 26, right + 26],
            "arrow": [left - 14, right + 14],
        }
    )
    layers = [
        base.mark_rect().encode(x=_pixels("x", "x"), x2="right:Q", y=alt.value(0), y2=alt.value(22), color=fill),
        base.mark_text(baseline="middle", fontSize=LABEL - 1).encode(
            x=_pixels("centre", "x"), y=alt.value(11), text="text:N", color=ink
        ),
    ]
    for k, (align, shape) in enumerate((("right", "triangle-left"), ("left", "triangle-right"))):
        one = alt.Chart(sides.iloc[[k]])
        mark: Any = {"align": align, "baseline": "middle", "fontSize": LABEL, "color": LIGHT["ink"]}
        layers.append(one.mark_text(**mark).encode(x=_pixels("x", "x"), y=alt.value(11), text="text:N"))
        layers.append(
            one.mark_point(shape=shape, filled=True, size=70, opacity=1, color=LIGHT["ink"]).encode(
                x=_pixels("arrow", "x"), y=alt.value(11)
            )
        )
    return alt.layer(*layers).properties(width=width, height=22)


def _pixels(field: str, axis: str) -> Any:
    """A field that counts in pixels from the upper left corner, without an axis."""
    import altair as alt

    channel = alt.X if axis == "x" else alt.Y
    return channel(f"{field}:Q", scale=None, axis=None)


def _bin(change: float, step: float) -> int:
    """Which of the seven colours a change takes: the nearest multiple of the step, a half towards 0."""
    size = int(np.ceil(abs(change) / step - 0.5 - 1e-9))
    return 3 + int(np.sign(change)) * min(3, max(0, size))


def _way(figure: str) -> int:
    """Where the triangle points: to the rival (-1), to the patron (1), nowhere when the printed change is 0."""
    return -1 if figure.startswith(words.MINUS) else 1 if figure.startswith("+") else 0


def _name(code: str) -> str:
    name = words_names.country(code)
    return name if text_width(name, LABEL) <= _TILE_W - 8 else code


def phase(
    frame: pd.DataFrame,
    *,
    source: str = "",
    run_id: str = "",
) -> alt.VConcatChart:
    """Over the two responses nobody has measured: the chance that the policy defeats itself, and where power is kept.

    `frame` has a row per cell of a full grid: access (share of base access lost per unit of reliability), rearmament
    (elasticity of the ally's forces in distrust), change (median change of the balance; only its sign is used) and
    defeat (probability, a fraction). Colours are the seven steps of the likelihood words; the heavy line is where the
    balance does not change. Raises ValueError where a cell is missing or given twice, a probability is outside 0..1, or
    an axis has fewer than two values.
    """
    import altair as alt

    grid = _grid(frame)
    cells = _cells(frame, grid)
    cell = min(_PLOT[0] / len(grid[1]), _PLOT[1] / (1.6 * len(grid[0])))
    base = alt.Chart(cells)
    scales = {"access": _span(cells, "access"), "rearmament": _span(cells, "rearmament")}
    domain = [f"{words.likelihood(p)} ({text})" for p, text in _LIKELY]
    legend = alt.Legend(orient="top", columns=4, symbolType="square", symbolSize=180, offset=14, columnPadding=20)
    colour = alt.Color("word:N", sort=domain, scale=alt.Scale(domain=domain, range=DIVERGING[::-1]), legend=legend)
    rect = base.mark_rect(stroke=LIGHT["card"], strokeWidth=0.6 if cell >= _ROOM else 0.0)
    x, y = _response("left", scales, "rearmament"), _response("lower", scales, "access")
    lines = zero_line(frame)
    layers = [rect.encode(x=x, x2="right:Q", y=y, y2="upper:Q", color=colour), *_contour(lines, scales)]
    if cell >= _ROOM:
        layers += _cell_figures(base, scales)
    return finished(
        alt.layer(*layers).resolve_scale(color="independent").properties(width=_PLOT[0], height=_PLOT[1]),
        title="Where the policy defeats itself: the two responses nobody has measured",
        subtitle="Probability in per cent that it costs the coercer more than it earns.",
        caption=(_phase_note(frame, lines), source_line(source, run_id)),
    )


def zero_line(frame: pd.DataFrame) -> pd.DataFrame:
    """Pieces of the line on which the change is 0, by linear interpolation on the two triangles of each cell.

    Columns rearmament, access, rearmament_2, access_2: the ends of each piece.
    """
    import pandas as pd

    table = frame.pivot(index="access", columns="rearmament", values="change").sort_index().sort_index(axis=1)
    ys, xs = table.index.to_numpy(dtype=float), table.columns.to_numpy(dtype=float)
    values = table.to_numpy(dtype=float)
    pieces = []
    for i in range(len(ys) - 1):
        for k in range(len(xs) - 1):
            corner = {(a, b): (xs[k + b], ys[i + a], values[i + a, k + b]) for a in (0, 1) for b in (0, 1)}
            for third in ((0, 1), (1, 0)):
                piece = _crossing([corner[0, 0], corner[third], corner[1, 1]])
                if piece:
                    pieces.append(piece)
    return pd.DataFrame(pieces, columns=["rearmament", "access", "rearmament_2", "access_2"])


def _crossing(triangle: Sequence[tuple[float, float, float]]) -> tuple[float, float, float, float] | None:
    """Where the plane over a triangle is 0: the two ends of the piece, or None. 0 itself counts as positive."""
    ends = []
    for (x1, y1, v1), (x2, y2, v2) in (
        (triangle[0], triangle[1]),
        (triangle[1], triangle[2]),
        (triangle[2], triangle[0]),
    ):
        if (v1 < 0) != (v2 < 0):
            share = v1 / (v1 - v2)
            ends.append((x1 + share * (x2 - x1), y1 + share * (y2 - y1)))
    return (*ends[0], *ends[1]) if len(ends) == 2 and ends[0] != ends[1] else None


def _grid(frame: pd.DataFrame) -> tuple[Any, Any]:
    """The values of both axes; ValueError unless every pair of them has one row."""
    required(frame, "phase diagram", ("access", "rearmament", "change", "defeat"))
    if ((frame["defeat"] < 0) | (frame["defeat"] > 1)).any():
        raise ValueError("phase diagram: a probability is outside 0 to 1; it is a fraction")
    axes = tuple(np.unique(frame[name].to_numpy(dtype=float)) for name in ("access", "rearmament"))
    if min(map(len, axes)) < 2:
        raise ValueError("phase diagram: each axis needs two values or more")
    cells = len(axes[0]) * len(axes[1])
    if len(frame) != cells or frame.duplicated(["access", "rearmament"]).any():
        raise ValueError(f"phase diagram: {len(frame)} rows for {cells} cells; each pair of responses needs one row")
    if cells > _CELLS:
        raise ValueError(
            f"phase diagram: {cells} cells are more than the {_CELLS} that can be drawn; take fewer values"
        )
    return axes[0], axes[1]


def _cells(frame: pd.DataFrame, grid: tuple[Any, Any]) -> pd.DataFrame:
    """Cells with edges half-way to their neighbours, the word of the likelihood, and the figure."""
    edges = {}
    for name, values in zip(("access", "rearmament"), grid, strict=True):
        middle = (values[1:] + values[:-1]) / 2
        full = np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])
        edges[name] = {value: (full[k], full[k + 1]) for k, value in enumerate(values)}
    names = {words.likelihood(p): f"{words.likelihood(p)} ({text})" for p, text in _LIKELY}
    colours = dict(zip(names, DIVERGING[::-1], strict=True))
    word = [words.likelihood(float(p)) for p in frame["defeat"]]
    return frame[["access", "rearmament", "change", "defeat"]].assign(
        left=[edges["rearmament"][v][0] for v in frame["rearmament"]],
        right=[edges["rearmament"][v][1] for v in frame["rearmament"]],
        lower=[edges["access"][v][0] for v in frame["access"]],
        upper=[edges["access"][v][1] for v in frame["access"]],
        word=[names[w] for w in word],
        fill=[colours[w] for w in word],
        ink=[ink_on(colours[w]) for w in word],
        figure=[words.probability(float(p)).removesuffix(f"{words.THIN_SPACE}%") for p in frame["defeat"]],
    )


def _span(cells: pd.DataFrame, name: str) -> list[float]:
    low, high = ("left", "right") if name == "rearmament" else ("lower", "upper")
    return [float(cells[low].min()), float(cells[high].max())]


def _response(field: str, scales: Mapping[str, list[float]], name: str) -> Any:
    import altair as alt

    channel = alt.X if name == "rearmament" else alt.Y
    title = {
        "rearmament": "rearmament: per cent more forces of the ally for 1 per cent less trust",
        "access": "access: share of base access lost per unit of trust",
    }[name]
    scale = alt.Scale(domain=scales[name], nice=False, zero=False)
    return channel(f"{field}:Q", scale=scale, title=title, axis=alt.Axis(grid=False, tickCount=8))


def _cell_figures(base: alt.Chart, scales: Mapping[str, list[float]]) -> list[alt.Chart]:
    """The probability in each cell, with a rim of the colour of the cell where the line runs through it."""
    import altair as alt

    place: Any = {"x": _response("rearmament", scales, "rearmament"), "y": _response("access", scales, "access")}
    text: Any = {"baseline": "middle", "fontSize": 11}
    fill, ink = alt.Stroke("fill:N", scale=None, legend=None), alt.Color("ink:N", scale=None, legend=None)
    return [
        base.mark_text(**text, strokeWidth=4, opacity=1).encode(**place, text="figure:N", stroke=fill),
        base.mark_text(**text).encode(**place, text="figure:N", color=ink),
    ]


def _contour(lines: pd.DataFrame, scales: Mapping[str, list[float]]) -> list[alt.Chart]:
    import altair as alt

    if lines.empty:
        return []
    base = alt.Chart(lines)
    return [
        base.mark_rule(color=colour, strokeWidth=width, strokeCap="round", opacity=1).encode(
            x=_response("rearmament", scales, "rearmament"), x2="rearmament_2:Q",
            y=_response("access", scales, "access"), y2="access_2:Q",
        )
        for colour, width in ((LIGHT["card"], 6), (LIGHT["ink"], 2.6))
    ]  # fmt: skip


def _phase_note(frame: pd.DataFrame, lines: pd.DataFrame) -> str:
    if lines.empty:
        way = "falls" if (frame["change"] < 0).all() else "does not fall"
        return f"The coalition's power {way} in every cell shown (median of the draws)."
    away = (frame[frame["change"] < 0].mean() - frame.mean()) / (frame.max() - frame.min())
    side = "access" if abs(away["access"]) > abs(away["rearmament"]) else "rearmament"
    sides = {"access": ("below", "above"), "rearmament": ("to the left of", "to the right of")}[side]
    where = sides[int(away[side] > 0)]
    return f"Heavy line: the coalition's power does not change (median of the draws); it falls {where} the line."
