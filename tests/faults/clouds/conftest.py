"""Two clusters on loopback, and a kubeconfig whose current context is the one that no drill may reach."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Api(ThreadingHTTPServer):
    """A Kubernetes API that knows one namespace, of a UID of its own."""

    answers = True

    def __init__(self, name):
        super().__init__(("127.0.0.1", 0), Handler)
        self.uid = f"uid-of-{name}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.server.answers and self.path == "/api/v1/namespaces/kube-system"
        metadata = {"name": "kube-system", "uid": self.server.uid}
        content = json.dumps({"kind": "Namespace", "apiVersion": "v1", "metadata": metadata}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def clusters():
    made = {name: Api(name) for name in ("staging", "prod")}
    for api in made.values():
        threading.Thread(target=api.serve_forever, daemon=True).start()
    yield made
    for api in made.values():
        api.shutdown()
        api.server_close()


@pytest.fixture
def kubeconfig(clusters, tmp_path, monkeypatch):
    servers = {name: f"http://127.0.0.1:{api.server_port}" for name, api in clusters.items()}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "clusters": [{"name": name, "cluster": {"server": url}} for name, url in servers.items()],
        "users": [{"name": "me", "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "me"}} for name in servers],
    }
    path = tmp_path / "users-kubeconfig"
    path.write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.delenv("KUBERNETES_CONTEXT", raising=False)
    return path
