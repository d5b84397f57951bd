"""A SLURM of our own on loopback: controller and two virtual nodes, in a folder, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")
CPUS = 4

CONFIGURATION = """\
ClusterName=local
SlurmctldHost=localhost
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={control}
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/slurmd-%n.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,bf_interval=1,sched_interval=1
SlurmdParameters=config_overrides
KillWait=2
NodeName=n[1-2] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[{first}-{second}] CPUs={cpus} RealMemory=8000
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=INFINITE DefMemPerCPU=200 State=UP
PartitionName=short Nodes=n[1-2] MaxTime=5 DefMemPerCPU=200 State=UP
"""


def missing() -> str:
    """Say why there can be no SLURM here; empty if there can."""
    if os.getuid() != 0:
        return "starting SLURM's programs needs root"
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"not installed: {', '.join(lacking)} (apt-get install slurm-wlm munge)" if lacking else ""


def free_ports() -> tuple[int, int, int]:
    """Return a free port and two that follow each other."""
    while True:
        with closing(socket.socket()) as a, closing(socket.socket()) as b, closing(socket.socket()) as c:
            a.bind(("127.0.0.1", 0))
            b.bind(("127.0.0.1", 0))
            first = b.getsockname()[1]
            try:
                c.bind(("127.0.0.1", first + 1))
            except (OSError, OverflowError):
                continue
            return a.getsockname()[1], first, first + 1


class SlurmSite:
    """Controller, two nodes and munge.

    Parameters
    ----------
    folder : Path
        Where all of it lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}

    def start(self) -> None:
        folder = self.folder
        for name in ("state", "spool-n1", "spool-n2"):
            (folder / name).mkdir()
        folder.chmod(0o711)
        key = folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        control, first, second = free_ports()
        text = CONFIGURATION.format(folder=folder, control=control, first=first, second=second, cpus=CPUS)
        (folder / "slurm.conf").write_text(text)
        places = {"key-file": key, "socket": "munge.socket", "pid-file": "munge.pid"}
        places |= {"log-file": "munge.log", "seed-file": "munge.seed"}
        self._spawn("munged", "--foreground", *(f"--{name}={folder / at}" for name, at in places.items()))
        self._wait(lambda: (folder / "munge.socket").exists(), "munge")
        self._spawn("slurmctld", "-D", "-i")
        for node in ("n1", "n2"):
            self._spawn("slurmd", "-D", "-N", node)
        self._wait(lambda: self.tell("sinfo", "-h", "-p", "main", "-o", "%D %t") == "2 idle", "both nodes")

    def stop(self) -> None:
        subprocess.run(["scancel", "--user=root"], env=self.environment, capture_output=True, check=False)
        self._wait(lambda: not self.jobs(), "the end of all jobs", fail=False)
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def tell(self, *command: str) -> str:
        """Return what a program of SLURM says."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def jobs(self) -> dict[str, str]:
        """Return states of all jobs that have not ended, by number and task."""
        lines = self.tell("squeue", "-h", "-r", "-o", "%i %T %N").splitlines()
        return {line.split()[0]: line.partition(" ")[2] for line in lines}

    def nodes_in_use(self) -> set[str]:
        """Return the nodes that have jobs running."""
        lists = self.tell("squeue", "-h", "-t", "R", "-o", "%N").split()
        return {node for found in lists for node in self.tell("scontrol", "show", "hostnames", found).split()}

    def drain(self, node: str, state: str = "drain") -> None:
        """Let a node take no more jobs; with ``down``, kill those that it has."""
        done = self.tell("scontrol", "update", f"nodename={node}", f"state={state}", "reason=test")
        assert not done, done

    def resume(self) -> None:
        """Let both nodes take jobs again."""
        for node in ("n1", "n2"):
            self.tell("scontrol", "update", f"nodename={node}", "state=resume")
        self._wait(lambda: self.tell("sinfo", "-h", "-p", "main", "-o", "%D %t") == "2 idle", "both nodes")

    def _spawn(self, *command: str) -> None:
        log = open(self.folder / f"{command[0]}-{len(self.processes)}.out", "wb")  # noqa: SIM115
        self.processes.append(
            subprocess.Popen(command, env=self.environment, stdout=log, stderr=subprocess.STDOUT)
        )

    def _wait(self, condition, what: str, fail: bool = True) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if condition():
                return
            time.sleep(0.2)
        if fail:
            logs = "".join(f"\n{p.name}: {p.read_text()[-600:]}" for p in self.folder.glob("*.out"))
            raise RuntimeError(f"waited in vain for {what}: {logs}")
