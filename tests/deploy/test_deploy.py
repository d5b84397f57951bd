"""What lies in deploy/ works as it says, as far as this machine can tell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# -- TLS -------------------------------------------------------------------------------------------------------


def make_keys(folder: Path) -> dict[str, str]:
    subprocess.run([sys.executable, DEPLOY / "tls" / "make_keys.py", folder], check=True)
    return {
        **os.environ,
        "DASK_CONFIG": str(folder / "distributed.yaml"),
        "PYTHONPATH": str(ROOT / "tests" / "farm"),
    }


@contextmanager
def running(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Start a scheduler and a worker as the systemd units do, and yield the scheduler's address."""
    contact = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [
            *dask,
            "scheduler",
            "--protocol",
            "tls",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            contact,
        ],
        **quiet,
    )
    worker = None
    try:
        deadline = time.monotonic() + 60
        while not contact.exists() and time.monotonic() < deadline:
            time.sleep(0.1)

        address = json.loads(contact.read_text())["address"]
        worker = subprocess.Popen(
            [
                *dask,
                "worker",
                address,
                "--nthreads",
                "2",
                "--no-dashboard",
                "--no-nanny",
                "--host",
                "127.0.0.1",
                "--local-directory",
                folder,
            ],
            **quiet,
        )
        yield address
    finally:
        for process in (worker, scheduler):
            if process is not None:
                process.terminate()
                process.wait(20)


CLIENT = """
import sys
import numpy as np
from distributed import Client
from farm_fake import FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import Sweep

client = Client(sys.argv[1], timeout=5)
client.wait_for_workers(1, timeout=30)
sweep = Sweep({"v0": np.arange(100, 120) * volt}, simulation=FakeSimulation())
data = sweep.run({"rate": rate}, store=sys.argv[2], client=client, progress=False)
print(int((data.status == 1).sum()))
"""


def test_a_sweep_over_encrypted_connections(tmp_path: Path) -> None:
    environment = make_keys(tmp_path / "keys")
    assert {p.stat().st_mode & 0o077 for p in (tmp_path / "keys").glob("*.pem")} == {0}
    store = str(tmp_path / "s.zarr")
    with running(tmp_path, environment) as address:
        assert address.startswith("tls://127.0.0.1:")

        def client(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-c", CLIENT, address, store]
            return subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=90
            )

        done = client(environment)
        assert done.stdout == "20\n", done.stderr
        strange = client(make_keys(tmp_path / "other"))
        assert strange.returncode
        assert "certificate verify failed" in strange.stderr
        plain = client({**os.environ, "PYTHONPATH": environment["PYTHONPATH"]})
        assert plain.returncode
        assert "tls" in plain.stderr.lower()


def test_another_member_has_the_same_authority(tmp_path: Path) -> None:
    make_keys(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    make_keys(tmp_path)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"member.pem", "member-key.pem"}


# -- Kubernetes ------------------------------------------------------------------------------------------------


def schemas() -> dict[str, dict[str, Any]]:
    operator = pytest.importorskip("dask_kubernetes")
    folder = (
        Path(operator.__file__).parent
        / "operator"
        / "deployment"
        / "helm"
        / "dask-kubernetes-operator"
        / "crds"
    )
    found = {}
    for path in folder.glob("*.yaml"):
        for resource in yaml.load_all(path.read_text(), LOADER):
            if resource:
                (version,) = resource["spec"]["versions"]
                found[resource["spec"]["names"]["kind"]] = version["schema"]["openAPIV3Schema"]
    return found


def strict(schema: Any) -> Any:
    """Forbid names that a schema does not know, as the server drops them silently."""
    if isinstance(schema, dict):
        schema = {name: strict(value) for name, value in schema.items()}
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        if schema.pop("x-kubernetes-int-or-string", False):
            return {"type": ["integer", "string"]}
    return schema


def resources() -> list[dict[str, Any]]:
    paths = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [resource for path in paths for resource in yaml.load_all(path.read_text(), LOADER)]


@pytest.mark.slow
def test_manifests_follow_the_operators_schemas() -> None:
    known = schemas()
    checked = []
    for resource in resources():
        if resource["apiVersion"] == "kubernetes.dask.org/v1":
            schema = known[resource["kind"]]
            schema["properties"].setdefault("apiVersion", {"type": "string"})
            schema["properties"].setdefault("kind", {"type": "string"})
            schema["properties"].setdefault("metadata", {"type": "object"})
            jsonschema.validate(resource, {**schema, "additionalProperties": False})
            jsonschema.validate(resource["spec"], strict(schema["properties"]["spec"]))
            checked.append(resource["kind"])
    assert checked == ["DaskCluster", "DaskJob"]
    wrong = {**resources()[0]["spec"], "worker": {"replicas": "many"}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, strict(known["DaskCluster"]["properties"]["spec"]))


def pods(value: Any) -> Iterator[dict[str, Any]]:
    """Yield whatever has containers."""
    if isinstance(value, dict):
        if "containers" in value:
            yield value
        for part in value.values():
            yield from pods(part)
    elif isinstance(value, list):
        for part in value:
            yield from pods(part)


def test_pods_are_not_root_and_name_their_volumes() -> None:
    found = [pod for resource in resources() for pod in pods(resource)]
    assert len(found) == 5
    for pod in found:
        assert pod["securityContext"]["runAsNonRoot"]
        volumes = {volume["name"] for volume in pod.get("volumes", ())}
        for container in pod["containers"]:
            assert {mount["name"] for mount in container.get("volumeMounts", ())} <= volumes


def test_commands_of_the_manifests_are_understood() -> None:
    """Each ``dask`` command with its options, told to print its help only."""
    for resource in resources():
        for pod in pods(resource):
            for container in pod["containers"]:
                arguments = container["args"]
                if arguments[0] == "dask":
                    options = [a for a in arguments[1:] if not a.startswith("tls://")]
                    done = subprocess.run(
                        [sys.executable, "-m", "dask", *options, "--help"],
                        capture_output=True,
                        text=True,
                        check=False,
                    )
                    assert done.returncode == 0, done.stderr


# -- systemd, container, SLURM ---------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_units_are_understood(tmp_path: Path) -> None:
    units = []
    for path in sorted((DEPLOY / "systemd").glob("*.service")):
        # An instance of the template, and a program that is there.
        unit = tmp_path / path.name.replace("@", "@4")
        unit.write_text(path.read_text().replace("/opt/spikefarm/bin/dask", "/bin/true"))
        units.append(unit)
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    own = [line for line in done.stderr.splitlines() if "spikefarm" in line]
    assert done.returncode == 0, done.stderr
    assert own == []


def test_the_container_file_uses_what_there_is() -> None:
    text = (DEPLOY / "container" / "Containerfile").read_text()
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    known = {"FROM", "RUN", "COPY", "USER", "ENV", "WORKDIR", "ENTRYPOINT", "CMD"}
    assert {line.split()[0] for line in lines} == known
    assert [line.split()[1] for line in lines if line.startswith("USER")] == ["spike"]
    extras = text.partition("spikefarm[")[2].partition("]")[0].split(",")

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(extras) <= set(project["optional-dependencies"])


@pytest.fixture
def engine() -> str:
    """A container engine that runs here and has, or can have, the image that ours begins with."""
    file = (DEPLOY / "container" / "Containerfile").read_text()
    (base,) = (line.split()[1] for line in file.splitlines() if line.startswith("FROM"))
    found = next(filter(None, map(shutil.which, ("podman", "docker"))), None)
    if found is None or _status(found, "info"):
        pytest.skip("no container engine runs here")
    if _status(found, "image", "inspect", base) and _status(found, "pull", base):
        pytest.skip(f"the image {base} cannot be had")
    return found


def _status(*command: str) -> int:
    return subprocess.run(command, capture_output=True, timeout=600, check=False).returncode


@pytest.mark.slow
def test_the_container_is_built(engine: str) -> None:
    file = DEPLOY / "container" / "Containerfile"
    subprocess.run([engine, "build", "-t", "spikefarm-test", "-f", file, ROOT], check=True, timeout=1200)
    subprocess.run([engine, "run", "--rm", "spikefarm-test"], check=True, timeout=120)


@pytest.mark.parametrize("path", sorted((DEPLOY / "slurm").glob("*.sh")), ids=lambda path: path.stem)
def test_options_of_the_slurm_scripts_make_sense(path: Path) -> None:
    """What they are told with sbatch is tested in tests/clusters."""
    from spikefarm.farm.clusters import JobOptions, form_named

    lines = path.read_text().splitlines()
    values = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
    form = form_named(values["SPIKEFARM_CLUSTER"])
    JobOptions.from_json(values.get("SPIKEFARM_CLUSTER_OPTIONS", "'{}'").strip("'")).check()
    assert form.name == f"slurm-{path.stem}"
    subprocess.run(["bash", "-n", path], check=True)
