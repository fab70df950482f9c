"""Secrets leave no process that knows them."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts import drill as ev
from gameday.core.values import Severity
from gameday.formats.redaction import EXCERPT, Redactor, all_named, in_urls, leaves, secret_named

secret = st.text(min_size=6, max_size=20).filter(lambda text: "*" not in text and text == text.strip())


@given(secret, st.text(max_size=30), st.text(max_size=30))
def test_no_known_secret_survives_in_a_text(value, before, after):
    assert value not in Redactor([value]).text(before + value + after).replace("***", "")


@given(secret)
def test_no_known_secret_survives_in_json_or_repr(value):
    redactor = Redactor([value])
    assert redactor.text(json.dumps([value])) == '["***"]'
    assert "***" in redactor.text(repr([value]))


@given(st.recursive(secret, lambda children: st.lists(children) | st.dictionaries(st.text(), children)))
def test_a_tree_loses_exactly_its_secrets(tree):
    values = list(leaves(tree))
    clean = Redactor(values).tree(tree)
    assert all(leaf == "***" for leaf in leaves(clean))


def test_the_longest_secret_goes_first():
    assert Redactor(["hushed", "hushed-hush"]).text("hushed-hush") == "***"


def test_short_values_are_not_looked_for():
    assert Redactor(["3", "on", "false"]).text("30 on false") == "30 on false"


def test_parameters_of_urls_whose_name_says_so_are_masked_without_being_known():
    text = Redactor().text('{"u": "http://host/?a=1&api_key=abc%2F1&page=2#x", "v": "http://h/?token=${t}"}')
    assert text == '{"u": "http://host/?a=1&api_key=***&page=2#x", "v": "http://h/?token=${t}"}'
    known = Redactor(in_urls(["https://host/feed.ics?token=abc%2Fdef"]))
    assert known.text("abc/def, abc%2Fdef") == "***, ***"


def test_passwords_in_urls_are_masked_without_being_known():
    assert Redactor().text("postgres://u:pw123@host/db") == "postgres://***@host/db"
    assert Redactor().text("https://a-token@host:1, x@y") == "https://***@host:1, x@y"
    text = json.dumps({"a": "http://host", "mail": "ada@example.com"}, separators=(",", ":"))
    assert Redactor().text(text) == text


def test_a_url_s_password_is_known_as_it_is_written_and_as_it_is_meant():
    known = Redactor(in_urls(["http://u:pass%40word@host"]))
    assert known.text("pass@word, pass%40word") == "***, ***"


def test_variables_are_secret_by_name():
    named = {"AWS_SECRET_ACCESS_KEY": "a", "GITHUB_TOKEN": "b", "DB_PASSWORD": "c", "SIGNING_KEY": "d"}
    others = {"PWD": "/x", "PATH": "/y", "key": "z", "KEYBOARD": "q"}
    assert list(secret_named({**named, **others})) == ["a", "b", "c", "d"]


def test_headers_and_arguments_are_secret_by_name_and_references_are_not():
    tree = {"headers": {"Authorization": "Bearer canary", "X-Api-Key": "k", "Accept": "*/*"}}
    assert set(all_named(tree)) == {"Bearer canary", "canary", "k"}
    assert list(all_named({"arguments": {"token": "${token}", "secret": "env:NAME"}})) == []


def test_a_key_of_several_lines_is_masked_line_by_line():
    assert Redactor(["first-line\nsecond-line"]).text("> second-line <") == "> *** <"


def test_facts_are_masked_and_stay_what_they_are():
    fact = ev.ActionTaken(action="curl canary", via="responder", output="ok")
    masked = Redactor(["canary"]).value(fact)
    assert masked == replace(fact, action="curl ***")
    assert Redactor(["canary"]).value(masked) is masked
    declared = ev.IncidentDeclared(severity=Severity.P1, commander="canary")
    assert Redactor(["canary"]).value(declared).severity is Severity.P1


def test_an_excerpt_is_cut_after_it_is_masked():
    cut = Redactor(["canary"]).excerpt("x" * (EXCERPT - 3) + "canary" + "y" * 100)
    assert len(cut) <= EXCERPT
    assert "can" not in cut
    assert Redactor().excerpt(None) == ""


numbers = st.integers(min_value=100_000) | st.floats(min_value=1000.125, max_value=1e22).filter(
    lambda number: len(repr(number).removesuffix(".0")) >= 6
)


@given(numbers, st.sampled_from([int, float, str]))
def test_a_secret_that_is_a_number_is_masked_as_a_number_and_in_texts(number, read_as):
    redactor = Redactor(leaves({"secret": [number]}))
    assert redactor.text(f"got {number}!") == "got ***!" or isinstance(number, float)
    assert redactor.tree({"a": number, "b": [number, str(number)]})["a"] == "***"
    text = json.dumps({"a": number, "b": [number]})
    assert str(number).removesuffix(".0") not in redactor.text(text)
    if float(number) == int(number) == number:
        assert redactor.tree([read_as(number)]) != [read_as(number)]


def test_a_number_of_the_environment_is_masked_however_it_is_read():
    redactor = Redactor(secret_named({"PIN_TOKEN": "0847362519283"}))
    tree = {"n": 847362519283, "f": 847362519283.0, "s": "847362519283", "other": 847362519284, "yes": True}
    assert redactor.tree(tree) == {"n": "***", "f": "***", "s": "***", "other": 847362519284, "yes": True}


def test_a_number_whose_name_says_so_is_masked_without_being_known():
    tree = {"db_password": 918273645546, "pin": 5512.730918, "x": {"token": 99887766}}
    masked = {"db_password": "***", "pin": "***", "x": {"token": "***"}}
    assert Redactor().tree(tree) == masked
    assert json.loads(Redactor().text(json.dumps(tree, indent=2))) == masked
    assert json.loads(Redactor(["918273645546"]).text(json.dumps([918273645546]))) == ["***"]
    assert list(all_named(tree)) == ["918273645546", "5512.730918", "99887766"]


def test_short_and_round_numbers_measures_and_truths_are_no_secrets():
    tree = {"pin": 4711, "token": True, "max_tokens": 123457, "token_ttl": 864321, "session_key": 600000}
    assert Redactor(secret_named(tree)).tree(tree) == tree
    assert Redactor().text(json.dumps(tree)) == json.dumps(tree)
