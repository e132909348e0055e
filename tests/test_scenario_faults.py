"""What a wrong scenario is told: a corpus of wrong files, mutations of good ones, settings, hostile bytes."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import scenario, scenario_files, yamlsource
from foederis.errors import EXIT_SCENARIO, ScenarioError

CORPUS = Path(__file__).parent / "bad_scenarios"
GOOD = Path(__file__).parent / "scenarios"
BAD = sorted(CORPUS.glob("*.yaml"))
LIMIT_S = 3.0  # processor time for reading a hostile file; a machine at its best needs a tenth, a mistake minutes

HEAD = "schema: foederis/scenario/v1\nid: case\nextends: us-japan-baseline\n"
MEASURE = (
    "tariffs:\n  - {id: flat, authority: other, importer: USA, exporter: JPN, sectors: all_goods, rate: 10%,\n"
    "     from: 2025-04-05, source: test}\n"
)


def faults(source: str | bytes | Path, *settings: str) -> list[str]:
    """`line:column code` of every fault, with the file name where it is another file."""
    with pytest.raises(ScenarioError) as caught:
        scenario.load(source, settings)
    assert caught.value.exit_code == EXIT_SCENARIO
    own = str(source) if isinstance(source, Path) else "<text>"
    found = []
    for fault in caught.value.faults:
        other = "" if fault.file == own else f"{Path(fault.file).name}:"
        found.append(f"{other}{fault.line}:{fault.column} {fault.code}")
    return found


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_wrong_file_is_told_where_and_what(path: Path):
    first = path.read_bytes().split(b"\n", 1)[0].decode()
    expected = first.removeprefix("# expect: ").split("; ")
    started = time.process_time()
    found = faults(path)
    assert time.process_time() - started < LIMIT_S
    if expected[-1] == "...":
        assert found[: len(expected) - 1] == expected[:-1]
    else:
        assert found == expected


def test_the_corpus_is_large_and_covers_the_codes():
    assert len(BAD) >= 100
    codes = {word.split()[1] for path in BAD for word in _expected(path) if word != "..."}
    must = (
        "unit range nan dates date missing unknown-key unknown-country unknown-sector unknown-authority cycle alias tag"
    )
    assert set(must.split()) <= codes
    assert {"duplicate-id", "duplicate-key", "depth", "not-yet", "unknown-scenario", "formula", "encoding"} <= codes


def _expected(path: Path) -> list[str]:
    return path.read_bytes().split(b"\n", 1)[0].decode().removeprefix("# expect: ").split("; ")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_every_fault_has_a_message_a_cure_and_its_line(path: Path):
    with pytest.raises(ScenarioError) as caught:
        scenario.load(path)
    for fault in caught.value.faults:
        assert fault.message
        assert fault.help or fault.code == "more"
        assert "\n" not in fault.message
        assert "pydantic" not in fault.render().lower()
        if fault.excerpt and fault.file == str(path):
            line = path.read_text("utf-8", "replace").splitlines()[fault.line - 1]
            assert fault.excerpt.strip("\x00 ")[:20] in line.replace("\t", " ").replace("\x07", " ")


def test_the_form_of_an_error():
    with pytest.raises(ScenarioError) as caught:
        scenario.load(HEAD + MEASURE.replace("rate: 10%", "rate: 25").replace("all_goods", "[C3O1]"))
    assert str(caught.value).splitlines() == [
        "<text>:5:74: error[unknown-sector]: 'C3O1' is not a goods sector of the ICIO tables",
        "  |",
        "5|   - {id: flat, authority: other, importer: USA, exporter: JPN, sectors: [C3O1], rate: 25,",
        "  | " + " " * 73 + "^",
        "   = help: did you mean 'C301'? list them with: foederis codes sectors",
        "<text>:5:87: error[unit]: rate '25' has no unit",
        "  |",
        "5|   - {id: flat, authority: other, importer: USA, exporter: JPN, sectors: [C3O1], rate: 25,",
        "  | " + " " * 86 + "^",
        "   = help: write '25%' (ad valorem) or '25pp' (percentage points)",
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("exporter: Japan", "'JPN'"),
        ("exporter: jpn", "'JPN'"),
        ("exporter: aseen", "'asean'"),
        ("exporter: EU27", "'eu27'"),
        ("importer: UAS", "'USA'"),
        ("authority: section 232", "'s232'"),
        ("authority: IEEPA", "'ieepa'"),
        ("rule: allin", "'all_in'"),
        ("exempt: [civil-aircrafts]", "'civil-aircraft'"),
        ("soruce: x", "'source'"),
    ],
)
def test_did_you_mean(written: str, meant: str):
    key = written.split(":")[0]
    text = MEASURE
    for old in ("exporter: JPN", "importer: USA", "authority: other"):
        if old.startswith(key):
            text = text.replace(old, written)
    if text == MEASURE:
        text = text.replace("rate: 10%,", f"rate: 10%, {written},")
    with pytest.raises(ScenarioError) as caught:
        scenario.load(HEAD + text)
    assert f"did you mean {meant}?" in caught.value.faults[0].help


def test_all_faults_are_collected_in_the_order_of_the_file():
    text = HEAD + (
        "evaluate: 2025-02-30\n"
        "tariffs:\n"
        "  - {id: a, authority: s23, importer: USA, exporter: JAP, sectors: [C29, X1], rate: 25, from: 2025-04-05,\n"
        "     to: 2025-01-01, source: test}\n"
        "  - {id: a, rate: {2025-04-05: -1%, 2025-03-01: .nan}}\n"
        "security: {linkage: 1.5}\n"
        "colour: blue\n"
    )
    assert faults(text) == [
        "4:11 date",
        "6:24 unknown-authority",
        "6:54 unknown-country",
        "6:74 unknown-sector",
        "6:85 unit",
        "7:10 dates",
        "8:10 duplicate-id",
        "8:49 nan",
        "9:21 range",
        "10:1 unknown-key",
    ]


def test_at_most_forty_faults_of_a_file_are_shown():
    text = HEAD + "".join(f"key_{k}: 1\n" for k in range(100))
    found = faults(text)
    assert len(found) == scenario.MOST_FAULTS + 1
    assert found[-1].endswith(" more")


def test_a_file_of_more_than_a_megabyte_is_refused(tmp_path: Path):
    path = tmp_path / "large.yaml"
    path.write_text(HEAD + "title: " + "x" * yamlsource.MAX_BYTES)
    started = time.process_time()
    assert faults(path) == ["1:1 too-large"]
    assert time.process_time() - started < LIMIT_S
    assert faults(path.read_text()) == ["1:1 too-large"]


def test_a_file_of_very_many_values_is_refused_in_time():
    started = time.process_time()
    assert faults(HEAD + "title: [" + "1, " * 300_000 + "1]\n")[0].endswith("too-large")
    # the parser itself needs most of this: 20,000 values are read before the count is full
    assert time.process_time() - started < 4 * LIMIT_S


def test_many_proposed_values_are_refused_in_time():
    values = ", ".join(f"{k / 100}%" for k in range(1, 5000))
    started = time.process_time()
    assert faults(HEAD + MEASURE + f"sweep: {{tariffs.flat.rate: [{values}]}}\n")[0].endswith("too-large")
    assert time.process_time() - started < 4 * LIMIT_S


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("tariffs.flat.rate=25", "--set:1:19 unit"),
        ("tariffs.flat.rat=25%", "--set:1:14 unknown-key"),
        ("tariffs.flatt.rate=25%", "--set:1:9 unknown-id"),
        ("tariffs.flat.rate.x=25%", "--set:1:19 setting"),
        ("tarifs.flat.rate=25%", "--set:1:1 unknown-key"),
        ("tariffs.flat.exporter=JAP", "--set:1:23 unknown-country"),
        ("tariffs.flat.exporter=[JPN, KORR]", "--set:1:29 unknown-country"),
        ("tariffs.flat.to=2024-01-01", "--set:1:17 dates"),
        ("security.linkage=1.5", "--set:1:18 range"),
        ("nonsense", "--set:1:1 setting"),
        ("=5%", "--set:1:1 setting"),
        ("tariffs..rate=5%", "--set:1:9 setting"),
        ("evaluate={x: 1", "--set:1:10 yaml"),
        ("evaluate=&a b", "--set:1:10 alias"),
        ("tariffs.flat=5%", "--set:1:14 type"),
    ],
)
def test_a_wrong_setting_is_shown_in_its_own_text(setting: str, expected: str):
    found = faults(HEAD + MEASURE, setting)
    assert expected in found
    with pytest.raises(ScenarioError) as caught:
        scenario.load(HEAD + MEASURE, [setting])
    assert setting in str(caught.value)


def test_an_unknown_name_suggests_a_preset():
    with pytest.raises(ScenarioError, match="did you mean 'us-japan-2025'"):
        scenario.load("us-japan-2O25")
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        scenario.load("nowhere.yaml")
    with pytest.raises(ScenarioError, match="cannot be read"):
        scenario.load(CORPUS)


def test_a_text_cannot_read_files(tmp_path: Path):
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: hunter2\n")
    for key in ("extends", "compare_to"):
        text = f"schema: foederis/scenario/v1\nid: case\n{key}: {secret}\n" + (
            "" if key == "extends" else "extends: us-japan-baseline\n"
        )
        with pytest.raises(ScenarioError) as caught:
            scenario.load(text)
        assert "unknown-scenario" in {fault.code for fault in caught.value.faults}
        assert "hunter2" not in str(caught.value)


def test_a_text_cannot_name_a_tariff_file():
    assert faults(HEAD + "economics: {tariffs: /etc/passwd}\n") == ["4:22 file"]
    assert scenario.load("us-japan-2025", ["economics.tariffs=mine.csv"]).world_options()["tariffs"] == Path("mine.csv")


def test_a_chain_of_many_files_is_refused(tmp_path: Path):
    count = scenario_files.MAX_CHAIN + 3
    for k in range(count):
        below = f"step-{k + 1}.yaml" if k < count - 1 else "us-japan-baseline"
        (tmp_path / f"step-{k}.yaml").write_text(f"schema: foederis/scenario/v1\nid: step-{k}\nextends: {below}\n")
    with pytest.raises(ScenarioError, match="a chain of more than 16"):
        scenario.load(tmp_path / "step-0.yaml")
    assert scenario.load(tmp_path / f"step-{count - 5}.yaml").id == f"step-{count - 5}"


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10),
    st.text(max_size=6),
    st.sampled_from(["10%", "JPN", "all_goods", "add"]),
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def _never_a_traceback(source: str | bytes) -> None:
    started = time.process_time()
    try:
        loaded = scenario.load(source)
    except ScenarioError as error:
        told = bool(error.faults) and bool(str(error))
        assert told
    else:
        assert scenario.load(scenario.dump(loaded)) == loaded
    assert time.process_time() - started < LIMIT_S


TEXTS = [path.read_text() for path in sorted(GOOD.glob("*.yaml"))] + [scenario.template("starter")]
SHORT = (
    "25 -3% .nan null true [] {} [[[ } &a *a !!int 2025-13-01 2020-01-01 USA JAP all_goods embargo 1e400 0x10 ' 日本"
)
WORDS = st.sampled_from([*SHORT.split(), '"', "\t", "\n", "\x00", "\u2028", "<<: 1", "- ", ": "])


@given(st.data())
def test_a_mutated_file_never_ends_in_a_traceback(data: st.DataObject):
    text = data.draw(st.sampled_from(TEXTS))
    for _ in range(data.draw(st.integers(1, 4))):
        tokens = text.split(" ")
        place = data.draw(st.integers(0, max(0, len(tokens) - 1)))
        action = data.draw(st.sampled_from(["replace", "drop", "double", "cut", "swap"]))
        if action == "replace":
            tokens[place] = data.draw(WORDS)
        elif action == "drop":
            del tokens[place]
        elif action == "double":
            tokens.insert(place, tokens[place])
        elif action == "swap":
            other = data.draw(st.integers(0, max(0, len(tokens) - 1)))
            tokens[place], tokens[other] = tokens[other], tokens[place]
        else:
            tokens = tokens[:place]
        text = " ".join(tokens) or " "
    _never_a_traceback(text + "\n")


def _mutable(text: str) -> Any:
    """The tree of a text as lists and dicts that JSON, and therefore YAML, can hold."""
    return json.loads(json.dumps(yamlsource.parse(text, "case").require().plain(), default=float))


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value of a tree."""
    pairs = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    return [(tree, key) for key, _ in pairs] + [place for _, value in pairs for place in _places(value)]


@given(st.data())
def test_a_good_file_with_values_replaced_never_ends_in_a_traceback(data: st.DataObject):
    tree = _mutable(data.draw(st.sampled_from(TEXTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        places = _places(tree)
        if places:
            container, key = places[data.draw(st.integers(0, len(places) - 1))]
            if data.draw(st.integers(0, 4)) == 0:
                del container[key]
            else:
                container[key] = data.draw(TREES)
    _never_a_traceback("".join(f"{json.dumps(key)}: {json.dumps(value)}\n" for key, value in tree.items()) + "\n")


@given(st.binary(max_size=400))
def test_bytes_never_end_in_a_traceback(content: bytes):
    _never_a_traceback(content)


@given(st.binary(max_size=40), st.integers(0, 2000), st.sampled_from(TEXTS))
def test_bytes_inside_a_good_file_never_end_in_a_traceback(content: bytes, place: int, text: str):
    whole = text.encode()
    at = place % len(whole)
    _never_a_traceback(whole[:at] + content + whole[at:])


KEYS = st.sampled_from(
    "schema id title note horizon evaluate actors classification economics ledger exempt_partners tariffs trade_costs "
    "retaliation acts without_acts contingent side_payments security responses sweep compare_to extends".split()
)


@given(st.dictionaries(KEYS, TREES, max_size=6))
def test_any_tree_under_known_keys_never_ends_in_a_traceback(tree: dict[str, object]):
    _never_a_traceback(
        HEAD + "".join(f"{key}: {json.dumps(value)}\n" for key, value in tree.items() if key not in HEAD)
    )


@given(
    st.dictionaries(
        st.sampled_from("id authority importer exporter sectors rate rule exempt from to source".split()), TREES
    )
)
def test_any_tree_in_a_measure_never_ends_in_a_traceback(tree: dict[str, object]):
    _never_a_traceback(HEAD + f"tariffs:\n  - {json.dumps(tree)}\n")
