import pytest
from hypothesis import given

from gameday.formats.experiment import reader as experiment
from gameday.formats.text import reader
from tests.formats import mistakes
from tests.formats.text.test_reader import TEXTS
from tests.paths import ROOT

HEAD = "title: t\ndescription: d\n"
METHOD = "method: []\n"
PYTHON = "{type: python, module: a.b, func: f}"
HTTP = '{type: http, url: "http://h"}'


NO_ACTION = "no action in the method"


def lines_of(text: str, file: str = "experiments/a.yaml") -> list[str]:
    """Give the mistakes; without the warning of a method that has no action, as most methods here have none."""
    return [line for line in all_lines_of(text, file) if NO_ACTION not in line]


def all_lines_of(text: str, file: str = "experiments/a.yaml") -> list[str]:
    document = reader.attempt(experiment.read, text.encode(), file)
    return mistakes.as_lines(experiment.check(document).mistakes)


def test_a_method_without_an_action_is_warned_of_with_what_is_taken_as_the_fault() -> None:
    probe = f"- {{type: probe, name: p, provider: {HTTP}}}\n"
    act = f"- {{type: action, name: a, provider: {HTTP}}}\n"
    [empty] = all_lines_of(f"{HEAD}method: []\n")
    assert f"{NO_ACTION}: gameday takes the start of the hold as the fault" in empty
    [probed] = all_lines_of(f"{HEAD}method:\n{probe}")
    assert f"{NO_ACTION}: gameday takes the first probe as the fault" in probed
    assert not any(NO_ACTION in line for line in all_lines_of(f"{HEAD}method:\n{probe}{act}"))


def action(rest: str) -> str:
    return f"{HEAD}rollbacks: [{{ref: a}}]\nmethod:\n- {{type: action, name: a, {rest}}}\n"


MISTAKES = [
    (METHOD + "rolbacks: []", ["4:1? Chaos Toolkit knows no key 'rolbacks' here, and ignores it | did you mean 'rollbacks'?"]),
    (METHOD + "dry_run: true", ["4:1? Chaos Toolkit knows no key 'dry_run' here, and ignores it | did you mean 'dry'?"]),
    ("methd: []", ["3:1 unknown key 'methd' | did you mean 'method'?"]),
    (METHOD + "x-team: shop", []),
    (METHOD + "deprecated: true", [("4:1? Chaos Toolkit knows no key 'deprecated' here, and ignores it "
     "| one of: version, tags, configuration, secrets, steady-state-hypothesis, rollbacks, controls, extensions, "
     "contributions, runtime, dry")]),
    ("", ["1:1 the key 'method' is missing | method: the actions and probes, in order; may be empty"]),
    (METHOD + "steady-state-hypothesis: {title: x, probes: [{type: probe, name: p, provider: " + HTTP + "}]}",
     ["4:46 the key 'tolerance' is missing | tolerance: the expected answer"]),
    (METHOD + "steady-state-hypothesis: {probes: []}",
     ["4:26 the key 'title' is missing | title: the hypothesis in words"]),
    ("method: [{type: probe, name: p, provider: " + HTTP + ", tolerance: 0.5}]",
     ["3:85 0.5 can't be a tolerance | true, a whole number, a text, a list, or {type: range, range: [0, 0.5]}"]),
    ("method: [{type: probe, name: p, provider: " + HTTP + ", tolerance: {type: rang}}]",
     ["3:92 'rang' is not a type of a tolerance | did you mean 'range'?"]),
    ("method: [{type: probe, name: p, provider: " + HTTP + ", tolerance: {type: regex, pattern: '('}}]",
     ["3:108 this is not a regular expression: missing ), unterminated subpattern at position 0"]),
    ("method: [{ref: nobody}]", ["3:16 no activity is called 'nobody'"]),
    (METHOD + "controls: [{name: c, provider: {type: process, path: x}}]",
     ["4:32 the key 'module' is missing | module: dotted name of a Python module",
      "4:39 'process' is not one of the valid words | one of: python",
      "4:48? Chaos Toolkit knows no key 'path' here, and ignores it | one of: secrets, module, arguments"]),
    (METHOD + "extensions: [{name: gameday, still-expsed: {}}]",
     ["4:30 unknown key 'still-expsed' | did you mean 'still-exposed'?"]),
    (METHOD + "extensions: [{name: gameday, still-exposed: {type: action, name: x, provider: " + PYTHON + "}}]",
     ["4:52 'action' is not one of the valid words | one of: probe"]),
    (METHOD + "extensions: [{name: gameday, leaves-runing: []}]",
     ["4:30 unknown key 'leaves-runing' | did you mean 'leaves-running'?"]),
    (METHOD + "extensions: [{nam: x}]", ["4:14 an extension has no name"]),
    (METHOD + "dry: true", [("4:1? 'dry' in a file has no effect: Chaos Toolkit runs the actions all the same "
     "| remove it; use gameday run --dry-run to start nothing")]),
]  # fmt: skip


@pytest.mark.parametrize(("added", "expected"), MISTAKES, ids=[added for added, _ in MISTAKES])
def test_a_mistake_is_reported_at_its_place_with_a_hint(added: str, expected: list[str]) -> None:
    assert lines_of(HEAD + added) == expected


ACTIVITIES = [
    (f"provider: {PYTHON}", []),
    ("provider: {type: pyton, module: a}", ["5:44 'pyton' is not a type of a provider | did you mean 'python'?"]),
    ("provider: {module: a}", ["5:37 a provider has no type | type is one of: python, process, http"]),
    ("provider: {type: python, module: a-b, func: f}",
     ["5:60 'a-b' is not the dotted name of a Python module | write package.module"]),
    ("provider: {type: python, module: a, func: a.f}",
     ["5:69 'a.f' is not the name of a Python function | write only its name; the module goes under module"]),
    ("provider: {type: python, module: a, func: f, arguments: [1]}",
     ["5:83 expected a mapping of keys to values, not a list"]),
    ("provider: {type: python, module: a, fun: f}", ["5:63 unknown key 'fun' | did you mean 'func'?"]),
    ("provider: {type: process}", ["5:37 the key 'path' is missing | path: the command"]),
    ("provider: {type: http, url: x, timeout: [1, soon]}",
     ["5:67 expected a number, not the text 'soon' | a number of seconds, or a ${variable}"]),
    (f"provider: {PYTHON}, pauses: {{befor: 1}}",
     ["5:84? Chaos Toolkit knows no key 'befor' here, and ignores it | did you mean 'before'?"]),
    (f"provider: {PYTHON}, background: 'yes'", ["5:87 expected true or false, not the text 'yes' | write true"]),
    ("provider: {type: http, url: 'http://${host}/'}",
     ["5:55 nothing defines the variable 'host' | define it in configuration or secrets"]),
    ("provider: {type: process, path: sh, arguments: '-c \"echo $${A} ${HOME}\"'}",
     ["5:74? nothing defines the variable 'HOME' | define it in configuration or secrets"]),
    ("provider: {type: python, module: a, func: f, secrets: [k8s]}",
     [("5:82? there is no group of secrets called 'k8s': Chaos Toolkit takes it as empty "
      "| define it in secrets")]),
]  # fmt: skip


@pytest.mark.parametrize(("rest", "expected"), ACTIVITIES, ids=[rest for rest, _ in ACTIVITIES])
def test_a_mistake_in_an_activity_is_reported_at_its_place(rest: str, expected: list[str]) -> None:
    assert lines_of(action(rest)) == expected


def test_a_rollback_that_keeps_the_fault_in_force_by_a_pause_is_warned_of() -> None:
    def rollback(pauses: str) -> str:
        return f"- {{type: action, name: u, provider: {HTTP}, pauses: {pauses}}}\n"

    method = f"method:\n- {{type: action, name: a, provider: {HTTP}}}\n"
    undo = f"- {{type: action, name: v, provider: {HTTP}}}\n"
    [line] = lines_of(f"{HEAD}{method}rollbacks:\n{rollback('{before: 3600}')}")
    assert "this rollback pauses for 3600 s: the fault stays in force for that long" in line
    assert lines_of(f"{HEAD}{method}rollbacks:\n{rollback('{before: 0.5, after: 60}')}") == []
    [line] = lines_of(f"{HEAD}{method}rollbacks:\n{rollback('{after: 60}')}{undo}")
    assert line.startswith("6:")
    assert "?" in line


def test_variables_of_configuration_and_secrets_are_known() -> None:
    known = "configuration: {host: h}\nsecrets: {api: {token: {type: env, key: T}}}\n"
    assert lines_of(known + action("provider: {type: http, url: '${host}', headers: {a: '${token}'}}")) == []
    assert lines_of(known + action("provider: {type: http, url: '${hots}'}")) == [
        "7:55 nothing defines the variable 'hots' | did you mean 'host'?"
    ]


@pytest.mark.parametrize(
    "declared",
    [
        "controls: [{name: c, provider: {type: python, module: m}}]\n",
        "steady-state-hypothesis: {title: s, controls: [{ref: c}], probes: []}\n",
    ],
)
def test_a_variable_that_nothing_but_a_control_can_define_is_warned_of(declared: str) -> None:
    lines = lines_of(declared + action("provider: {type: http, url: 'http://${host}/'}"))
    assert (
        "6:55? nothing but a control defines the variable 'host' | define it in configuration or secrets"
        in lines
    )


def test_controls_that_an_experiment_does_not_declare_may_define_variables_too() -> None:
    text = action("provider: {type: http, url: 'http://${host}/'}")
    document = reader.attempt(experiment.read, text.encode(), "a.yaml")
    assert experiment.check(document).value is None
    assert experiment.check(document, controlled=True).value is not None


def test_a_reference_finds_activities_of_hypothesis_and_method_as_in_chaos_toolkit() -> None:
    undo = f"rollbacks: [{{type: action, name: undo, provider: {PYTHON}}}]\n"
    assert "4:16 no activity is called 'undo'" in lines_of(f"{HEAD}{undo}method: [{{ref: undo}}]\n")


def test_an_action_that_nothing_undoes_is_warned_of() -> None:
    text = f"{HEAD}method: [{{type: action, name: a, provider: {PYTHON}}}]"
    assert lines_of(text) == [
        "3:1? this method has actions, but no rollback undoes them | add rollbacks, so that the fault can be reverted"
    ]


def test_one_name_for_two_activities_is_warned_of_also_where_somebody_refers_to_it() -> None:
    probes = "".join(
        f'- {{type: probe, name: p, provider: {{type: http, url: "http://{n}"}}}}\n' for n in "ab"
    )
    assert lines_of(f"{HEAD}method:\n{probes}") == [
        "5:23? another activity, on line 4, is called 'p', too | give each its own name"
    ]
    assert "6:9? two activities are called 'p' | give each its own name" in lines_of(
        f"{HEAD}method:\n{probes}- {{ref: p}}\n"
    )


def test_the_same_activity_twice_is_what_public_experiments_do() -> None:
    probe = "- {type: probe, name: p, provider: " + HTTP + "}\n"
    assert lines_of(f"{HEAD}method:\n{probe}{probe}- {{ref: p}}\n") == []


def test_a_bare_off_is_what_chaos_toolkit_makes_of_it() -> None:
    found = lines_of(action("provider: {type: process, path: x, arguments: {state: off}}"))
    assert found == [
        "5:81? Chaos Toolkit reads the bare word off as false | write 'off' in quotes if you mean the text, else false"
    ]


def test_json_is_read_with_its_places() -> None:
    text = '{"title": "t", "description": "d",\n "method": [],\n "rolbacks": []}'
    assert lines_of(text, "a.json") == [
        "3:2? Chaos Toolkit knows no key 'rolbacks' here, and ignores it | did you mean 'rollbacks'?"
    ]


@given(text=TEXTS)
def test_whatever_an_experiment_holds_it_is_a_value_or_mistakes(text: str) -> None:
    checked = experiment.check(reader.attempt(experiment.read, text.encode(), "a.yaml"))
    assert (checked.value is None) == any(not one.warning for one in checked.mistakes)


def test_every_experiment_of_the_catalogue_has_no_mistake() -> None:
    files = sorted((ROOT / "experiments").glob("*.json"))
    assert files
    for file in files:
        checked = experiment.check(experiment.read(file.read_bytes(), file.name))
        assert not checked.mistakes
        assert mistakes.require(checked).data["rollbacks"]


def test_an_action_that_can_not_be_followed_is_warned_of_and_its_rollback_is_not():
    text = """title: t
description: d
method:
- {type: action, name: far, provider: {type: process, path: ssh, arguments: [db1, stress]}}
rollbacks:
- {type: action, name: back, provider: {type: process, path: ssh, arguments: [db1, pkill, stress]}}
"""
    warnings = [line for line in lines_of(text) if "can't be followed" in line]
    assert warnings == [
        (
            "4:39? what this starts by 'ssh' can't be followed: it is not ended before the rollbacks "
            "| have a rollback end it, and wait until it is gone"
        )
    ]


def test_a_name_in_leaves_running_that_no_action_has_is_a_mistake_with_the_nearest_one():
    text = """title: t
description: d
method:
- {type: action, name: restart it, provider: {type: process, path: "true"}}
rollbacks: []
extensions: [{name: gameday, leaves-running: [restart it, restrat it]}]
"""
    assert [line for line in lines_of(text) if "leaves" in line or "no action of" in line] == [
        "6:59 no action of the method is called 'restrat it' | did you mean 'restart it'?"
    ]
