"""Whether a command, or what a trail writes about one, only looks.

`LOOKS` and `CHANGING` are the whole rule, as tables; the rest takes a command line apart. A command line
looks where all of its parts do; what the tables do not know does not look.
"""

from __future__ import annotations

import re
import shlex
from fnmatch import fnmatchcase
from itertools import pairwise

from gameday.core import responder_commands

_TABLE = """
kubectl: get, describe, logs, top, events, explain, version, cluster-info, api-resources, api-versions, diff
kubectl: wait, auth can-i, config view, config current-context, config get-*, rollout status, rollout history
helm: list, ls, status, history, get, show, search, template, version, diff
docker: ps, logs, inspect, stats, top, images, events, port, info, version, diff, system df
docker: * ls, * list, * ps, * inspect, * logs, * stats, * top, compose config
systemctl: status, show, cat, list-*, is-*
service: * status
aws: * describe-*, * list-*, * get-*, * batch-get-*, * head-*, * lookup-*, * filter-*, * wait
aws: s3 ls, logs tail, dynamodb query, dynamodb scan
gcloud: * list, * describe, * read, * * list, * * describe, * * * list, * * * describe
az: * list, * show, * * list, * * show, * * * list, * * * show
terraform: plan, show, output, state list, state show, validate, version
git: status, log, diff, show, blame
redis-cli: get, mget, info, keys, scan, ttl, ping, llen, hgetall, exists, type, dbsize, monitor, memory
redis-cli: slowlog get, client list, config get
promtool: query
amtool: alert, config show
gameday: status
gameday: show, list, score, postmortem, review, verify, doctor, validate
gameday: shop trail, shop queries, shop status, shop alerts, shop logs
shop: trail, queries, status, alerts, logs
get list describe view inspect options login:
ls cat grep egrep zgrep rg zcat tail wc uniq jq yq awk sed find pwd cd echo printf sleep:
ps pgrep htop df du uptime vmstat iostat mpstat sar netstat ss lsof dmesg journalctl whoami printenv uname:
ping dig nslookup traceroute mtr tcpdump curl wget stern k9s logcli:
"""


def _read(table: str) -> dict[str, tuple[str, ...]]:
    read: dict[str, tuple[str, ...]] = {}
    for line in table.strip().splitlines():
        programs, _, beginnings = line.partition(":")
        for program in programs.split():
            read[program] = (*read.get(program, ()), *(each.strip() for each in beginnings.split(",")))
    return read


LOOKS = _read(_TABLE)
LOOKS["gameday"] += tuple(name for name, command in responder_commands.ALL.items() if not command.acts)
"""For each program the beginnings of the commands that only look, without options; `*` stands for one word.
An empty beginning stands for all commands, but for those with an option of `CHANGING`. Among the programs are
the verbs of audit logs and of HTTP, as a trail may write them."""

CHANGING: dict[str, str] = {
    "curl": r"--(data|json|form|upload-file)\b.*|-[a-zA-Z]*[dFT].*"
    r"|(-[a-zA-Z]*X|--request)(?!=?(GET|HEAD|OPTIONS)$).*",
    "wget": r"--(post|body)-.*|--method=(?!GET|HEAD).*",
    "sed": r"-[a-zA-Z]*i.*|--in-place.*",
    "find": r"-delete|-exec.*|-ok.*",
    "journalctl": r"--vacuum.*|--rotate|--flush",
}
"""Options with which a program whose commands look changes something after all."""

WORDS = re.compile("less|more|head|top|host|free|file|stat|date|last|diff|sort|cut|id")
"""Programs that only look, but are words of English, too: they look where only options and paths follow."""

_SAME_AS = {"podman": "docker", "nerdctl": "docker", "oc": "kubectl", "tofu": "terraform"}
_SQL = frozenset({"psql", "mysql", "mariadb", "sqlite3"})
_SQL_LOOKS = re.compile(
    r"(select|show|explain(?!\s+\(?analyze)|describe|with(?!.*\b(insert|update|delete|merge)\b)|\\[dlz])(?![a-z_])|$",
    re.IGNORECASE | re.DOTALL,
)
_SQL_CHANGES = re.compile(
    r"\binto\b|\bfor\s+(update|share)\b|\b(pg_(?!stat|lock|is_|size|database|relation|get)\w+|setval|nextval|dblink\w*)"
    r"\s*\(",
    re.IGNORECASE,
)
"""Functions such as pg_terminate_backend, which act from within a SELECT."""
_WITH_VALUE = re.compile(
    r"-[nfphHaCsu]"
    r"|--(namespace|context|cluster|kubeconfig|region|profile|project|output|endpoint-url|subscription|host)"
)
"""Options that may stand before a verb, and take the next word as their value."""
_WRAPPERS = re.compile("sudo|doas|env|command|time|nohup|watch|timeout|nice|xargs|exec")
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ash"})
_CLOUD_EVENT = re.compile(r"(?:[\w.-]+:)?(?:Describe|List|Get|BatchGet|Head|Lookup|Search)[A-Z]\w*")
_SUBSTITUTED = re.compile(r"\$\(([^()]*)\)|`([^`]*)`")
_JOINED = frozenset({"&&", "||", ";", "|", "&", "|&"})
_METHOD = re.compile(r"-[a-zA-Z]*X|--request")
_READ_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})


def only_looks(action: str) -> bool:
    """Whether an action, as a command or in a trail's words, only looks. One that is not known does not."""
    text = action.strip()
    while found := _SUBSTITUTED.search(text):
        if not only_looks(found.group(1) or found.group(2) or ""):
            return False
        text = f"{text[: found.start()]}x{text[found.end() :]}"
    if not text:
        return False
    try:
        lexer = shlex.shlex(text.replace("\n", " ; "), posix=True, punctuation_chars=";&|<>")
        lexer.whitespace_split, lexer.commenters = True, ""
        words = list(lexer)
    except ValueError:  # an apostrophe in a trail's prose opens no quotation
        words = text.split()
    return all(_looks(command) for command in _commands(words))


def _commands(words: list[str]) -> list[list[str]]:
    commands: list[list[str]] = [[]]
    for word in words:
        if word in _JOINED:
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


def _looks(command: list[str]) -> bool:
    """Judge one command, without the programs that only start it."""
    words = command
    while words and (re.fullmatch(r"\w+=.*", words[0]) or _WRAPPERS.fullmatch(_name(words[0]))):
        words = _unwrapped(words)
    if not words:
        return True
    program = _SAME_AS.get(_name(words[0]), _name(words[0]))
    if program in _SQL:
        return _sql_looks(words[1:])
    if _writes(words):
        return False
    inner = _inner(program, words)
    if inner is not None:
        return only_looks(inner)
    dry = any(re.fullmatch(r"--help|--dry-run(=(?!none|false).+)?", word) for word in words)
    return dry or bool(_CLOUD_EVENT.fullmatch(words[0])) or _in_tables(program, words[1:])


def _name(word: str) -> str:
    return word.rsplit("/", 1)[-1].lower()


def _writes(words: list[str]) -> bool:
    """Whether a command's output goes into a file, other than one that only keeps it."""
    return any(
        ">" in word
        and set(word) <= {">", "&"}
        and not target.startswith(("/dev/", "/tmp/"))  # noqa: S108  # nothing is written here
        and not target.endswith((".log", ".txt", ".out"))
        and not ("&" in word and target.isdigit())
        for word, target in pairwise(words)
    )


def _unwrapped(words: list[str]) -> list[str]:
    rest = words[1:]
    while rest and (rest[0].startswith("-") or re.fullmatch(r"[\d.]+[smh]?", rest[0])):
        rest = rest[1 + (rest[0] in {"-u", "-n", "-I", "-P", "-L"}) :]
    return rest


def _inner(program: str, words: list[str]) -> str | None:
    """Give the command that a shell, another host or a container is to run; None: it is none of these."""
    if program in _SHELLS and len(words) > 2 and re.fullmatch(r"-\w*c", words[1]):
        return " ".join(words[2:])
    if program == "ssh":
        return " ".join(_without_options(words[1:])[1:]) or None
    if program.startswith("python") and words[1:2] == ["-m"]:
        return " ".join(words[2:])
    if program in {"kubectl", "docker"} and "exec" in _without_options(words)[:3]:
        after = words[words.index("exec") + 1 :]
        if "--" in after:
            return " ".join(after[after.index("--") + 1 :])
        return " ".join(_without_options(after)[1:])
    return None


def _without_options(words: list[str]) -> list[str]:
    kept, skip = [], False
    for word in words:
        if not skip and not word.startswith("-"):
            kept.append(word)
        skip = not skip and bool(_WITH_VALUE.fullmatch(word))
    return kept


def _in_tables(program: str, arguments: list[str]) -> bool:
    if WORDS.fullmatch(program):
        return all(re.search(r"^-|[/.]|^\d+$", word) for word in arguments)
    options = [word for word in arguments if word.startswith("-")]
    # the method may be the next word: `-X GET`
    if any(
        re.fullmatch(r"-[a-zA-Z]*X|--request", option) and word in _READ_ONLY
        for option, word in pairwise(arguments)
    ):
        options = [option for option in options if not re.fullmatch(r"-[a-zA-Z]*X|--request", option)]
    if program in CHANGING and any(re.fullmatch(CHANGING[program], option) for option in options):
        return False
    words = [word.lower() for word in _without_options(arguments)]
    return any(_begins(words, beginning.split()) for beginning in LOOKS.get(program, ()))


def _begins(words: list[str], beginning: list[str]) -> bool:
    return len(words) >= len(beginning) and all(map(fnmatchcase, words, beginning))


def _sql_looks(arguments: list[str]) -> bool:
    """Whether every statement of a database's client looks. Without one in its arguments it is not known."""
    if {"-l", "--list"} & set(arguments):
        return True
    # A script's command is recorded without its quotes, so a statement goes on to the next option.
    text = " ".join(re.sub(r"^--(command|execute)=", "-c ", word) for word in arguments)
    given = re.findall(r"(?:^| )(?:-\w*[ce]|--command|--execute) (.*?)(?= -\w|$)", text, re.DOTALL)
    statements = [statement.strip() for each in given for statement in each.split(";")]
    return bool(statements) and all(
        _SQL_LOOKS.match(statement) and not _SQL_CHANGES.search(statement) for statement in statements
    )
