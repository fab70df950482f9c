"""The shape of the project: folders, their READMEs, the tests' places, and the words of docs/vocabulary.md."""

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.paths import ROOT

PACKAGE = ROOT / "gameday"
MOST_MODULES = 15
CHOSEN = re.compile(r"[A-Z]{3}(?!DME)|^\.gameday/|\bname\b")
ENTRY = re.compile(r"^- `([a-z_]+(?:\.py|/))`: \S", re.MULTILINE)

# A test file (below tests/), why it covers modules that have none of their own, and which (below gameday/). A folder
# stands for its modules only where the test itself looks for each of them.
COVERED_BY = (
    (
        "cli/ci/test_command.py",
        "a pipeline is played whole, with a gameday that stands in",
        (
            "cli/ci/cases.py",
            "cli/ci/processes.py",
            "cli/ci/publish.py",
        ),
    ),
    (
        "e2e/test_drills.py",
        "what commands print of a real drill",
        (
            "cli/drill/dry_run.py",
            "cli/drill/postmortem.py",
            "cli/drill/run.py",
            "cli/drill/screen.py",
            "cli/drill/transfer.py",
            "cli/drill/verify.py",
        ),
    ),
    (
        "cli/drill/test_quick_store.py",
        "both ways of a command must print the same",
        (
            "cli/drill/show.py",
            "cli/drill/show_judged.py",
            "cli/drill/status.py",
        ),
    ),
    (
        "cli/shared/test_drill_home.py",
        "needs drills that died",
        ("cli/drill/live_status.py",),
    ),
    (
        "cli/gamedays/test_commands.py",
        "who may see what, over all commands of a game day",
        ("cli/drill/visibility.py",),
    ),
    (
        "cli/gamedays/test_commands.py",
        "the commands of one game day, one after the other",
        (
            "cli/gamedays/check.py",
            "cli/gamedays/control.py",
            "cli/gamedays/find.py",
            "cli/gamedays/finish.py",
            "cli/gamedays/hot_wash.py",
            "cli/gamedays/screen.py",
            "cli/gamedays/show.py",
            "cli/gamedays/start.py",
        ),
    ),
    (
        "cli/respond/test_fast_path.py",
        "what is typed goes through all of them",
        (
            "cli/respond/commands.py",
            "cli/respond/live_drill.py",
        ),
    ),
    (
        "cli/respond/test_fast_path.py",
        "the process from its first line",
        ("__main__.py",),
    ),
    (
        "cli/schedule/test_commands.py",
        "commands on one store, one after the other",
        (
            "cli/schedule/add.py",
            "cli/schedule/calendar.py",
            "cli/schedule/feed.py",
        ),
    ),
    (
        "system/descent/test_descent.py",
        "needs real trees of processes, which every part looks at",
        (
            "system/descent/cgroup.py",
            "system/descent/fence.py",
            "system/descent/method.py",
            "system/descent/orphans.py",
            "system/descent/record.py",
            "system/descent/tree.py",
        ),
    ),
    (
        "formats/stored/test_events.py",
        "values; every kind of fact is written and read",
        ("core/facts/gameday.py",),
    ),
    (
        "shop/test_actions.py",
        "one table of both is checked",
        (
            "shop/fault_actions.py",
            "shop/mitigations.py",
        ),
    ),
    (
        "testing/test_fakes.py",
        "its builders are used there, and by hundreds of tests",
        (
            "testing/fact_writer.py",
            "testing/game_day_drills.py",
            "testing/histories.py",
            "testing/ids.py",
            "testing/rehearsal.py",
            "testing/schedules.py",
            "testing/store.py",
            "testing/world.py",
            "testing/announcer.py",
        ),
    ),
    (
        "cli/shared/test_usage_errors.py",
        "what is typed wrong, at every command",
        ("cli/app.py",),
    ),
    (
        "cli/daemon/test_serve.py",
        "a process that becomes a drill",
        ("cli/daemon/launch.py",),
    ),
    (
        "system/scheduled/test_drill_processes.py",
        "its command line, started",
        ("cli/daemon/launcher.py",),
    ),
    (
        "e2e/test_drills.py",
        "every command on a stored drill goes through it",
        ("cli/shared/find_drill.py",),
    ),
    (
        "e2e/test_nothing_runs.py",
        "needs real imports in processes",
        ("cli/shared/import_checks.py",),
    ),
    (
        "cli/schedule/test_commands.py",
        "what is sent, seen at the channel",
        ("cli/shared/notify.py",),
    ),
    (
        "shop/test_catalogue.py",
        "the commands against a shop that is up",
        ("cli/workspace/shop.py",),
    ),
    (
        "conduct/drill/test_target_lease.py",
        "values",
        ("conduct/drill/context.py",),
    ),
    (
        "conduct/gamedays/test_host.py",
        "values",
        ("conduct/gamedays/context.py",),
    ),
    (
        "conduct/revert/test_claims.py",
        "values",
        ("conduct/revert/context.py",),
    ),
    (
        "cli/drill/test_list_drills.py",
        "values, as they are listed",
        ("core/facts/drill_row.py",),
    ),
    (
        "formats/scenario/test_responder_script.py",
        "values, made by the reader",
        ("core/plans/responder_script.py",),
    ),
    (
        "faults/test_chaos_process.py",
        "the process from its first line",
        ("faults/child/__main__.py",),
    ),
    (
        "faults/child/test_target_counts.py",
        "its clients, against a cluster",
        ("faults/child/cluster.py",),
    ),
    (
        "faults/test_supervised_experiment.py",
        "chaoslib in a process of its own",
        ("faults/child/injection.py",),
    ),
    (
        "faults/rollbacks/test_player.py",
        "a process that plays rollbacks",
        ("faults/child/rollback_standby.py",),
    ),
    (
        "formats/experiment/test_reader.py",
        "keys; the reader fills them",
        ("formats/experiment/model.py",),
    ),
    (
        "formats/gamedays/test_reader.py",
        "keys; the reader fills them",
        ("formats/gamedays/model.py",),
    ),
    (
        "formats/scenario/test_reader.py",
        "keys; the reader fills them",
        ("formats/scenario/model.py",),
    ),
    (
        "formats/settings/test_reader.py",
        "keys; the reader fills them",
        ("formats/settings/model.py",),
    ),
    (
        "load/test_check.py",
        "its mistakes are listed with those of imports",
        ("load/locustfiles.py",),
    ),
    (
        "contracts/test_history_store.py",
        "one contract with its fake",
        ("storage/histories.py",),
    ),
    (
        "contracts/test_schedule_store.py",
        "one contract with its fake",
        ("storage/schedules.py",),
    ),
    (
        "testing/test_fakes.py",
        "protocols and their fakes, at the same paths: the test fails for a pair that is not there",
        ("ports/", "testing/drill/", "testing/scheduler/"),
    ),
)
TESTED_ELSEWHERE = {entry: test for test, _why, entries in COVERED_BY for entry in entries}
NEEDS_NONE = {
    "cli/shared/flags.py": "types of options; every command's test goes through them",
    "core/plans/schedule_times.py": "figures; the tests of what waits and expires use them",
    "core/responder_commands.py": "a table; the tests of what reads it compare it with what is carried out",
    "core/policy/model.py": "values without behaviour",
    "core/postmortem/model.py": "values without behaviour; what they show is tested where they are drawn",
    "core/trends/model.py": "values without behaviour",
}

# Words that docs/vocabulary.md replaced: in names, split at underscores and capitals …
OLD_NAMES = {
    *("hurt", "mend", "mended", "lever", "levers", "told", "heard", "sureties", "behind", "beside"),
    *("pen", "desk", "office", "hands", "board", "pulse"),
}
# … and in prose: docstrings, comments, messages, templates, documents.
OLD_PROSE = re.compile(
    r"\b(hurts?|mend(?:s|ed|ing)?|levers?|well again|for ever|sureties|beside|grace behind"
    r"|behind (?:place|an? (?:drill|instant)|the (?:last|drills?|turn|start))|settle[sd]? behind"
    r"|nobody is told|tells? (?:whether|people|how)|(?:is|was|are|were) told(?! (?:apart|from))|hear of it|its bar|the board|pulse|(?<!there )is (?-i:none)\b(?! of)|is no workspace|gravest|users (?:are|were) well)\b",
    re.IGNORECASE,
)
# (where, word): why it stays. `where` is a path below the root, or the beginning of one that ends in a slash.
KEPT = {
    ("docs/vocabulary.md", "*"): "the table of the words themselves",
    ("docs/adr/0014-folders-by-subject.md", "lever"): "names the stored field",
    ("gameday/core/", "lever"): "the stored field of MilestoneMarked, and what reads it",
    ("gameday/conduct/drill/response/grants.py", "lever"): "the same field, read",
    ("gameday/cli/respond/commands.py", "lever"): "the same field, written",
    ("gameday/cli/drill/live_status.py", "hurt"): "a published key of `gameday status --json`",
    ("gameday/testing/", "*"): "former names of the public fakes, which users' tests import",
}
CODE = {
    tokenize.NAME,
    tokenize.OP,
    tokenize.NUMBER,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
}
EXPRESSION = re.compile(r"\{[^{}]*\}")  # of f-strings and templates: `is none` is code there
FUNCTIONS_NEVER_CALLED = {"of", "told", "said"}


def folders_with_modules() -> list[Path]:
    return sorted({module.parent for module in PACKAGE.rglob("*.py") if "__pycache__" not in module.parts})


def must_be_empty(wrong: Iterable[str]) -> None:
    """Fail with every line of what is wrong; pytest would show the first only."""
    lines = sorted(wrong)
    assert not lines, "\n" + "\n".join(lines)


def modules(folder: Path) -> list[str]:
    return sorted(module.name for module in folder.glob("*.py") if module.name != "__init__.py")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


FOLDERS = folders_with_modules()


@pytest.mark.parametrize("folder", [each for each in FOLDERS if each != PACKAGE], ids=name)
def test_a_folders_readme_lists_each_module_and_sub_folder_once_and_nothing_else(folder):
    readme = folder / "README.md"
    assert readme.exists(), f"{name(folder)} has no README.md"
    sub_folders = [f"{each.name}/" for each in FOLDERS if each.parent == folder]
    listed = ENTRY.findall(readme.read_text(encoding="utf-8"))
    there = {*modules(folder), *sub_folders}
    must_be_empty(
        [
            *(f"not listed: {each}" for each in there.difference(listed)),
            *(f"not there: {each}" for each in set(listed) if not (folder / each).exists()),
            *(f"listed twice: {each}" for each in set(listed) if listed.count(each) > 1),
        ]
    )


def test_no_folder_has_more_modules_than_one_can_take_in_at_a_glance():
    must_be_empty(
        f"{name(folder)}: {len(modules(folder))} modules"
        for folder in FOLDERS
        if len(modules(folder)) > MOST_MODULES
    )


def mirrored_test(module: str) -> str:
    path = Path(module)
    return path.with_name(f"test_{path.name}").as_posix()


def covering_test(module: str) -> str:
    """Give the path below tests/ of what covers a module: at the mirrored place, else by the table."""
    if (ROOT / "tests" / mirrored_test(module)).exists():
        return mirrored_test(module)
    entries = [module, *(f"{folder.as_posix()}/" for folder in Path(module).parents)]
    return next((TESTED_ELSEWHERE[entry] for entry in entries if entry in TESTED_ELSEWHERE), "")


def all_modules() -> list[str]:
    return [(folder / each).relative_to(PACKAGE).as_posix() for folder in FOLDERS for each in modules(folder)]


def covering(entry: str) -> list[str]:
    """Give the modules that an entry of a table stands for."""
    return [
        module
        for module in all_modules()
        if module == entry or (entry.endswith("/") and module.startswith(entry))
    ]


def test_each_module_has_a_test_file_or_is_named_in_a_table():
    must_be_empty(
        module for module in all_modules() if not covering_test(module) and module not in NEEDS_NONE
    )


def test_only_modules_without_a_test_of_their_own_are_in_the_tables():
    must_be_empty(
        entry
        for entry in (*TESTED_ELSEWHERE, *NEEDS_NONE)
        if entry.endswith(".py") and covering_test(entry) == mirrored_test(entry)
    )


def test_the_tables_of_tests_name_only_what_is_there():
    known = set(all_modules())
    entries = [*TESTED_ELSEWHERE, *NEEDS_NONE]
    must_be_empty(entry for entry in entries if not known.intersection(covering(entry)))
    must_be_empty(test for test in TESTED_ELSEWHERE.values() if not (ROOT / "tests" / test).exists())


# --- READMEs are short, and the architecture page is what the contracts are ---

MOST_LINES = 6
"""What a README says besides its list: a sentence, and a line for each of what comes in, what goes out, its laws."""


@pytest.mark.parametrize("folder", [each for each in FOLDERS if each != PACKAGE], ids=name)
def test_a_folders_readme_is_a_few_lines_and_its_list(folder):
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    text = [line for line in lines if line and not line.startswith("#") and not ENTRY.match(line)]
    assert len([line for line in text if line != "Modules:"]) <= MOST_LINES, "\n".join(text)


def contracts() -> dict[str, list[set[str]]]:
    """Give the layers of each container that has some, from the top."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return {
        contract["containers"][0].removeprefix("gameday").lstrip("."): [
            set(re.findall(r"\w+", layer)) for layer in contract["layers"]
        ]
        for contract in table["contracts"]
        if contract["type"] == "layers"
    }


@pytest.mark.parametrize("container", ["core", "formats", "conduct", "cli"])
def test_the_architecture_page_shows_the_layers_of_the_contracts(container):
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    (line,) = re.findall(rf"^{container}: +(.*→.*)$", page, re.MULTILINE)
    assert [set(re.findall(r"\w+", layer)) for layer in line.split("→")] == contracts()[container]


# --- words ---


def sources() -> list[Path]:
    return sorted([*PACKAGE.rglob("*.py"), *(ROOT / "bench").rglob("*.py")])


def documents() -> list[Path]:
    found = [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), *ROOT.glob("*.yml")]
    for folder in ("docs", "gameday", "bench", "action", "templates", "playbooks", "scenarios", "scorecards"):
        found += [
            page
            for end in ("md", "html", "yaml", "yml", "toml", "json")
            for page in (ROOT / folder).rglob(f"*.{end}")
        ]
    return sorted(found)


def kept(path: str, word: str) -> bool:
    return any(
        (path == where or (where.endswith("/") and path.startswith(where))) and known in {"*", word.lower()}
        for where, known in KEPT
    )


@cache
def tokens(source: Path) -> tuple[tokenize.TokenInfo, ...]:
    return tuple(tokenize.generate_tokens(io.StringIO(source.read_text(encoding="utf-8")).readline))


def old_names(source: Path) -> Iterator[str]:
    for token in tokens(source):
        if token.type != tokenize.NAME:
            continue
        parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", token.string)
        for word in sorted({part.lower() for part in parts} & OLD_NAMES):
            if not kept(name(source), word):
                yield f"{name(source)}:{token.start[0]}: `{token.string}`"


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Give the lines of a document, or of a module's strings and comments, without the expressions in them."""
    if path.suffix != ".py":
        whole = [(1, path.read_text(encoding="utf-8"))]
    else:
        whole = [(token.start[0], token.string) for token in tokens(path) if token.type not in CODE]
    for first, text in whole:
        for number, line in enumerate(text.splitlines(), first):
            yield number, EXPRESSION.sub("", line)


def old_prose(path: Path) -> Iterator[str]:
    for number, line in texts(path):
        for word in OLD_PROSE.findall(line):
            if not kept(name(path), word):
                yield f"{name(path)}:{number}: '{word}' in: {line.strip()}"


def test_no_name_in_the_code_is_one_of_the_words_that_we_no_longer_say():
    must_be_empty(found for source in sources() for found in old_names(source))


def test_no_text_uses_a_word_that_we_no_longer_say():
    must_be_empty(found for path in [*sources(), *documents()] for found in old_prose(path))


def test_no_function_is_called_by_a_word_that_says_nothing():
    must_be_empty(
        f"{name(source)}:{node.lineno}: {node.name}"
        for source in sources()
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name in FUNCTIONS_NEVER_CALLED
        and not kept(name(source), node.name)
    )


# --- CONTRIBUTING.md ---


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_path_that_a_page_names_exists(page):
    """Paths begin at the root, at gameday/ or at docs/; a word in capitals stands for a name to choose."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    paths = re.findall(r"`([a-zA-Z_.*-]+/[a-zA-Z_./*-]*(?:/|\.(?:py|md|toml|yaml|html|json)))`", text)
    must_be_empty(path for path in paths if not CHOSEN.search(path) and not found_at(path))


def found_at(path: str) -> bool:
    return any(any(base.glob(path)) for base in (ROOT, PACKAGE, ROOT / "docs"))


def test_each_step_that_the_architecture_page_follows_names_a_function_of_its_module():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    steps = re.findall(r"\| `([a-z_/]+\.py)` \| `(\w+)` \|$", text, re.MULTILINE)
    assert len(steps) > 20
    must_be_empty(f"{module}: {function}" for module, function in steps if function not in defined(module))


def defined(module: str) -> set[str]:
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
