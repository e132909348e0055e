"""`brief`: a scenario on one A4 page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from foederis import cli_run, report_brief_files, words_page
from foederis.errors import UsageError

__all__ = ["brief"]


def brief(scenario: str, settings: Sequence[str], out: Path, lang: str, **options: Any) -> str:
    """Run a scenario and write its brief; `options` are those of a run. Returns what was written, in words.

    What would stop the writing (kind of file, language, fonts, the folder) is found before the run.
    """
    if lang not in words_page.LANGUAGES:
        raise UsageError(f"no language {lang!r}; there are {', '.join(words_page.LANGUAGES)}")
    report_brief_files.require(out.suffix, lang)
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}; make it, or choose another with -o")
    found, _ = cli_run.simulate({None: (scenario, tuple(settings))}, out=None, charts=False, **options)
    file = found.brief(out, lang)
    return f"wrote {file}  ({next(iter(found.results))}, run {found.run_id})"
