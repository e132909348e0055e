"""Hypothesis strategies: texts of scenario files that are right, over the whole surface of the language."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from hypothesis import strategies as st

from foederis import scenario_codes as codes


class Raw(str):
    """A text that goes into the file without quotes."""


COUNTRY = st.sampled_from(codes.COUNTRIES)
SLUG = st.from_regex(r"[a-z][a-z0-9_-]{0,10}", fullmatch=True).filter(
    lambda word: word not in ("y", "n", "on", "off", "yes", "no", "true", "false", "null")
)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12).map(
    lambda text: f"{text} {text}"
)
PERCENT = st.decimals(0, 100, places=2).map(lambda number: f"{number}%")
RATE = st.one_of(
    st.decimals(0, 10_000, places=1).map(lambda number: f"{number}%"),
    st.integers(0, 300).map(lambda number: f"{number}pp"),
)
SHARE = st.one_of(PERCENT, st.decimals(0, 1, places=3).map(str).map(lambda text: Raw(text)))
DAY = st.dates(dt.date(2000, 1, 1), dt.date(2050, 1, 1))
MONEY = st.tuples(
    st.integers(0, 999), st.sampled_from(["", "m ", "bn ", "tn "]), st.sampled_from(["USD", "JPY", "EUR"])
)
STOCK = MONEY.map(lambda parts: f"{parts[0]} {parts[1]}{parts[2]}")
FLOW = STOCK.flatmap(lambda text: st.sampled_from(["yr", "quarter", "month"]).map(lambda per: f"{text}/{per}"))
DISTRIBUTION = st.one_of(
    st.builds(
        lambda a, b: {"dist": "beta", "a": Raw(a), "b": Raw(b)},
        st.integers(1, 50).map(str),
        st.integers(1, 50).map(str),
    ),
    st.builds(
        lambda ends: {"dist": "triangular", "low": f"{ends[0]}%", "mode": f"{ends[1]}%", "high": f"{ends[2]}%"},
        st.lists(st.integers(0, 100), min_size=3, max_size=3, unique=True).map(sorted),
    ),
)
PARTY = st.one_of(
    st.sampled_from([name for name in codes.GROUPS if name != "world"]),
    st.just("world"),
    COUNTRY,
    st.lists(COUNTRY, min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(["CAN", "MEX", "eu27", "asean"]), min_size=1, max_size=3, unique=True).map(
        lambda names: {"all_except": names}
    ),
)
EXPORTER = st.one_of(PARTY, st.just({"surplus_with": "USA", "over": "20 bn USD/yr"}))
SECTORS = st.lists(st.sampled_from(codes.SECTORS), min_size=1, max_size=4, unique=True)
WHOLE_GOODS = st.one_of(
    st.just("all_goods"),
    SECTORS,
    st.just({"all_goods_except": ["C24A", "C29"]}),
    st.just({"all_goods_except": ["C301"]}),
)
GOODS = st.one_of(WHOLE_GOODS, st.just({"hs": [Raw("8703"), Raw("0101"), Raw("30")]}), st.just({"goods": ["autos"]}))
FORMULA = st.sampled_from(
    ["min(10pp, 0.25 * surplus / imports)", "max(0%, deficit / (imports + exports))", "15% + 2pp"]
)


def text_of(value: Any) -> str:
    """A value as it may stand in a scenario file."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {text_of(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(text_of(item) for item in value) + "]"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Raw):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


@st.composite
def life(draw: st.DrawFn) -> dict[str, Any]:
    """Start and end of a measure."""
    start = draw(DAY)
    keys: dict[str, Any] = {"from": start}
    if draw(st.booleans()):
        keys["to"] = start + dt.timedelta(days=draw(st.integers(800, 3000)))
    return keys


@st.composite
def paths(draw: st.DrawFn, values: st.SearchStrategy[Any], start: dt.date) -> Any:
    """One value, or a dated path from the start on, shorter than the life of a measure."""
    if draw(st.booleans()):
        return draw(values)
    days = sorted({0, *draw(st.lists(st.integers(1, 700), max_size=3))})
    return {(start + dt.timedelta(days=n)).isoformat(): draw(values) for n in days}


@st.composite
def measures(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A tariff measure of the United States."""
    keys = draw(life())
    measure = {
        "id": name,
        "authority": draw(st.sampled_from(codes.AUTHORITIES)),
        "importer": "USA",
        "exporter": draw(EXPORTER.filter(lambda who: who not in ("USA", ["USA"]))),
        "sectors": draw(GOODS),
        "rate": draw(paths(st.one_of(RATE, FORMULA.map(lambda text: {"formula": text})), keys["from"])),
        "source": draw(TEXT),
        **keys,
    }
    if draw(st.booleans()):
        measure["rule"] = draw(paths(st.sampled_from(["add", "all_in"]), keys["from"]))
    if measure["sectors"] == "all_goods" and draw(st.booleans()):
        measure["exempt"] = draw(st.sampled_from([["autos"], ["annex-ii", "consumer-electronics", "civil-aircraft"]]))
    if draw(st.booleans()):
        measure["yields_to"] = draw(st.lists(st.sampled_from(["s232", "ieepa"]), min_size=1, max_size=2, unique=True))
    return measure


@st.composite
def acts(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """An act of the United States within the horizon of the baseline and of the other one that is drawn."""
    day = dt.date(2026, 4, 1) + dt.timedelta(days=draw(st.integers(0, 1400)))
    act: dict[str, Any] = {"id": name, "date": day, "title": draw(TEXT), "zeta": draw(SHARE), "source": draw(TEXT)}
    sizes: dict[str, dict[str, Any]] = {
        "tariff": {
            "before": "1.5%",
            "magnitude": draw(st.integers(2, 90).map(lambda n: f"{n}%")),
            "coverage": draw(SHARE),
        },
        "demand": {"before": "2 bn USD/yr", "magnitude": "8 bn USD/yr", "tied": draw(st.booleans())},
        "exit": {"magnitude": Raw(str(draw(st.integers(2, 40))))},
        "agreement": {"payment": "160 bn USD/yr", "target": draw(st.sampled_from(["JPN", "world", ["KOR", "asean"]]))},
        "words": {"confidence": "low", "leader": "Trump"} if day < dt.date(2029, 1, 20) else {"precision": "month"},
    }
    kind = draw(st.sampled_from(sorted(sizes)))
    return {**act, "kind": kind, **sizes[kind]}


@st.composite
def parts(draw: st.DrawFn) -> dict[str, Any]:
    """What a file may hold beside its measures."""
    found: dict[str, Any] = {}

    def maybe(key: str, value: st.SearchStrategy[Any]) -> None:
        if draw(st.integers(0, 2)) == 0:
            found[key] = draw(value)

    maybe("title", st.one_of(TEXT, st.builds(lambda en, ja: {"en": en, "ja": ja}, TEXT, TEXT)))
    maybe("note", TEXT)
    maybe("evaluate", st.one_of(DAY, st.just("latest")))
    maybe("exempt_partners", PARTY.filter(lambda who: who != "USA"))
    maybe("compare_to", st.sampled_from(["before-2025", "us-japan-2025"]))
    maybe("horizon", st.just({"start": "2026-Q2", "end": "2030-Q1"}))
    maybe(
        "economics",
        st.fixed_dictionaries(
            {},
            optional={
                "closure": st.just("fixed_nominal"),
                "mobility": st.sampled_from(["long run", Raw("1"), Raw("1.5")]),
                "elasticities": st.sampled_from(codes.ELASTICITIES),
                "us_imports": st.sampled_from(["customs", "icio"]),
            },
        ),
    )
    maybe("ledger", st.sampled_from([{}, {"clock": "panel"}, {"partners": ["JPN", "eu27"], "authorities": ["s232"]}]))
    maybe("ledger", st.builds(_ledger, st.dates(dt.date(2025, 1, 1), dt.date(2050, 1, 1)), RATE))
    maybe(
        "trade_costs", st.builds(_trade_cost, life(), st.sampled_from(["embargo", "+20%", "-5.5%"]), WHOLE_GOODS, PARTY)
    )
    maybe("retaliation", st.builds(lambda share: [{"id": "back", "by": "CHN", "share": share}], SHARE))
    maybe("side_payments", st.builds(_payments, STOCK, PERCENT, DISTRIBUTION, FLOW))
    maybe("security", st.builds(_security, FLOW, st.one_of(SHARE, DISTRIBUTION), DAY))
    maybe(
        "responses",
        st.builds(lambda who, how: {who: {"counter_measures": how}}, COUNTRY.filter(lambda c: c != "USA"), _ANSWER),
    )
    return found


_ANSWER = st.one_of(st.just("none"), st.just("in_kind"), st.builds(lambda share: {"share": share}, SHARE))


def _ledger(day: dt.date, rate: str) -> dict[str, Any]:
    change = {"id": "change", "partners": "JPN", "rate": rate, "from": day, "source": "test"}
    return {"frozen_on": day, "changes": [change]}


def _trade_cost(keys: dict[str, Any], change: str, sectors: Any, exporter: Any) -> list[dict[str, Any]]:
    who = "CHN" if exporter in ("USA", ["USA"]) else exporter
    return [
        {
            "id": "cost",
            "importer": "USA",
            "exporter": who,
            "sectors": sectors,
            "change": change,
            "source": "test",
            **keys,
        }
    ]


def _payments(stock: str, share: str, spread: Any, flow: str) -> dict[str, Any]:
    investment = {"from": "JPN", "to": "USA", "amount": stock, "profit_share_payer": share, "disbursed": spread}
    return {
        "investment": investment,
        "purchases": [{"good": "rice", "change": "+75%"}, {"good": "beef", "amount": flow}],
    }


def _security(flow: str, linkage: Any, day: dt.date) -> dict[str, Any]:
    support = {"paid": flow, "agreement_ends": day, "asked": None}
    return {"host_nation_support": support, "linkage": linkage, "reassurance": {"level": Raw("20"), "of": Raw("100")}}


@st.composite
def scenario_texts(draw: st.DrawFn) -> str:
    """The text of a scenario that is right."""
    names = draw(st.lists(SLUG, max_size=3, unique=True))
    keys: dict[str, Any] = {"extends": "us-japan-baseline", **draw(parts())}
    lines = ["schema: foederis/scenario/v1", f"id: {draw(SLUG)}", *(f"{key}: {text_of(v)}" for key, v in keys.items())]
    written = draw(st.lists(SLUG, max_size=2, unique=True))
    if written:
        lines += ["acts:", *(f"  - {text_of(draw(acts(name)))}" for name in written)]
    if names:
        lines.append("tariffs:")
        lines += [f"  - {text_of(draw(measures(name)))}" for name in names]
        if draw(st.booleans()):
            proposed = text_of({f"{names[0]}.rate": draw(RATE)})
            lines.append(f"contingent: [{{id: event, hazard_per_quarter: 4%, then: {{set: {proposed}}}}}]")
            lines.append(f"sweep: {{tariffs.{names[0]}.rate: [0%, {draw(RATE)}]}}")
    return "\n".join(lines) + "\n"
