"""The published extensions of Chaos Toolkit: which package holds a module that an experiment names."""

from __future__ import annotations

from collections.abc import Mapping

PACKAGES: Mapping[str, str] = {
    "chaosaddons": "chaostoolkit-addons",
    "chaosansible": "chaostoolkit-ansible",
    "chaosaws": "chaostoolkit-aws",
    "chaosazure": "chaostoolkit-azure",
    "chaoscf": "chaostoolkit-cloud-foundry",
    "chaosdatadog": "chaostoolkit-datadog",
    "chaosdb": "chaosdb",
    "chaosdynatrace": "chaostoolkit-dynatrace",
    "chaosgandi": "chaostoolkit-gandi",
    "chaosgarden": "chaosgarden",
    "chaosgce": "chaostoolkit-google-cloud",
    "chaosgcp": "chaostoolkit-google-cloud-platform",
    "chaosgrafana": "chaostoolkit-grafana",
    "chaosgremlin": "chaostoolkit-gremlin",
    "chaoshoneycomb": "chaostoolkit-honeycomb",
    "chaoshumio": "chaostoolkit-humio",
    "chaosinstana": "chaostoolkit-instana",
    "chaosiqcloud": "chaosiq-cloud",
    "chaosistio": "chaostoolkit-istio",
    "chaosk6": "chaostoolkit-k6",
    "chaosk8s": "chaostoolkit-kubernetes",
    "chaoskafka": "chaostoolkit-kafka",
    "chaosopenstack": "chaostoolkit-openstack",
    "chaosprometheus": "chaostoolkit-prometheus",
    "chaosreliably": "chaostoolkit-reliably",
    "chaossaltstack": "chaostoolkit-saltstack",
    "chaosservicefabric": "chaostoolkit-service-fabric",
    "chaosslack": "chaostoolkit-slack",
    "chaosspring": "chaostoolkit-spring",
    "chaosswarm": "chaostoolkit-docker-swarm",
    "chaosterraform": "chaostoolkit-terraform",
    "chaostoxi": "chaostoolkit-toxiproxy",
    "chaostracing": "chaostoolkit-opentracing",
    "chaoswm": "chaostoolkit-wiremock",
}
"""By a top-level module, the distribution on PyPI."""


def hint(module: str) -> str:
    """Tell how to get a module that is not there."""
    package = PACKAGES.get(module.partition(".")[0])
    return f"pip install {package}" if package else "install what holds it, or put it into the workspace"
