"""A calibration report as text for a terminal, and as plain values for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foederis.calibrate import Fit, Report
    from foederis.calibrate_fit import Estimate


def render(report: Report) -> str:
    """The report as text: fits with diagnostics, prior beside posterior by block, what is not identified."""
    lines = ["Fits", "----", *(_fit(fit) for fit in report.fits), ""]
    if report.estimates:
        lines += [
            "Prior and posterior (contraction: share of the prior's spread that the data took away)",
            "--------------------------------------------------------------------------------------",
            f"{'':26} {'prior':>16} {'posterior':>16} {'90 %':>18} {'contraction':>12}",
        ]
        for block in dict.fromkeys(row.block for row in report.estimates):
            lines += [f"  {block}", *(_estimate(row) for row in report.estimates if row.block == block)]
        lines += ["", "Not identified", "--------------", *(f"  {k}: {text}" for k, text in report.notes.items()), ""]
    return "\n".join([*lines, verdict(report)])


def verdict(report: Report) -> str:
    """One sentence: whether every fit may be used, and how many parameters the data moved."""
    refused = [f"{fit.block} at {fit.vintage}" for fit in report.fits if fit.refused]
    if refused:
        return f"Refused: {', '.join(refused)}. Nothing of it may be used."
    moved = sum(not row.prior_driven for row in report.estimates)
    return (
        f"{len(report.fits)} fits in {report.seconds:.0f} s; the data moved {moved} of {len(report.estimates)}"
        f" parameters, {len(report.estimates) - moved} are prior-driven."
    )


def as_dict(report: Report) -> dict[str, Any]:
    """The report as values that `json.dumps` takes."""
    from dataclasses import asdict

    return {
        "failed": report.failed,
        "verdict": verdict(report),
        "seconds": report.seconds,
        "sampling": asdict(report.sampling),
        "fits": [
            {"block": f.block, "vintage": f.vintage, "rows": f.rows, "seconds": f.seconds, "found": f.found,
             "refused": f.refused, "diagnostics": None if f.diagnostics is None else asdict(f.diagnostics)}
            for f in report.fits
        ],
        "estimates": [
            {**asdict(row), "contraction": row.contraction, "prior_driven": row.prior_driven}
            for row in report.estimates
        ],
        "not_identified": dict(report.notes),
    }  # fmt: skip


def _fit(fit: Fit) -> str:
    head = f"  {fit.vintage:8} {fit.block:15}"
    if fit.refused or fit.diagnostics is None:
        return f"{head} REFUSED: {fit.refused}"
    d = fit.diagnostics
    told = f"R-hat {d.rhat:.3f}, effective size {d.ess:.0f} of {d.draws}, {d.divergences} divergent"
    return f"{head} {fit.rows:7} rows, {told}, {'found' if fit.found else f'{fit.seconds:.0f} s'}"


def _estimate(row: Estimate) -> str:
    before = f"{row.prior_mean:.3g} ± {row.prior_sd:.2g}"
    after = f"{row.mean:.3g} ± {row.sd:.2g}"
    mark = "  prior-driven" if row.prior_driven else ""
    return (
        f"    {row.name:22} {before:>16} {after:>16} {f'{row.low:.3g} … {row.high:.3g}':>18}"
        f" {100 * row.contraction:10.0f} %{mark}"
    )
