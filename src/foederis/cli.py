"""The command line. Results go to stdout, progress and errors to stderr; heavy imports stand inside the commands.

Exit codes: 0 done, 2 wrong call, 3 wrong scenario, 4 data missing or damaged (also a validation that misses), 5 not
converged, 130 interrupted.
"""

from __future__ import annotations

import datetime as dt
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

from foederis.errors import EXIT_DATA, EXIT_INTERRUPTED, EXIT_USAGE, FoederisError, UsageError

__all__ = ["app", "main"]

app = typer.Typer(
    name="foederis",
    help="What economic coercion does to an alliance, and whether it pays on the coercer's own terms.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
P = ParamSpec("P")

Scenario = Annotated[str, typer.Argument(help="A preset (see: foederis codes presets) or the path of a scenario file.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="A.B=VALUE", help="Change one value of the scenario; repeatable.")
]
Draws = Annotated[int, typer.Option(help="Number of draws of elasticities.")]
Seed = Annotated[int, typer.Option(help="Seed of the draws.", min=0)]
Out = Annotated[Path, typer.Option(help="Folder in which the run folder appears.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Workers = Annotated[int | None, typer.Option(help="Processes; default: one for each core.", min=1)]
Charts = Annotated[bool, typer.Option("--charts/--no-charts", help="Draw the charts (PNG and SVG).")]
Save = Annotated[bool, typer.Option("--save/--no-save", help="Write the run folder.")]
Tariffs = Annotated[
    Path | None, typer.Option(help="Tariffs of importers other than the United States: a CSV or Parquet file.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
AllianceOn = Annotated[bool, typer.Option("--alliance/--no-alliance", help="Run the alliance beside trade.")]
AllianceDraws = Annotated[int, typer.Option(help="Number of draws of the alliance.")]
Leaders = Annotated[str, typer.Option(help='Prior on transactional leaders: "Beta(1, 12)" or "Beta(3, 8)".')]
Fitted = Annotated[
    bool, typer.Option("--fitted", help="Take what data inform about the alliance from calibration, not from priors.")
]
Exact = Annotated[bool, typer.Option("--exact", help="Solve every draw instead of reading it off exact solutions.")]
Elasticities = Annotated[
    str | None, typer.Option(help="Keep to one published set of trade elasticities (see: foederis codes elasticities).")
]


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """A command whose errors end in one message and the right exit code, never in a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except FoederisError as error:
            _error(str(error))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            _error("interrupted; nothing was left half-written")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except BrokenPipeError:  # the reader of our output has gone, as in `foederis codes sectors | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None

    return run


def _error(text: str) -> None:
    from foederis import words

    lead = "" if ": error[" in text else "error: "
    sys.stderr.write(words.shown(f"{lead}{text}", sys.stderr.encoding) + "\n")


def _print(text: str) -> None:
    """Text to stdout, in ASCII where the terminal cannot show more."""
    from foederis import words

    sys.stdout.write(words.shown(text.rstrip("\n") + "\n", sys.stdout.encoding))
    sys.stdout.flush()


def _print_json(value: Any) -> None:
    from foederis import store

    sys.stdout.write(store.json_text(value) + "\n")
    sys.stdout.flush()


def _version(value: bool) -> None:
    if value:
        from importlib import metadata

        _print(f"foederis {metadata.version('foederis')}")
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """What economic coercion does to an alliance, and whether it pays on the coercer's own terms."""


@app.command()
@guarded
def run(
    scenario: Scenario,
    draws: Draws = 500,
    seed: Seed = 1,
    setting: Settings = None,
    against: Annotated[
        str | None, typer.Option("--vs", help="Compare with this scenario instead of its own reference.")
    ] = None,
    out: Out = Path("runs"),
    json: Json = False,
    charts: Charts = True,
    save: Save = True,
    tariffs: Tariffs = None,
    elasticities: Elasticities = None,
    alliance: AllianceOn = True,
    alliance_draws: AllianceDraws = 2000,
    leaders: Leaders = "Beta(1, 12)",
    fitted: Fitted = False,
    exact: Exact = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Run a scenario: trade, sectors, revenue and who gains, with intervals; writes a run folder."""
    from foederis import cli_run

    found, folder = cli_run.simulate(
        {None: (scenario, tuple(setting or ()))},
        draws=draws,
        seed=seed,
        against=against,
        tariffs=tariffs,
        elasticities=elasticities,
        alliance=alliance,
        alliance_draws=alliance_draws,
        variant=leaders,
        fitted=fitted,
        exact=exact,
        workers=workers,
        out=out if save else None,
        charts=charts,
        quiet=quiet,
    )
    if json:
        _print_json({**found.as_dict(), "folder": folder})
    else:
        _print(found.text(folder))


@app.command()
@guarded
def compare(
    first: Scenario,
    second: Annotated[str, typer.Argument(help="The scenario to set beside it.")],
    draws: Draws = 500,
    seed: Seed = 1,
    out: Out = Path("runs"),
    json: Json = False,
    charts: Charts = False,
    save: Save = True,
    tariffs: Tariffs = None,
    elasticities: Elasticities = None,
    alliance: AllianceOn = True,
    alliance_draws: AllianceDraws = 2000,
    leaders: Leaders = "Beta(1, 12)",
    fitted: Fitted = False,
    exact: Exact = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Run two scenarios with the same draws and print the difference, draw by draw."""
    from foederis import cli_run, report_compare

    if first == second:
        raise UsageError(f"both scenarios have the same name, {first}; give two different ones")
    found, folder = cli_run.simulate(
        {first: (first, ()), second: (second, ())},
        draws=draws,
        seed=seed,
        against=None,
        tariffs=tariffs,
        elasticities=elasticities,
        alliance=alliance,
        alliance_draws=alliance_draws,
        variant=leaders,
        fitted=fitted,
        exact=exact,
        workers=workers,
        out=out if save else None,
        charts=charts,
        quiet=quiet,
    )
    differences = report_compare.compare(found)
    if json:
        rows = [d.as_dict() for d in differences]
        _print_json({**found.as_dict(), "differences": rows, "folder": folder})
    else:
        _print(report_compare.render(found, differences, folder))


@app.command()
@guarded
def check(
    files: Annotated[list[str], typer.Argument(help="Scenario files (or presets) to check.")],
    json: Json = False,
) -> None:
    """Check scenario files: every fault with file, line, column, cause and cure."""
    from foederis import cli_show

    text, faults, report = cli_show.check(files)
    if json:
        _print_json(report)
    elif text:
        _print(text)
    if faults:
        raise typer.Exit(faults)


@app.command()
@guarded
def new(
    name: Annotated[str, typer.Argument(help="Id of the scenario; the file is NAME.yaml.")],
    out: Annotated[Path | None, typer.Option(help="File to write.")] = None,
) -> None:
    """Write a commented scenario file to start from."""
    from foederis import cli_show

    _print(cli_show.new(name, out))


@app.command()
@guarded
def codes(
    what: Annotated[
        str | None, typer.Argument(help="countries, groups, sectors, authorities, goods, elasticities, presets ...")
    ] = None,
    find: Annotated[str | None, typer.Option(help="Only codes or names that contain this.")] = None,
    json: Json = False,
) -> None:
    """List the codes that a scenario may use."""
    from foederis import cli_show

    rows = cli_show.codes(what, find)
    if json:
        _print_json([{"code": code, "name": name} for code, name in rows])
    else:
        _print(cli_show.columns(rows))


@app.command()
@guarded
def ledger(
    partner: Annotated[str, typer.Argument(help="ISO code of the partner, for example JPN.")],
    first: Annotated[str, typer.Option("--from", help="First month or day, as 2025-01 or 2025-01-15.")] = "2025-01",
    last: Annotated[str | None, typer.Option("--to", help="Last month or day; default: the end of the ledger.")] = None,
    clock: Annotated[
        str, typer.Option(help="law: dates of the legal texts; panel: dates of the customs panel.")
    ] = "law",
    json: Json = False,
) -> None:
    """Print what a partner's goods pay in the United States, by date, with the statutes."""
    from foederis import cli_show

    text, rows = cli_show.ledger(partner, first, last, clock)
    if json:
        _print_json(rows)
    else:
        _print(text)


@app.command()
@guarded
def data(json: Json = False) -> None:
    """Say what the embedded data are: sources, licences, vintage, checks, what was removed."""
    from foederis import cli_show

    text, report = cli_show.data()
    if json:
        _print_json(report)
    else:
        _print(text)


@app.command()
@guarded
def validate(
    study: Annotated[
        list[str] | None, typer.Argument(help="nafta, liberation-day, real-2025, laws; default: all.")
    ] = None,
    targets: Annotated[Path | None, typer.Option(help="Folder of the NAFTA files, which are not shipped.")] = None,
    rows: Annotated[bool, typer.Option("--all", help="Print every row, not only the summary and the misses.")] = False,
    json: Json = False,
) -> None:
    """Reproduce published results and score forecasts against what was collected; fails on a miss."""
    from foederis import cli_show

    text, report, missed = cli_show.validate(tuple(study or ()), targets, rows)
    if json:
        _print_json(report)
    else:
        _print(text)
    if missed:
        raise typer.Exit(EXIT_DATA)


RunFolder = Annotated[Path | None, typer.Option("--run", help="A run folder; default: the newest in runs/.")]


def _answer(text: str, report: Any, json: bool) -> None:
    if json:
        _print_json(report)
    else:
        _print(text)


@app.command()
@guarded
def why(
    variable: Annotated[str, typer.Argument(help="trust, balance or effort.")] = "trust",
    run: RunFolder = None,
    json: Json = False,
) -> None:
    """Say why a variable moved in a run: channels that sum, the acts that told most, the largest unknowns."""
    from foederis import cli_alliance

    _answer(*cli_alliance.why(variable, run), json)


@app.command()
@guarded
def breakeven(
    coercer: Annotated[str, typer.Argument(help="The coercer, for example USA.")] = "USA",
    target: Annotated[str, typer.Argument(help="The target, for example JPN.")] = "JPN",
    run: RunFolder = None,
    json: Json = False,
) -> None:
    """Say at which price of power coercing the ally stops paying, and on what that turns."""
    from foederis import cli_alliance

    _answer(*cli_alliance.breakeven(coercer, target, run), json)


@app.command()
@guarded
def spillover(
    source: Annotated[str, typer.Option("--from", help="The ally whose treatment others watch.")] = "JPN",
    run: RunFolder = None,
    json: Json = False,
) -> None:
    """Say how bystanders move: their own treatment apart from watching the ally."""
    from foederis import cli_alliance

    _answer(*cli_alliance.spillover(source, run), json)


@app.command()
@guarded
def hedge(
    ally: Annotated[str, typer.Argument(help="The ally, for example JPN.")] = "JPN",
    run: RunFolder = None,
    json: Json = False,
) -> None:
    """Say how the ally hedges: effort, forces, partners and rungs by year."""
    from foederis import cli_alliance

    _answer(*cli_alliance.hedge(ally, run), json)


@app.command()
@guarded
def assumptions(
    block: Annotated[str | None, typer.Argument(help="beliefs, security, hedging, region, balance or trade.")] = None,
    find: Annotated[str | None, typer.Option(help="Only parameters that mention this.")] = None,
    json: Json = False,
) -> None:
    """List every parameter of the alliance: prior, mark, source, what it moves."""
    from foederis import cli_alliance

    _answer(*cli_alliance.assumptions(block, find), json)


@app.command()
@guarded
def calibrate(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder that keeps finished fits, so that the rest can go on later.")
    ] = None,
    vintage: Annotated[list[str] | None, typer.Option(help="Fit one vintage only; repeatable.")] = None,
    samples: Annotated[
        int | None,
        typer.Option(min=20, help="Draws of each of two chains; shipped: 800 (1,600 where they mix slowly)."),
    ] = None,
    warmup: Annotated[int | None, typer.Option(min=20, help="Steps of adaptation before them; shipped: 500.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit the parameters to training rows, block by block; fails when a sampler's diagnostics refuse a fit."""
    from foederis import cli_evidence

    text, report, failed = cli_evidence.calibrate(folder, tuple(vintage or ()), samples, warmup, quiet)
    _answer(text, report, json)
    if failed:
        raise typer.Exit(EXIT_DATA)


@app.command()
@guarded
def score(
    contest: Annotated[
        list[str] | None, typer.Argument(help="Contests by name, such as A-allies; default: all.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws; default: that of docs/scores.md.", min=0)] = None,
    charts: Annotated[
        Path | None, typer.Option(help="Save reliability and fans as PNG and SVG in this folder.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score frozen forecasts beside naive rivals on rows that calibration never saw; say who won."""
    from foederis import cli_evidence

    _answer(*cli_evidence.score(tuple(contest or ()), seed, charts, quiet), json)


@app.command()
@guarded
def audit(
    claim: Annotated[list[str] | None, typer.Argument(help="Numbers of claims, such as 5 29; default: all.")] = None,
    text: Annotated[Path | None, typer.Option(help="A YAML file of your own claims, bound to shipped tests.")] = None,
    details: Annotated[
        bool, typer.Option("--details", help="With tests, sources, and what would change each.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Test the claims of the essay against data: statistic, interval, verdict, and what would change it."""
    from foederis import cli_evidence

    _answer(*cli_evidence.audit(tuple(claim or ()), text, details, quiet), json)


@app.command()
@guarded
def sensitivity(
    variable: Annotated[
        str, typer.Argument(help="balance, trust, trust_change, reliability, effort, effort_change, net.")
    ],
    scenario: Annotated[str, typer.Option(help="A preset or the path of a scenario file.")] = "us-japan-2025",
    draws: AllianceDraws = 2000,
    seed: Seed = 1,
    samples: Annotated[int, typer.Option(help="Base points of the variance shares, a power of two.", min=16)] = 512,
    rows: Annotated[bool, typer.Option("--all", help="Print every input, not only the largest.")] = False,
    chart: Annotated[Path | None, typer.Option(help="Save a tornado chart as CHART.png and CHART.svg.")] = None,
    workers: Workers = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say which unknowns and which choices of form decide an outcome (Morris, Sobol, switches)."""
    from foederis import cli_evidence

    answer = cli_evidence.sensitivity(
        variable,
        scenario,
        draws=draws,
        seed=seed,
        samples=samples,
        all_rows=rows,
        chart=chart,
        workers=workers,
        quiet=quiet,
    )
    _answer(*answer, json)


forecast = typer.Typer(
    help="Dated, hashed, append-only forecasts, and how they came out.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(forecast, name="forecast")
Ledger = Annotated[Path, typer.Option("--ledger", help="The file of forecasts; a new one is begun.")]
FORECASTS = Path("forecasts.jsonl")


@forecast.command("make")
@guarded
def forecast_make(
    question: Annotated[list[str] | None, typer.Argument(help="Questions by name; default: all still open.")] = None,
    scenario: Annotated[str | None, typer.Option(help="Run this scenario, for the questions that need a run.")] = None,
    ledger: Ledger = FORECASTS,
    seed: Seed = 1,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Forecast open questions and write them down; without a scenario, those that rest on base rates."""
    from foederis import cli_evidence

    _answer(*cli_evidence.forecast_make(ledger, tuple(question or ()), scenario, seed, quiet), json)


@forecast.command("list")
@guarded
def forecast_list(ledger: Ledger = FORECASTS, json: Json = False) -> None:
    """List every forecast and whether it is open, waiting, overdue or settled."""
    from foederis import cli_evidence

    _answer(*cli_evidence.forecast_list(ledger), json)


@forecast.command("settle")
@guarded
def forecast_settle(
    question: Annotated[str, typer.Argument(help="The question.")],
    outcome: Annotated[float, typer.Argument(help="1 for yes, 0 for no, or the number that came out.")],
    known: Annotated[str, typer.Option(help="The day on which it was known, such as 2026-12-18.")],
    source: Annotated[str, typer.Option(help="Where it is to be read.")],
    ledger: Ledger = FORECASTS,
    json: Json = False,
) -> None:
    """Write down how a question came out; a settled question stays settled."""
    from foederis import cli_evidence

    _answer(*cli_evidence.forecast_settle(ledger, question, outcome, known, source), json)


@forecast.command("score")
@guarded
def forecast_score(ledger: Ledger = FORECASTS, json: Json = False) -> None:
    """Score settled questions: Brier for events, CRPS for quantities, beside their baselines."""
    from foederis import cli_evidence

    _answer(*cli_evidence.forecast_score(ledger), json)


@app.command()
@guarded
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; others on the network reach 0.0.0.0.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8000,
    out: Annotated[Path | None, typer.Option(help="Keep exact runs as run folders here; default: in memory.")] = None,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Show the page in a browser.")] = True,
    quiet: Quiet = False,
) -> None:
    """Serve the page and the interface (/api/) on this machine, until interrupted."""
    from foederis import cli_web

    cli_web.serve(host, port, out, browser, quiet)


@app.command()
@guarded
def brief(
    scenario: Scenario,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write; .html or .pdf decides the kind.")] = Path(
        "brief.html"
    ),
    lang: Annotated[str, typer.Option(help="en or ja.")] = "en",
    draws: Draws = 500,
    seed: Seed = 1,
    setting: Settings = None,
    against: Annotated[
        str | None, typer.Option("--vs", help="Compare with this scenario instead of its own reference.")
    ] = None,
    tariffs: Tariffs = None,
    elasticities: Elasticities = None,
    alliance: AllianceOn = True,
    alliance_draws: AllianceDraws = 2000,
    leaders: Leaders = "Beta(1, 12)",
    fitted: Fitted = False,
    exact: Exact = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Write a scenario on one A4 page: what it says, what it rests on, what would change it, how to repeat it."""
    from foederis import cli_brief

    _print(
        cli_brief.brief(
            scenario,
            tuple(setting or ()),
            out,
            lang,
            draws=draws,
            seed=seed,
            against=against,
            tariffs=tariffs,
            elasticities=elasticities,
            alliance=alliance,
            alliance_draws=alliance_draws,
            variant=leaders,
            fitted=fitted,
            exact=exact,
            workers=workers,
            quiet=quiet,
        )
    )


@app.command()
@guarded
def doctor(json: Json = False) -> None:
    """Check the installation: versions, data, rendering, a small solve, where files may be written."""
    from foederis import cli_show

    text, report, broken = cli_show.doctor()
    if json:
        _print_json(report)
    else:
        _print(text)
    if broken:
        raise typer.Exit(EXIT_DATA)


def day(text: str, last: bool = False) -> dt.date:
    """A day from `2025-01-15`, or the first (last) day of `2025-01`; UsageError otherwise."""
    try:
        if len(text) == 7:
            first = dt.date.fromisoformat(f"{text}-01")
            return (first + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1) if last else first
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a day or a month; write it as 2025-01-15 or 2025-01") from None


def main() -> None:
    """Entry point of the `foederis` command."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


assert EXIT_USAGE == 2  # what the option parser itself exits with
