"""The charts of the alliance of a run: the data frames that the chart module takes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from foederis import words_names
from foederis.beliefs_polls import series
from foederis.ensemble_alliance import Alliance
from foederis.report_alliance import AllianceFindings
from foederis.report_findings import QUANTILES

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["ALLIANCE_CHARTS", "charts_of", "draw_alliance"]

ALLIANCE_CHARTS = ("trust", "why-trust", "balance", "break-even", "phase", "hedging", "bystanders")
SOURCE = "published polls, defence data, stated priors; own computation"
SHOWN_FROM = 2017


def charts_of(found: Alliance) -> tuple[str, ...]:
    """The charts that a run can have: where neither gain nor balance moves there is no price to break even."""
    undefined = bool(np.isnan(found.break_even).all())
    return tuple(name for name in ALLIANCE_CHARTS if not (undefined and name == "break-even"))


def draw_alliance(
    name: str, found: Alliance, page: AllianceFindings, evaluated: dt.date, run_id: str
) -> alt.VConcatChart:
    """One chart by name; ValueError on an unknown one, or on one that the run cannot have (`charts_of`)."""
    makers = {
        "trust": _trust,
        "why-trust": _why_trust,
        "balance": _balance,
        "break-even": _break_even,
        "phase": _phase,
        "hedging": _hedging,
        "bystanders": _bystanders,
    }
    if name not in makers:
        raise ValueError(f"no chart {name!r}; there are {', '.join(makers)}")
    if name not in charts_of(found):
        raise ValueError(
            f"no chart {name!r} of this run: the scenario takes nothing from the ally and moves no balance"
        )
    return makers[name](found, page, evaluated, run_id)


def _first_day(quarter: str) -> dt.date:
    return dt.date(int(quarter[:4]), 3 * int(quarter[-1]) - 2, 1)


def _fan(draws: np.ndarray, quarters: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    q = np.quantile(draws, list(QUANTILES.values()), axis=1)
    frame = pd.DataFrame(q.T, columns=list(QUANTILES))
    frame.insert(0, "date", [_first_day(quarter) for quarter in quarters])
    return frame


def _trust(found: Alliance, page: AllianceFindings, evaluated: dt.date, run_id: str) -> alt.VConcatChart:
    import pandas as pd

    from foederis import charts

    ally, patron = found.cast.stage.dyad.ally, found.cast.stage.dyad.patron
    wording = found.poll.wording
    polls = [
        {"date": poll.date, "share": 100.0 * poll.share, "pollster": one.pollster, "holdout": poll.holdout}
        for one in series(ally)
        if one.wording == wording
        for poll in one.polls
        if poll.date.year >= SHOWN_FROM
    ]
    pins = [{"number": k + 1, "date": dt.date.fromisoformat(d), "label": t} for k, (d, t) in enumerate(page.pins)]
    middle = 100.0 * np.median(found.trust_reference, axis=1)
    reference = pd.DataFrame({"date": [_first_day(q) for q in found.quarters], "median": middle})
    return charts.trust_fan(
        _fan(100.0 * found.trust_next, found.quarters),
        pd.DataFrame(polls, columns=["date", "share", "pollster", "holdout"]),
        pd.DataFrame(pins, columns=["number", "date", "label"]),
        reference[reference["date"] >= _first_day(found.quarters[found.begin])],
        title_who=f"People in {words_names.country_in_text(ally)} who trust {words_names.country_in_text(patron)}",
        wording=f"{page.poll} (anchored on polls before 2017 alone)",
        evaluated=evaluated,
        source=SOURCE,
        run_id=run_id,
    )


def _parts(parts: Any) -> pd.DataFrame:
    import pandas as pd

    rows = [{"channel": n.capitalize(), "value": m, "low90": lo, "high90": hi} for n, (m, lo, hi) in parts.items()]
    return pd.DataFrame(rows)


def _why_trust(found: Alliance, page: AllianceFindings, evaluated: dt.date, run_id: str) -> alt.VConcatChart:
    from foederis import charts

    t = found.scenario.at(page.marks[0])
    before, after = (100.0 * float(x[t].mean()) for x in (found.trust_reference, found.trust))
    kept = {n: p for n, p in page.why_trust.items() if n == "interaction" or max(map(abs, p)) >= 0.05}
    lost = sum(p[0] for n, p in page.why_trust.items() if n not in kept)
    kept["interaction"] = (kept["interaction"][0] + lost, *kept["interaction"][1:])
    return charts.why_waterfall(
        _parts(kept),
        before=before,
        after=after,
        unit="points",
        what=f"trust by {page.marks[0].replace('-', ' ')} (mean share of respondents)",
        source=SOURCE,
        run_id=run_id,
    )


def _balance(found: Alliance, page: AllianceFindings, evaluated: dt.date, run_id: str) -> alt.VConcatChart:
    from foederis import charts

    total = sum(p[0] for p in page.terms.values())
    return charts.why_waterfall(
        _parts(page.terms),
        before=0.0,
        after=total,
        unit="per cent",
        what=f"the coalition's balance of power by {page.marks[0].replace('-', ' ')} (mean, acts on the ally)",
        rest="Remainder",
        source=SOURCE,
        run_id=run_id,
    )


def _ends(draws: np.ndarray) -> dict[str, float]:
    found = np.quantile(draws, list(QUANTILES.values()), method="inverted_cdf")
    return {name: float(value) for name, value in zip(QUANTILES, found, strict=True)}


def _break_even(found: Alliance, page: AllianceFindings, evaluated: dt.date, run_id: str) -> alt.VConcatChart:
    from foederis import charts

    even = found.break_even[~np.isnan(found.break_even)]
    return charts.break_even_strip(
        gain=_ends(found.mean_gain),
        change=_ends(100.0 * found.mean_balance),
        break_even=_ends(np.maximum(even, 0.0)),
        price=_ends(found.price),
        probability=page.self_defeat,
        coercer=words_names.country_in_text(found.cast.stage.dyad.patron),
        source=SOURCE,
        run_id=run_id,
    )


def _phase(found: Alliance, page: AllianceFindings, evaluated: dt.date, run_id: str) -> alt.VConcatChart:
    import pandas as pd

    from foederis import charts

    grid = page.phase
    rows = [
        {"access": a, "rearmament": e, "change": grid["change_pct"][i][k], "defeat": grid["self_defeat"][i][k]}
        for i, a in enumerate(grid["access"])
        for k, e in enumerate(grid["rearmament"])
    ]
    return charts.phase(pd.DataFrame(rows), source=SOURCE, run_id=run_id)


def _hedging(found: Alliance, page: AllianceFindings, evaluated: dt.date, run_id: str) -> alt.VConcatChart:
    import pandas as pd

    from foederis import charts

    stage, rows = found.cast.stage, []
    potential = stage.exogenous["partners_potential"]
    for t, quarter in enumerate(found.quarters):
        date = _first_day(quarter)
        patron = np.median(found.scenario.reliability[t] * found.scenario.sides[t].patron)
        follow = np.median(found.cast.p["p_m"] * found.scenario.partners[t] * potential[t])
        for name, value in (
            ("Own forces", np.median(found.scenario.own[t])),
            ("Partners, as far as trusted", follow),
            ("The patron, as far as trusted", patron),
        ):
            rows.append({"date": date, "component": name, "value": float(value)})
    return charts.hedging_stack(
        pd.DataFrame(rows),
        unit="bn constant 2023 USD a year",
        who=words_names.country_in_text(stage.dyad.ally),
        source=SOURCE,
        run_id=run_id,
    )


def _bystanders(found: Alliance, page: AllianceFindings, evaluated: dt.date, run_id: str) -> alt.VConcatChart:
    import pandas as pd

    from foederis import charts

    dyad = found.cast.stage.dyad
    rows = [
        {
            "country": b.code,
            "change": b.change.median,
            "low90": b.change.low,
            "high90": b.change.high,
            "own": b.own.median,
            "watching": b.watching.median,
        }
        for b in page.bystanders
    ]
    return charts.bystander_tiles(
        pd.DataFrame(rows),
        patron=dyad.patron,
        rival=dyad.rival,
        others=(dyad.rival, dyad.ally),
        when=f"{page.marks[0].replace('-', ' ')} against the reference",
        source=SOURCE,
        run_id=run_id,
    )
