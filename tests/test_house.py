"""The house: import direction, labelled equations, light imports, the two commands, a clean repository."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src" / "foederis"
LABEL = re.compile(r"\[([A-Z]\d+)\] ")
TRADE = {f"T{k}" for k in range(1, 10)}
HEAVY = ("jax", "jaxlib", "pandas", "pyarrow", "xarray", "altair", "vl_convert", "pydantic", "ruamel", "scipy")
# Modules that are blocks of the model, or run several of them, and do not see one another.
SIBLINGS = (
    ("scenario", "trade", "beliefs", "security", "hedging", "region", "balance"),
    ("compare", "ensemble"),
)


def tracked() -> list[Path]:
    """Every file of the repository as it would be committed: tracked ones and new ones that are not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=280)
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def python_files(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=280)


def test_imports_point_down_and_every_module_has_its_place() -> None:
    done = run(str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "one direction KEPT" in done.stdout


def test_siblings_do_not_see_one_another() -> None:
    import grimp

    graph = grimp.build_graph("foederis", cache_dir=None)
    modules = {name for name in graph.modules if name != "foederis"}

    def family(module: str) -> str:
        return re.split(r"[._]", module.removeprefix("foederis."))[0]

    seen = set()
    for group in SIBLINGS:
        members = {name: [m for m in modules if family(m) == name] for name in group}
        seen |= {name for name, found in members.items() if found}
        for name, found in members.items():
            for module in found:
                below = graph.find_upstream_modules(module)
                others = {m for other, theirs in members.items() if other != name for m in theirs}
                assert not below & others, f"{module} imports {', '.join(sorted(below & others))}"
    assert {"scenario", "trade", "ensemble"} <= seen


def equations() -> dict[str, list[str]]:
    """Functions by the label that begins their docstring."""
    found = defaultdict(list)
    for path, tree in python_files(SRC):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and (match := LABEL.match(ast.get_docstring(node) or "")):
                module = ".".join(path.relative_to(SRC.parent).with_suffix("").parts)
                found[match[1]].append(f"{module}.{node.name}")
    return found


def marked() -> dict[str, list[str]]:
    """Tests by the labels of their `eq` mark."""
    found = defaultdict(list)
    for path, tree in python_files(ROOT / "tests"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("mark.eq"):
                        for label in ast.literal_eval(ast.Tuple(mark.args, ast.Load())):
                            found[label].append(f"{path.name}::{node.name}")
    return found


def test_each_equation_has_one_function() -> None:
    found = equations()
    assert set(found) >= TRADE
    twice = {label: names for label, names in found.items() if len(names) > 1}
    assert not twice, "a label names one function only"


def test_each_equation_is_on_the_model_page_with_its_function() -> None:
    page = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([A-Z]\d+) \|(.*)$", page, flags=re.MULTILINE))
    found = equations()
    assert set(rows) == set(found), "a row per label in docs/model.md, and a function per row"
    for label, names in found.items():
        assert f"`{names[0]}`" in rows[label], f"{label}: the page must name {names[0]}"


def test_each_equation_has_a_test() -> None:
    marks = marked()
    assert set(equations()) == set(marks), "labels with a function and labels with a marked test"


def imported_by(code: str) -> tuple[str, set[str]]:
    """What a piece of code prints, and the top-level modules loaded after it, in a process of its own."""
    tail = "\nimport sys\nprint('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))"
    done = run(sys.executable, "-c", code + tail)
    assert done.returncode == 0, done.stderr
    text, _, loaded = done.stdout.rpartition("LOADED ")
    return text, set(loaded.split())


def test_importing_the_package_is_light() -> None:
    _, loaded = imported_by("import foederis; foederis.__all__")
    assert "foederis" in loaded
    assert not loaded & {*HEAVY, "numpy"}
    _, all_of_it = imported_by("import foederis; [getattr(foederis, name) for name in foederis.__all__]")
    assert "numpy" in all_of_it  # the check can see what is loaded


def test_the_help_is_light() -> None:
    code = (
        "import sys; sys.argv = ['foederis', '--help']\n"
        "from foederis.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )
    text, loaded = imported_by(code)
    for command in ("run", "compare", "check", "validate", "ledger", "data"):
        assert command in text
    assert not loaded & set(HEAVY)


# Written in parts, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a number from a list of tasks": r"(?<![\w&/])#\d{1,4}(?!\w)",
    "a word about who wrote it": r"\b(?:hel" + r"pers?|sub-?agents?|(?:this|last|next|another) sess" + r"ion)\b",
    "a path of one machine": r"(?<![\w.:])/(?:work|root|home|Users|tmp|mnt)/",
    "an address of a package registry": r"(?i)pypi\.|pythonhosted|registry\.npmjs|index-url|find-links|file:///",
    "a mark of unfinished work": r"\b(?:TO" + r"DO|FIX" + r"ME|NotImplemented" + r"Error)\b",
}
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".txt", ".cfg", ".sh", ""}


def test_nothing_of_the_workshop_is_left_behind() -> None:
    files = [path for path in tracked() if path.suffix in TEXT and path != Path(__file__)]
    assert len(files) > 60
    found = [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, hit.start()) + 1}: {what}: {hit[0]!r}"
        for path in files
        for text in [path.read_text(encoding="utf-8", errors="replace")]  # some scenarios are damaged on purpose
        for what, pattern in FORBIDDEN.items()
        for hit in re.finditer(pattern, text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a number from a list of tasks", "see #12."),
        ("a word about who wrote it", "as the hel" + "per said"),
        ("a path of one machine", "open /home" + "/me/x"),
        ("an address of a package registry", "https://py" + "pi.org/simple"),
        ("a mark of unfinished work", "# TO" + "DO: later"),
    ],
)
def test_the_patterns_find_what_they_are_for(what: str, text: str) -> None:
    assert re.search(FORBIDDEN[what], text)
    assert not re.search(FORBIDDEN[what], "#0B5CAB https://example.org/home/x sessions")


def readme_commands() -> list[str]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", readme, flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("python3 -m venv")]


def test_the_readme_has_two_commands_and_the_check_runs_the_second() -> None:
    main, test = readme_commands()
    assert main.endswith("&& .venv/bin/foederis run us-japan-2025")
    assert " -c constraints.txt . " in main
    assert test.endswith("&& .venv/bin/pytest -n 2")
    assert " -c constraints.txt -e '.[dev]' " in test
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    taken = next(line for line in script.splitlines() if line.startswith("test_command="))
    done = run("bash", "-c", f'{taken}; printf %s "$test_command"')
    assert done.stdout == test
    body = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert body[-1] == 'bash -euo pipefail -c "$test_command"'  # its closing line is the last thing printed
    for tool in ("ruff check .", "ruff format --check .", "mypy", "lint-imports"):
        assert f".venv/bin/{tool}" in script.splitlines()


def test_the_preset_of_the_readme_exists() -> None:
    assert (SRC / "presets" / "us-japan-2025.yaml").is_file()


def _plain(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


CARRIED = {"pydantic_core": "pydantic"}  # part of a declared distribution, pinned by it


def requirements(without: tuple[str, ...] = ()) -> list[Requirement]:
    """What pyproject.toml asks for, some extras aside."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    more = [line for name, lines in extras.items() if name not in without for line in lines]
    return [Requirement(line) for line in [*project["dependencies"], *more] if not line.startswith("foederis")]


def test_the_lock_pins_every_dependency_within_its_range() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"==[\w.]+", str(pin.specifier)) for pin in pins)
    here: dict[str, Version] = {}
    for pin in pins:
        if pin.marker is None or pin.marker.evaluate():
            here[_plain(pin.name)] = Version(str(pin.specifier)[2:])
    for need in requirements():
        name = _plain(need.name)
        assert name in here, f"{name} is not in constraints.txt; make it again"
        assert here[name] in need.specifier, f"{name} {here[name]} is outside {need.specifier}"


def test_what_the_code_imports_is_a_dependency() -> None:
    """Every import of the package is of the standard library, of itself, or declared for users, not for tests alone."""
    declared = {_plain(need.name) for need in requirements(without=("test", "dev"))}
    provided = metadata.packages_distributions()
    used = set()
    for _, tree in python_files(SRC):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                used |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                used.add(node.module.split(".")[0])
    foreign = used - set(sys.stdlib_module_names) - {"foederis"}
    assert "numpy" in foreign
    for name in foreign:
        homes = provided.get(CARRIED.get(name, name), [name])
        assert {_plain(home) for home in homes} & declared, f"{name} is imported but not declared"


def test_links_between_pages_lead_somewhere() -> None:
    pages = [path for path in tracked() if path.suffix == ".md"]
    assert len(pages) >= 6
    for page in pages:
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"
