"""Actions, probes and a control that the experiments of these tests name."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path


def _post(url):
    with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=5) as answer:
        return answer.status


def switch(url, to):
    sys.stdout.write("noise on stdout that must not reach the messages\n")
    sys.stdout.flush()
    return _post(f"{url}/fault/{to}")


def is_on(url):
    with urllib.request.urlopen(f"{url}/fault", timeout=5) as answer:
        return b"true" in answer.read()


def nap(seconds=60.0):
    time.sleep(seconds)


def stubborn_nap(seconds=60.0):
    """Swallow everything that would end it."""
    end = time.time() + seconds
    while time.time() < end:
        try:
            time.sleep(end - time.time())
        except BaseException:  # noqa: BLE001
            continue


def boom():
    raise ValueError("no good")


def echo(secrets=None, configuration=None):
    return {"secrets": secrets, "configuration": configuration, "env": os.environ.get("CANARY_TOKEN")}


def late_child(url, after=1.0):
    """Start a process in a session of its own that switches the fault on later."""
    code = f"import time,urllib.request as u;time.sleep({after});u.urlopen(u.Request({url!r}+'/fault/on',method='POST'))"
    subprocess.Popen([sys.executable, "-c", code], start_new_session=True)


def leave(pidfile, how="plain", marker="sleep 300"):
    """Leave a process running, and write its pid."""
    forms = {
        "plain": f"{marker} & echo $! > {pidfile}",
        "nohup": f"nohup {marker} >/dev/null 2>&1 & echo $! > {pidfile}",
        "daemon": f"(setsid sh -c 'echo $$ > {pidfile}; exec {marker}' >/dev/null 2>&1 &) &",
        "bare": f"env -i setsid sh -c 'echo $$ > {pidfile}; exec {marker}' >/dev/null 2>&1 &",
    }
    if how == "python":
        child = subprocess.Popen(["sh", "-c", f"exec {marker}"])
        Path(pidfile).write_text(f"{child.pid}\n")
    else:
        subprocess.run(["sh", "-c", forms[how]], check=True)


def where():
    return str(Path.cwd())


def about_this_process():
    return {"pid": os.getpid(), "chaos command": "chaostoolkit" in sys.modules}


# --- a control ---


def before_activity_control(context, **_):
    path = os.environ.get("CONTROL_LOG")
    if path:
        with Path(path).open("a") as file:
            file.write(f"{context['name']}\n")
    if context["name"] == os.environ.get("CONTROL_INTERRUPTS"):
        from chaoslib.exceptions import InterruptExecution  # noqa: PLC0415  # this is imported in child processes

        raise InterruptExecution("a safeguard has tripped")
    if context["name"] == os.environ.get("CONTROL_BREAKS"):
        raise ValueError("this control is broken")
