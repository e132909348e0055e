"""Safe YAML with positions: what is read, what is refused, and where."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from foederis import yamlsource
from foederis.errors import ScenarioError


def read(text: str | bytes) -> Any:
    """The plain value of a text that is right."""
    return yamlsource.parse(text, "case").require().plain()


def told(text: str | bytes) -> list[str]:
    """`line:column code` of each fault."""
    return [f"{f.line}:{f.column} {f.code}" for f in yamlsource.parse(text, "case").faults]


def test_scalars_by_the_core_rules():
    text = "[15%, 0.80, 8703, 0101, 2025-04-05, 1e-3, true, null, ~, '5', \"a\\tb\", x y, 1_000, 0x10, +7]"
    assert read(text) == (
        *("15%", Decimal("0.80"), 8703, "0101", "2025-04-05", Decimal("0.001"), True, None, None, "5", "a\tb", "x y"),
        *("1_000", "0x10", 7),
    )


def test_positions_of_keys_values_and_items():
    node = yamlsource.parse("a: 1\nb:\n  - x\n  - {c: 2}\n", "case").require()
    entries = node.entries()
    assert (entries["a"].line, entries["a"].column) == (1, 4)
    assert (node.keys["b"].line, node.keys["b"].column) == (2, 1)
    second = entries["b"].items()[1]
    assert (second.line, second.column) == (4, 5)
    assert (second.entries()["c"].line, second.entries()["c"].column) == (4, 9)


def test_positions_in_japanese_text_count_characters():
    assert told("題: 日本\nこれ: &a x\n") == ["2:5 alias"]
    fault = yamlsource.parse("題: &a x\n", "case").faults[0]
    assert fault.excerpt == "題: &a x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1", ["1:4 alias"]),
        ("a: *x", ["1:4 alias"]),
        ("a: !!str 1", ["1:4 tag"]),
        ("a: !python/object:os.system x", ["1:4 tag"]),
        ("a: 1\na: 2", ["2:1 duplicate-key"]),
        ("? [a]\n: 1", ["1:3 key"]),
        ("<<: {a: 1}", ["1:1 merge-key"]),
        ("a: on", ["1:4 ambiguous"]),
        ("NO: 1", ["1:1 ambiguous"]),
        ("a: .inf", ["1:4 nan"]),
        ("a: -.Inf", ["1:4 nan"]),
        ("a: .NaN", ["1:4 nan"]),
        ("%YAML 1.1\n---\na: 1", ["1:1 directive"]),
        ("a: 1\n---\nb: 2", ["2:1 documents"]),
        ("", ["1:1 empty"]),
        ("# nothing\n", ["1:1 empty"]),
        ("a: [1, 2", ["1:4 yaml"]),
        ("a: 'x", ["1:4 yaml"]),
        ("\ta: 1", ["1:1 yaml"]),
        ("a: \x07", ["1:4 encoding"]),
        ("a: \u2028", ["1:4 encoding"]),
        ("a: x\x85y", ["1:5 encoding"]),
        (b"a: \xff", ["1:4 encoding"]),
        (b"ok: 1\nb: \xe3\x81", ["2:4 encoding"]),
        ('a: "\\0"', ["1:4 yaml"]),
        ("a: " + "[" * 17 + "]" * 17, ["1:19 depth"]),
    ],
)
def test_what_is_refused(text: str | bytes, expected: list[str]):
    assert told(text) == expected


def test_faults_that_do_not_end_the_reading_are_collected():
    assert told("a: on\nb: &x .nan\nb: !t 2\n") == [
        "1:4 ambiguous",
        "2:4 alias",
        "2:4 nan",
        "3:4 tag",
        "3:1 duplicate-key",
    ]


def test_words_in_quotes_are_words():
    assert read('a: "on"\nb: \'NO\'\nc: ".nan"\n') == {"a": "on", "b": "NO", "c": ".nan"}


def test_the_limits_of_size():
    assert told(b"a: " + b"x" * yamlsource.MAX_BYTES) == ["1:1 too-large"]
    items = ", ".join("1" for _ in range(yamlsource.MAX_VALUES + 1))
    assert [code.split()[1] for code in told(f"[{items}]")] == ["too-large"]
    assert len(read("[" + ", ".join("1" for _ in range(1000)) + "]")) == 1000
    assert read("[" * 16 + "]" * 16) is not None


def test_a_byte_order_mark_and_windows_lines_are_read():
    assert read("\ufeffa: 1\r\nb: 2\r\n".encode()) == {"a": 1, "b": 2}
    assert told(b"a: 1\r\nb: &x 2\r\n") == ["2:4 alias"]


def test_a_file_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(ScenarioError, match="cannot be read"):
        yamlsource.read(tmp_path / "nowhere.yaml")
    with pytest.raises(ScenarioError, match="cannot be read"):
        yamlsource.read(tmp_path)


def test_a_prefix_moves_the_columns_of_the_first_line():
    fault = yamlsource.parse("&a x", "--set", prefix="a.b=").faults[0]
    assert (fault.line, fault.column, fault.excerpt) == (1, 5, "a.b=&a x")


def test_a_long_line_is_cut_and_loses_its_caret_beyond_the_cut():
    parsed = yamlsource.parse("a: " + "x" * 200 + "\nb: [" + "1, " * 100 + "&a 2]", "case")
    fault = parsed.faults[0]
    assert (fault.line, fault.excerpt) == (2, "")


VALUES = st.recursive(
    st.one_of(
        st.booleans(), st.none(), st.integers(-(10**9), 10**9), st.sampled_from(["x", "15%", "a b", "2025-01-01"])
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcdef"), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_the_tree_agrees_with_the_parser_it_is_built_on(value: Any):
    import io

    stream = io.StringIO()
    YAML(typ="safe", pure=True).dump({"root": value}, stream)
    assert _lists(read(stream.getvalue())) == {"root": value}


def _lists(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_lists(item) for item in value]
    return {key: _lists(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(st.text(max_size=200))
def test_any_text_gives_a_tree_or_a_fault(text: str):
    parsed = yamlsource.parse(text, "case")
    assert (parsed.node is not None) or parsed.faults
    for fault in parsed.faults:
        assert fault.line >= 1
        assert fault.column >= 1
        assert fault.message
