"""A Kubernetes API on loopback: kmock, with what it lacks: namespaces, selectors, UIDs, versions, PUT.

It has no controllers and no exec. It runs in a thread of its own, so that child processes can ask it.
"""

import asyncio
import itertools
import json
import re
import threading
from contextlib import contextmanager

import kmock
from aiohttp import web

V1, APPS = "v1", "apps/v1"
RESOURCES = {
    "pods": kmock.resource("", V1, "pods"),
    "nodes": kmock.resource("", V1, "nodes"),
    "services": kmock.resource("", V1, "services"),
    "deployments": kmock.resource("apps", V1, "deployments"),
    "leases": kmock.resource("coordination.k8s.io", V1, "leases"),
}
_NUMBERS = itertools.count(1)


class Cluster(kmock.KubernetesEmulator):
    """The API server.

    delete_nothing  deletions are accepted and come to nothing
    deletions       the names of what was asked to be deleted
    """

    def __init__(self, *namespaces):
        super().__init__()
        self.namespaces = set(namespaces)
        self.delete_nothing = False
        self.deletions = []
        for resource in RESOURCES.values():
            self.resources[resource] = {}

    def add(self, kind, name, namespace=None, labels=None, **body):
        """Put an object in; pods and deployments get a container `main`."""
        metadata = {"name": name, "uid": f"uid-{next(_NUMBERS)}", "resourceVersion": str(next(_NUMBERS))}
        metadata |= {"namespace": namespace} if namespace else {}
        spec = {"pods": {"containers": [{"name": "main"}]}, "deployments": DEPLOYMENT}.get(kind, {})
        spec = {**spec, **body.pop("spec", {})}
        found = {"metadata": {**metadata, "labels": labels or {}, **body.pop("metadata", {})}, "spec": spec}
        self.objects[RESOURCES[kind], namespace, name] = {**found, **body}

    async def _handle(self, request):
        if request.resource is not None and request.resource.plural is None and request.namespace:
            return self._namespace(request.namespace)
        if request.method is kmock.method.DELETE:
            self.deletions.append(request.name)
        if self.delete_nothing and request.method is kmock.method.DELETE:
            found = self.objects[request.resource, request.namespace, request.name]
            return web.json_response(dict(found.raw))
        if request.method is kmock.method.PUT and request.name is not None:
            return self._replace(request)
        if isinstance(request.data, dict) and request.action is kmock.action.CREATE:
            self._stamp(request.data, f"uid-{next(_NUMBERS)}")
        return await super()._handle(request)

    def _namespace(self, name):
        if name not in self.namespaces:
            return web.json_response({"kind": "Status", "code": 404, "reason": "NotFound"}, status=404)
        return web.json_response({"metadata": {"name": name, "uid": f"uid-of-{name}"}})

    def _replace(self, request):
        key = (request.resource, request.namespace, request.name)
        there = self.objects[key].raw["metadata"] if key in self.objects else {}
        wanted = request.data["metadata"].get("resourceVersion")
        if wanted and wanted != there.get("resourceVersion"):
            return web.json_response({"kind": "Status", "code": 409, "reason": "Conflict"}, status=409)
        self._stamp(request.data, there.get("uid", ""))
        self.objects[key] = request.data
        return web.json_response(request.data)

    @staticmethod
    def _stamp(body, uid):
        body["metadata"] |= {"uid": uid, "resourceVersion": str(next(_NUMBERS))}

    async def _serve_list(self, request):
        answer = await super()._serve_list(request)
        labels, fields = request.params.get("labelSelector", ""), request.params.get("fieldSelector", "")
        items = [one for one in answer["items"] if selects(labels, one["metadata"].get("labels") or {})]
        return {**answer, "items": [one for one in items if selects(fields, _fields(one))]}


DEPLOYMENT = {
    "replicas": 3,
    "selector": {"matchLabels": {"app": "shop"}},
    "template": {"spec": {"containers": [{"name": "main"}]}},
}


def _fields(one):
    return {
        "metadata.name": one["metadata"]["name"],
        "spec.nodeName": one.get("spec", {}).get("nodeName", ""),
    }


def selects(selector, labels):
    """Tell whether a selector such as `a=b,c!=d,e in (x,y),f,!g` selects labels."""
    terms = re.findall(r"[^,()]+(?:\([^)]*\))?", selector)
    return all(_holds(term.strip(), labels) for term in terms)


def _holds(term, labels):
    found = re.fullmatch(r"(\S+) (in|notin) \(([^)]*)\)", term)
    if found:
        among = labels.get(found[1]) in [each.strip() for each in found[3].split(",")]
        return among is (found[2] == "in")
    found = re.fullmatch(r"([^=!]+)(!=|==|=)(.*)", term)
    if found:
        return (labels.get(found[1].strip()) == found[3].strip()) is (found[2] != "!=")
    return (term.removeprefix("!") in labels) is not term.startswith("!")


@contextmanager
def running():
    """Run a cluster with the namespace `shop` and an empty `default`; give it and its URL."""
    cluster = Cluster("default", "shop")
    ready, over, url = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def serve():
        async with cluster, kmock.Server(cluster) as server:
            url.append(str(server.url).rstrip("/"))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield cluster, url[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def pods(cluster, count=2, app="shop", namespace="shop", **more):
    """Put pods in: shop-0, shop-1, …"""
    for number in range(count):
        cluster.add("pods", f"{app}-{number}", namespace, labels={"app": app}, **more)


def action(func, module="chaosk8s.pod.actions", called="act", **arguments):
    """Write an action of an extension."""
    provider = {"type": "python", "module": module, "func": func, "arguments": arguments}
    return {"type": "action", "name": called, "provider": provider}


def experiment(*method, **more):
    """Write an experiment of these activities."""
    made = {"title": "t", "description": "d", "method": list(method), "rollbacks": [], **more}
    return json.dumps(made)
