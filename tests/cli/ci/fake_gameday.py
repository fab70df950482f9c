"""A stand-in for `gameday run` and `gameday revert`: does what its scenario's entry in script.json says.

Entries: exit, result, sleep (seconds), meets (who ends the sleep by beginning), term (exit code upon SIGTERM,
or "ignore"), die (a signal to itself), say (on stderr). What it does is noted in calls.jsonl, with instants.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path


def note(**facts):
    line = json.dumps({"at": time.monotonic(), "argv": sys.argv[1:], **facts}) + "\n"
    with Path("calls.jsonl").open("a", encoding="utf-8") as calls:
        calls.write(line)


def began(subject):
    calls = map(json.loads, Path("calls.jsonl").read_text(encoding="utf-8").splitlines())
    return any(Path(call["argv"][1]).stem == subject for call in calls)


def main():
    verb, subject = sys.argv[1:3]
    entry = json.loads(Path("script.json").read_text(encoding="utf-8"))[Path(subject).stem]
    term = entry.get("term", 3)

    def end(*_):
        if term == "ignore":
            return
        sys.stdout.write(json.dumps(entry["result"]))
        note(verb=verb, what="aborted")
        sys.exit(term)

    signal.signal(signal.SIGTERM, end)
    note(verb=verb, what="began")
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    sys.stderr.write(entry.get("say", "it goes on") + "\n")
    sys.stderr.flush()
    until = time.monotonic() + entry.get("sleep", 0.0)
    while time.monotonic() < until and not began(entry.get("meets")):
        time.sleep(0.02)
    if "die" in entry:
        os.kill(os.getpid(), entry["die"])
    if entry.get("result"):
        sys.stdout.write(json.dumps(entry["result"]))
    note(verb=verb, what="ended")
    sys.exit(entry.get("exit", 0))


main()
