"""What requests and answers look like: the models from which the OpenAPI document is made, and requests are checked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Case",
    "CheckAnswer",
    "CheckRequest",
    "Code",
    "CompareRequest",
    "FaultDocument",
    "Frontier",
    "Glossary",
    "Health",
    "LeverList",
    "Live",
    "Meta",
    "Parameter",
    "ProblemDocument",
    "RunDocument",
    "RunRequest",
    "ScenarioDocument",
    "ScenarioSummary",
    "StateDocument",
    "SweepRequest",
    "Why",
]

Number = float | None
Text = str  # as long as a body may be
Query = Annotated[str, Field(max_length=2000, description="A state of the page, such as p=july-2025-deal&tariff=10.")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Name = Annotated[str, Field(min_length=1, max_length=120)]


class Document(BaseModel):
    """A model that knows its fields and no others."""

    model_config = ConfigDict(extra="forbid")


class ProblemDocument(Document):
    """A problem of RFC 9457: what was refused, why, where, and the cure."""

    type: str
    title: str
    status: int
    detail: str
    loc: list[str | int]
    hint: str
    errors: list[dict[str, Any]] = []


class Health(Document):
    """Whether the server is ready. Before that, answers come but take longer."""

    ready: bool
    version: str
    seconds: float = Field(description="Since the start.")
    waiting: int = Field(description="Exact runs that wait.")


class Meta(Document):
    """What the server is made of, and what it allows."""

    version: str
    code_sha256: str
    data: dict[str, str]
    ledger_until: str
    default: str
    presets: list[str]
    languages: list[str]
    marks: list[str]
    draws: dict[str, int]
    limits: dict[str, float]
    variables: dict[str, list[str]]
    charts: list[str]
    emulated: dict[str, float] = Field(
        description="Presets with an emulator, and the largest error found when it was checked, in half-widths of the "
        "90 % interval."
    )


class Code(Document):
    """A code and its name."""

    code: str
    name: str


class Glossary(Document):
    """Words of the page by key."""

    lang: str
    words: dict[str, str]


class Parameter(Document):
    """A parameter of the alliance: prior, mark, source, what it moves."""

    name: str
    symbol: str
    prior: str
    mode: Any
    badge: str
    block: str
    moves: str
    source: str
    note: str
    posterior: Any
    prior_driven: bool


class Case(Document):
    """A pair of allies: who is in it, and what data an alliance run would lack."""

    case: str
    coercer: str
    target: str
    rival: str | None
    bystanders: list[str]
    missing: list[str]


class ScenarioSummary(Document):
    """A shipped scenario."""

    id: str
    title: dict[str, str]
    note: dict[str, str]
    on_page: bool


class ScenarioDocument(ScenarioSummary):
    """A shipped scenario with what it says."""

    sha256: str
    evaluate: str
    compare_to: str | None
    extends: list[str]
    actors: dict[str, Any]
    horizon: dict[str, str]
    unused: list[str]
    yaml: str


class Lever(Document):
    """A lever of the page: range, step, unit, and where it stands under the law of the preset."""

    key: str
    unit: str
    low: float
    high: float
    step: float
    legal: float


class LeverList(Document):
    """The levers under a preset."""

    preset: str
    levers: list[Lever]


class StateDocument(Document):
    """A state and everything that gives the same run."""

    query: str
    preset: str
    levers: dict[str, float]
    versus: str | None
    settings: list[str]
    scenario_sha256: str
    yaml: str
    cli: str
    python: str


class FaultDocument(Document):
    """A fault of a scenario: where, what, cure."""

    file: str
    line: int
    column: int
    code: str
    detail: str
    hint: str
    excerpt: str


class CheckRequest(Document):
    """A scenario to check: the text, or the name of a preset."""

    scenario: Text


class CheckAnswer(Document):
    """Whether a scenario is good, every fault, and what a run would not use of it."""

    ok: bool
    id: str | None
    sha256: str | None
    faults: list[FaultDocument]
    notes: list[str]


class Draws(Document):
    """How many draws, and from which seed; those of the command line by default."""

    draws: Annotated[int, Field(ge=20, le=2000)] = 500
    alliance_draws: Annotated[int, Field(ge=20, le=2000)] = 2000
    seed: Seed = 1


class Named(Document):
    """A scenario: a preset or a text, or a state of the page."""

    scenario: Text | None = Field(default=None, description="The name of a preset, or the text of a scenario (YAML).")
    state: Query | None = None


class RunRequest(Named, Draws):
    """An exact run of one scenario."""


class CompareRequest(Draws):
    """An exact run of two scenarios with the same draws."""

    first: Named
    second: Named


class SweepRequest(Named, Draws):
    """Exact runs over a small grid of levers (`tariff`) or settings (`tariffs.flat.rate`)."""

    draws: Annotated[int, Field(ge=20, le=200)] = 100
    alliance_draws: Annotated[int, Field(ge=20, le=200)] = 100
    grid: dict[Name, Annotated[list[float | Annotated[str, Field(max_length=200)]], Field(max_length=32)]] = Field(
        max_length=4
    )


class Progress(Document):
    """What is being done, done so far, of how many, and for how long."""

    what: str
    done: int
    of: int
    seconds: float
    position: int = Field(description="Orders before this one; 0 when it is next, runs or has ended.")


class RunDocument(Document):
    """A run: what was asked, how far it is, and the answer when it is there.

    `id` names the order, `run_id` the result: the id that the command line and Python print for the same run. `page` is
    the answer in codes (see the list of variables), `pages` by scenario where there are two.
    """

    id: str
    run_id: str | None
    kind: Literal["run", "compare", "sweep", "audit"]
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: Progress
    scenarios: list[str]
    state: str
    draws: int
    alliance_draws: int
    seed: int
    links: dict[str, str]
    problem: ProblemDocument | None = None
    sentence: dict[str, str] = {}
    page: dict[str, Any] | None = None
    pages: dict[str, dict[str, Any]] = {}
    differences: list[dict[str, Any]] = []
    table: list[dict[str, Any]] = []
    folder: str = ""


class WhyRow(Document):
    """A part of a change, its mean and 90 % interval; the means sum to the mean change."""

    part: str
    mean: float
    low: Number
    high: Number


class Why(Document):
    """Why a variable moved by a quarter, by channel."""

    run_id: str
    scenario: str
    variable: str
    at: str
    unit: str
    parts: list[WhyRow]


class LiveNumber(Document):
    """A number of the page, written out in the language: what it is, its value and 90 % interval, its mark."""

    key: str
    label: str
    value: str
    interval: str
    badge: str
    word: str
    compared: str = Field(description="The value of what it is compared with; empty without.")
    difference: str


class Live(Document):
    """The answer to a state, worded: from the exact run where it is kept, else from the emulator (`source`); empty
    where there is neither (`source` is "none")."""

    state: str
    source: Literal["exact", "emulator", "none"]
    chip: str
    error: float
    sentence: str
    status: str
    numbers: list[LiveNumber]
    data: dict[str, list[dict[str, Any]]]
    run_id: str


class FrontierPoint(Document):
    """A preset as a point: the coercer's gain against the change of trust, both with 90 % intervals."""

    scenario: str
    title: dict[str, str]
    source: str
    run_id: str
    gain: float
    gain_low: Number
    gain_high: Number
    trust_change: float
    trust_change_low: Number
    trust_change_high: Number


class Frontier(Document):
    """What the coercer can have: money against trust, preset by preset. `missing`: presets without an answer yet."""

    case: str
    unit: dict[str, str]
    points: list[FrontierPoint]
    missing: list[str]
