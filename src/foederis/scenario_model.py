"""The scenario file as pydantic models: strict, closed (no unknown key) and frozen.

Only shapes and single values are checked here; what joins two values (dates in order, names that exist) is in
`scenario_rules`, so that one bad value hides no other fault. Keys that are Python words carry an underscore (`from_`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from foederis import scenario_types as t
from foederis.acts import Domain, Kind, Option, Precision

SCHEMA = "foederis/scenario/v1"


class Part(BaseModel):
    """A mapping of the file; the validators of all parts are built at once, by the first load."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class Horizon(Part):
    """The quarters that a dynamic run covers."""

    start: t.QuarterOf
    end: t.QuarterOf


class Actors(Part):
    """Who coerces whom, and who watches."""

    coercer: t.Country
    target: t.Country
    rival: t.Country | None = None
    bystanders: tuple[t.Country, ...] = ()


class Tariff(Part):
    """A measure: who taxes whom, on what, at what rate, how it stacks, since when, by what right, and the source."""

    id: t.Slug
    authority: t.Authority
    importer: t.Partners
    exporter: t.Exporter
    sectors: t.GoodsChoice
    rate: t.Rate
    rule: t.Rule = Field(default=t.ADD)
    exempt: tuple[t.GoodsName, ...] = ()
    yields_to: tuple[t.Slug, ...] = ()
    from_: t.Day | None = Field(default=None, alias="from")
    to: t.Day | None = None
    source: t.Text
    note: t.Text | None = None


class LedgerChange(Part):
    """A departure from the ledger: its measures on these partners under these authorities at another rate."""

    id: t.Slug
    partners: t.Partners
    authorities: tuple[t.Authority, ...] = ()
    rate: t.Rate
    rule: t.Rule = Field(default=t.ADD)
    from_: t.Day = Field(alias="from")
    to: t.Day | None = None
    source: t.Text
    note: t.Text | None = None


class Ledger(Part):
    """Use of the dated ledger of US measures; without a key everything in it counts."""

    partners: t.Partners | None = None
    authorities: tuple[t.Authority, ...] = ()
    clock: Literal["law", "panel"] = "law"
    from_: t.Day | None = Field(default=None, alias="from")
    until: t.Day | None = None
    frozen_on: t.Day | None = None
    changes: tuple[LedgerChange, ...] = ()


class Retaliation(Part):
    """Duties in kind: `share` of what `against` adds to the duties on the retaliator's goods, sector by sector."""

    share: t.Share = Field(default=t.WHOLE)
    sectors: t.GoodsChoice = Field(default=t.ALL_GOODS)
    from_: t.Day | None = Field(default=None, alias="from")
    to: t.Day | None = None
    source: t.Text | None = None


class Retaliator(Retaliation):
    """Duties in kind by one party."""

    id: t.Slug
    by: t.Partners
    against: t.Country | None = None
    note: t.Text | None = None


class TradeCost(Part):
    """A change of the cost of trading, tariffs apart: iceberg or non-tariff barriers, or an embargo."""

    id: t.Slug
    importer: t.Partners
    exporter: t.Exporter
    sectors: t.CostlyGoods
    change: t.Cost
    both_ways: bool = False
    from_: t.Day = Field(alias="from")
    to: t.Day | None = None
    source: t.Text
    note: t.Text | None = None


class Economics(Part):
    """How the trade equilibrium is closed, and the world it starts from."""

    closure: Literal["fixed_share", "purged", "fixed_nominal"] = "fixed_share"
    numeraire: t.Numeraire = t.WORLD_VALUE_ADDED
    mobility: t.Mobility = float("inf")
    elasticities: t.Elasticities | None = None
    us_imports: Literal["customs", "icio"] = "customs"
    tariffs: t.Text | None = None


class DatedAct(Part):
    """An act of one country towards others, in the fields of `acts.Act`; `to`: the day on which a tariff lapses."""

    id: t.Slug
    date: t.Day | None = None
    to: t.Day | None = None
    precision: Precision = "day"
    actor: t.Country | None = None
    target: t.Partners | None = None
    domain: Domain | None = None
    kind: Kind
    title: t.Text
    zeta: t.Share
    magnitude: t.ActSize | None = None
    before: t.ActSize | None = None
    coverage: t.Share = Field(default=t.WHOLE)
    tied: bool = False
    surprise: bool = False
    carried_out: bool = True
    chance: t.Share | None = None
    payment: t.Flow | None = None
    feasible: tuple[Option, ...] = ()
    leader: t.Text | None = None
    confidence: Literal["high", "medium", "low"] = "high"
    source: t.Text
    note: t.Text | None = None


class Then(Part):
    """What a contingent event does: settings of the scenario, and acts, which take the date of the event."""

    set: t.Settings = Field(default_factory=dict)
    acts: tuple[DatedAct, ...] = ()


class Contingent(Part):
    """A threat: an event with a hazard."""

    id: t.Slug
    hazard_per_quarter: t.UncertainShare
    then: Then
    source: t.Text | None = None
    note: t.Text | None = None


class Investment(Part):
    """A pledge of investment, an asset transfer with terms."""

    from_: t.Country = Field(alias="from")
    to: t.Country
    amount: t.Stock
    profit_share_payer: t.Share | None = None
    disbursed: t.UncertainShare | None = None
    source: t.Text | None = None


class Purchase(Part):
    """A pledge to buy: an amount a year, or a relative change."""

    good: t.Text
    amount: t.Flow | None = None
    change: t.Change | None = None
    source: t.Text | None = None


class SidePayments(Part):
    """What is paid beside tariffs."""

    investment: Investment | None = None
    purchases: tuple[Purchase, ...] = ()


class HostNationSupport(Part):
    """What the host pays for the troops, and what is asked of it."""

    paid: t.Flow | None = None
    agreement_ends: t.Day | None = None
    asked: t.Flow | None = None
    from_: t.Day | None = Field(default=None, alias="from")
    source: t.Text | None = None


class Reassurance(Part):
    """Effort of the patron to reassure, as a level out of a maximum."""

    level: t.Level
    of: t.Level


class Security(Part):
    """How defence and trade are joined."""

    host_nation_support: HostNationSupport | None = None
    linkage: t.UncertainShare | None = None
    conditions_on: Literal["nothing", "alignment", "bilateral_balance"] = "nothing"
    reassurance: Reassurance | None = None


class Response(Part):
    """How one country answers."""

    counter_measures: Annotated[Retaliation | None, BeforeValidator(t.counter_measures)] = None
    hedging: Literal["model", "none"] = "model"


class Levers(Part):
    """A policy from a day on, in the place of what the scenario has: what the levers of the page set, each if named.

    `tariff`: on the target's goods other than motor vehicles, beside section 232; `autos`: on its motor vehicles and
    parts; `surcharge`: on every economy with a goods surplus above 20 bn USD a year; `china`: on the rival's goods, all
    on top of the normal duty. `counter`: duties in kind by the target, a share of what it faces. `exempt_allies`: no
    measure on treaty allies. `support_asked` for the troops, `linkage` of defence to trade, `reassurance`: as acts.
    """

    from_: t.Day = Field(alias="from")
    tariff: t.FlatRate | None = None
    autos: t.FlatRate | None = None
    surcharge: t.FlatRate | None = None
    china: t.FlatRate | None = None
    counter: t.Share | None = None
    exempt_allies: bool = False
    support_asked: t.Flow | None = None
    linkage: t.Share | None = None
    reassurance: t.Share | None = None


class ScenarioFile(Part):
    """A scenario with nothing left to inherit."""

    schema_: Literal["foederis/scenario/v1"] = Field(alias="schema")
    id: t.Slug
    title: t.Title | None = None
    note: t.Title | None = None
    horizon: Horizon
    evaluate: t.DayOrLatest | None = None
    actors: Actors
    classification: Literal["icio50"] = "icio50"
    economics: Economics = Field(default_factory=Economics)
    ledger: Ledger | None = None
    exempt_partners: t.Partners | None = None
    tariffs: tuple[Tariff, ...] = ()
    trade_costs: tuple[TradeCost, ...] = ()
    retaliation: tuple[Retaliator, ...] = ()
    acts: tuple[DatedAct, ...] = ()
    without_acts: tuple[t.Text, ...] = ()
    contingent: tuple[Contingent, ...] = ()
    side_payments: SidePayments | None = None
    security: Security | None = None
    responses: dict[t.Country, Response] = Field(default_factory=dict)
    levers: Levers | None = None
    assumptions: t.Assumptions = Field(default_factory=dict)
    sweep: t.Sweep | None = None
    compare_to: t.Text | None = None
