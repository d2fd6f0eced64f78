"""The files that start the production shape say nothing that the platform does not know.

No container engine is needed: compose.yaml is read by a validating parser of the Compose specification, and by
`docker-compose config` where that is installed. Images cannot be pulled here, so their tags are not checked.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyOptions

from kb_platform.settings_reference import variables

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE = REPOSITORY / "compose.yaml"
MANIFESTS = REPOSITORY / "deploy" / "kubernetes"
SETTINGS = {variable.name for variable in variables()}
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]*\}")
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")

KUBERNETES_FIELDS = {
    "Namespace": set(),
    "ConfigMap": {"data"},
    "PersistentVolumeClaim": {"spec"},
    "Job": {"spec"},
    "Deployment": {"spec"},
    "StatefulSet": {"spec"},
    "Service": {"spec"},
    "Kustomization": {"resources", "namespace", "images"},
}


def filled_in(text: str) -> str:
    """compose.yaml as Compose reads it: defaults applied, required variables given."""
    return VARIABLE.sub(lambda match: match[3] if match[2] == "-" else "given", text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load(filled_in(COMPOSE.read_text())))


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(MANIFESTS.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield path.name, document


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, document in manifests():
        template = document.get("spec", {}).get("template", {}) if isinstance(document.get("spec"), dict) else {}
        for container in template.get("spec", {}).get("containers", []):
            yield name, container


def python_module(command: list[str]) -> str | None:
    """The module that `python -m` of the command starts; for celery, the application's."""
    if command[:2] != ["python", "-m"]:
        return None
    return command[command.index("-A") + 1] if "-A" in command else command[2]


def test_compose_is_valid_by_the_specification() -> None:
    parsed = PyOptions(apply_merge=True).from_yaml(filled_in(COMPOSE.read_text()))
    assert {"api", "worker", "scheduler", "postgres", "redis", "qdrant", "vllm"} <= set(parsed.service_names())


def test_a_misspelt_key_is_found() -> None:
    broken = filled_in(COMPOSE.read_text()).replace("healthcheck:", "healthchek:", 1)
    with pytest.raises(ValueError, match="healthchek"):
        PyOptions(apply_merge=True).from_yaml(broken)


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="no docker-compose here (Debian: docker-compose)")
def test_docker_compose_accepts_it() -> None:
    required = dict.fromkeys(REQUIRED.findall(COMPOSE.read_text()), "given")
    done = subprocess.run(
        ["docker-compose", "--file", COMPOSE, "config", "--quiet"],
        env={**os.environ, **required},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_no_secret_has_a_default() -> None:
    for name, operator, _text in VARIABLE.findall(COMPOSE.read_text()):
        if re.search("PASSWORD|KEY|SECRET", name):
            assert operator == "?", f"{name} must be given"


def test_every_required_variable_is_in_the_example() -> None:
    example = (REPOSITORY / "deploy" / "example.env").read_text()
    given = set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    assert given == set(REQUIRED.findall(COMPOSE.read_text()))


def test_compose_passes_only_settings_that_exist(compose: dict[str, Any]) -> None:
    passed = {
        name
        for service in compose["services"].values()
        for name in service.get("environment", {})
        if name.startswith("KB_")
    }
    assert passed - SETTINGS == set()
    assert {"KB_DATABASE__URL", "KB_QUEUE__URL", "KB_INDEX__URL"} <= passed


def test_every_process_of_compose_can_be_started(compose: dict[str, Any]) -> None:
    modules = {
        module for service in compose["services"].values() if (module := python_module(service.get("command", [])))
    }
    assert {"web", "workers.celery_app", "workers.schedule", "kb_platform.database.migrate"} <= modules
    assert [module for module in modules if importlib.util.find_spec(module) is None] == []


def test_a_gpu_is_reserved_for_the_model(compose: dict[str, Any]) -> None:
    devices = compose["services"]["vllm"]["deploy"]["resources"]["reservations"]["devices"]
    assert [device["capabilities"] for device in devices if device["driver"] == "nvidia"] == [["gpu"]]


def test_every_long_running_backend_says_whether_it_is_healthy(compose: dict[str, Any]) -> None:
    without = {name for name, service in compose["services"].items() if "healthcheck" not in service}
    assert without == {"migrate", "scheduler"}  # one ends, the other has nobody who waits for it


def test_every_manifest_is_a_known_kind_with_a_name() -> None:
    for name, document in manifests():
        kind = document["kind"]
        assert kind in KUBERNETES_FIELDS, f"{name}: {kind}"
        assert set(document) - {"apiVersion", "kind", "metadata"} == KUBERNETES_FIELDS[kind], name
        assert kind == "Kustomization" or document["metadata"]["name"], name


def test_kustomize_lists_every_manifest() -> None:
    listed = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())["resources"]
    assert set(listed) == {path.name for path in MANIFESTS.glob("*.yaml")} - {"kustomization.yaml"}


def test_labels_selectors_and_claims_of_the_manifests_agree() -> None:
    claims = {
        document["metadata"]["name"] for _, document in manifests() if document["kind"] == "PersistentVolumeClaim"
    }
    for name, document in manifests():
        if document["kind"] in ("Deployment", "StatefulSet"):
            spec = document["spec"]
            assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"], name
        pod = document["spec"].get("template", {}).get("spec", {}) if isinstance(document.get("spec"), dict) else {}
        volumes = {volume["name"] for volume in pod.get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for claim in document.get("spec", {}).get("volumeClaimTemplates", [])}
        for volume in pod.get("volumes", []):
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in claims, name
        for container in pod.get("containers", []):
            assert {mount["name"] for mount in container.get("volumeMounts", [])} <= volumes, name


def test_kubernetes_passes_only_settings_that_exist() -> None:
    configured = {key for _, document in manifests() if document["kind"] == "ConfigMap" for key in document["data"]}
    secrets = set(re.findall(r"--from-literal=(KB_\w+)", (MANIFESTS / "README.md").read_text()))
    assert (configured | secrets) - SETTINGS == set()
    assert {"KB_DATABASE__URL", "KB_SECURITY__SECRET_KEY"} <= secrets


def test_every_process_of_kubernetes_can_be_started() -> None:
    modules = {module for _, container in containers() if (module := python_module(container.get("command", [])))}
    assert {"web", "workers.celery_app", "workers.schedule", "kb_platform.database.migrate"} <= modules
    assert [module for module in modules if importlib.util.find_spec(module) is None] == []
