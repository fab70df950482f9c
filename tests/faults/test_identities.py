"""Clusters and accounts tell who they are, over real HTTP, from a child process."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gameday.faults.identities import ChildIdentities
from gameday.system import commands, processes
from gameday.system.target import answers
from tests import ports

UID = "0b6a6c1e-5f0e-4a43-9d4b-7c1f3f2a9e11"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "eu-central-1"}


class Cluster(BaseHTTPRequestHandler):
    """A Kubernetes API that knows one namespace."""

    found = True

    def do_GET(self):
        found = self.found and self.path == "/api/v1/namespaces/kube-system"
        body = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "kube-system", "uid": UID}}
        content = json.dumps(body if found else {"kind": "Status"}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def kubeconfig(tmp_path, server):
    """Two contexts: staging is current and answers, prod does not."""
    clusters = [("staging", server), ("prod", f"http://127.0.0.1:{ports.free()}")]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "staging",
        "clusters": [{"name": name, "cluster": {"server": url}} for name, url in clusters],
        "users": [{"name": "nobody", "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "nobody"}} for name, _ in clusters],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    return {"KUBECONFIG": str(path)}


@pytest.fixture(scope="module")
def moto():
    """A real moto_server on a free port."""
    port = ports.free()
    argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    child = processes.start(argv)
    url = f"http://127.0.0.1:{port}"
    while answers(url):
        assert child.poll() is None
    yield {**KEYS, "AWS_ENDPOINT_URL": url}
    child.kill()


def cluster(env):
    return asyncio.run(ChildIdentities(env=env, within=90).kubernetes_context())


def account(env, *instances):
    return asyncio.run(ChildIdentities(env=env, within=90).aws_account(instances))


def test_a_cluster_tells_its_context_and_the_uid_of_kube_system(kubeconfig):
    seen = cluster(kubeconfig)
    assert (seen.context, seen.uid, seen.error) == ("staging", UID, "")


def test_a_cluster_that_does_not_answer_is_an_error_and_no_identity(kubeconfig):
    seen = cluster({**kubeconfig, "KUBERNETES_CONTEXT": "prod"})
    assert (seen.context, seen.uid) == ("prod", "")
    assert re.fullmatch(r"127\.0\.0\.1:\d+ does not answer: \[Errno \d+\] Connection refused", seen.error)


def test_a_refusal_says_its_status(kubeconfig, monkeypatch):
    monkeypatch.setattr(Cluster, "found", False)
    assert cluster(kubeconfig).error == "it answers 404 Not Found"


def test_a_context_that_there_is_not_is_an_error(kubeconfig):
    assert cluster({**kubeconfig, "KUBERNETES_CONTEXT": "nowhere"}).error


def test_a_kubeconfig_that_there_is_not_is_reported_and_not_asked_for_elsewhere(tmp_path):
    nowhere = str(tmp_path / "none")
    assert cluster({"KUBECONFIG": nowhere}).error == f"no kubeconfig at {nowhere}"


def test_an_account_tells_its_number_and_region(moto):
    seen = account(moto)
    assert (seen.account, seen.region, seen.error) == ("123456789012", "eu-central-1", "")


def test_an_account_tells_the_tags_of_instances(moto):
    instance = tagged_instance(moto)
    assert account(moto, instance).tags == {instance: {"gameday": "yes"}}


def test_an_instance_that_there_is_not_is_an_error(moto):
    assert "InvalidInstanceID" in account(moto, "i-0123456789abcdef0").error


def test_no_region_is_an_error(moto):
    assert "region" in account({**moto, "AWS_REGION": "", "AWS_DEFAULT_REGION": ""}).error


def test_neither_library_is_imported_here(kubeconfig):
    code = "import sys, gameday.faults.identities; print({'chaosk8s', 'kubernetes', 'chaosaws', 'boto3'} & set(sys.modules))"
    assert commands.call([sys.executable, "-c", code], timeout=30).output.strip() == "set()"


def tagged_instance(env):
    """Start an instance by boto3, in a process of its own."""
    code = (
        "import boto3; tags = [{'ResourceType': 'instance', 'Tags': [{'Key': 'gameday', 'Value': 'yes'}]}];"
        "ec2 = boto3.client('ec2', region_name='eu-central-1');"
        "image = ec2.describe_images()['Images'][0]['ImageId'];"
        "made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=tags);"
        "print(made['Instances'][0]['InstanceId'])"
    )
    return commands.call([sys.executable, "-c", code], timeout=60, env=env).output.strip().splitlines()[-1]
