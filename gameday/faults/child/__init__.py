"""Chaos Toolkit's own process, and the only modules that import chaoslib.

Comes in: commands on stdin (JSON lines), the experiment's text within them. Goes out: facts and
notes on the private end of stdout, and the journal in the drill's folder.
Does not: run within another process, call home, or write a log.

    {"do": "inject", "request": …, "journal": PATH}         run the experiment, hold, roll back
    {"do": "release"}                                       end the hold
    {"do": "load", "request": …}                            be ready to play its rollbacks
    {"do": "play", "request": …, "attempt": N, "by": WHO}   play them
    {"do": "ask", "probe": TEXT}                            ask a probe with its tolerance
    {"do": "steady", "text": …, "path": …}                  judge a steady-state hypothesis
    {"do": "check", "paths": […]}                           validate as `chaos validate` does, and import
    {"do": "count", "request": …}                           tell what each action is aimed at
    {"do": "lease", "namespace": …, "name": …, …}           take or give back a Kubernetes Lease
    {"do": "alarm", "name": …}                              tell the state of a CloudWatch alarm

When the parent dies (end of file), a child that runs an experiment rolls back by itself and ends.
chaostoolkit-lib 1.44 (Python 3.11) and 1.45 agree in all that is used here.
"""
