"""Which package holds a module that an experiment or a locustfile names: extensions, and common libraries."""

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
"""Published extensions of Chaos Toolkit: by a top-level module, the distribution on PyPI."""

LIBRARIES: Mapping[str, str] = {
    "Crypto": "pycryptodome",
    "OpenSSL": "pyOpenSSL",
    "PIL": "pillow",
    "aiohttp": "aiohttp",
    "boto3": "boto3",
    "bs4": "beautifulsoup4",
    "cassandra": "cassandra-driver",
    "confluent_kafka": "confluent-kafka",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dns": "dnspython",
    "dotenv": "python-dotenv",
    "elasticsearch": "elasticsearch",
    "faker": "Faker",
    "grpc": "grpcio",
    "grpc_interceptor": "grpc-interceptor",
    "httpx": "httpx",
    "influxdb": "influxdb",
    "influxdb_client": "influxdb-client",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "kafka": "kafka-python",
    "ldap3": "ldap3",
    "locust_plugins": "locust-plugins",
    "lxml": "lxml",
    "numpy": "numpy",
    "openai": "openai",
    "paho": "paho-mqtt",
    "pandas": "pandas",
    "pika": "pika",
    "playwright": "playwright",
    "prometheus_client": "prometheus-client",
    "pydantic": "pydantic",
    "pymongo": "pymongo",
    "redis": "redis",
    "requests_oauthlib": "requests-oauthlib",
    "requests_toolbelt": "requests-toolbelt",
    "selenium": "selenium",
    "sklearn": "scikit-learn",
    "socketio": "python-socketio",
    "thrift": "thrift",
    "toml": "toml",
    "ujson": "ujson",
    "websocket": "websocket-client",
    "websockets": "websockets",
    "yaml": "PyYAML",
    "zeep": "zeep",
}
"""What locustfiles import most: by a top-level module, the distribution on PyPI."""


def hint(module: str) -> str:
    """Explain how to get a module that is not there."""
    top = module.partition(".")[0]
    package = PACKAGES.get(top) or LIBRARIES.get(top)
    return f"pip install {package}" if package else "install what holds it, or put it into the workspace"
