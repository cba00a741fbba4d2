"""SLURM with one node, this host, as long as a context lasts: its own programs, its own key, on loopback."""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cluster.azurite import free_port
from cluster.debian import Unpacked, unpacked

_STARTS_WITHIN = 60.0
CPUS, MEGABYTES = 4, 64_000  # said of the node, whatever it has

# A job that is requeued waits as long as the credential of its first start may be used.
_CONFIGURATION = """
ClusterName=equisweep
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmUser=root
SlurmdUser=root
PluginDir={plugins}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1
MinJobAge=300
KillWait=5
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=here Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def programs() -> Unpacked | str:
    """SLURM's programs; or why they are not here."""
    if os.getuid():
        return "SLURM is run by root"
    return unpacked("slurm", "slurmctld", "slurmd", "slurm-client", "munge")


@contextmanager
def slurm(there: Unpacked, folder: Path) -> Iterator[Mapping[str, str]]:
    """Run its daemons, whose files lie in a folder; yields the variables by which `sbatch` finds them."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    configuration, environment = folder / "slurm.conf", there.environment
    host = socket.gethostname().partition(".")[0]
    configuration.write_text(
        _CONFIGURATION.format(
            host=host, controller=free_port(), node=free_port(), folder=folder, cpus=CPUS, memory=MEGABYTES,
            plugins=there.libraries / "slurm-wlm",
        )
    )  # fmt: skip
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    environment["SLURM_CONF"] = str(configuration)
    with ExitStack() as running:
        files = {"socket": "munge.socket", "key-file": "munge.key", "pid-file": "munge.pid",
                 "log-file": "munge.log", "seed-file": "munge.seed"}  # fmt: skip
        munge = [f"--{name}={folder / file}" for name, file in files.items()]
        for words in (
            [there.program("munged"), "--foreground", "--force", *munge],
            [there.program("slurmctld"), "-D", "-f", str(configuration)],
            [there.program("slurmd"), "-D", "-f", str(configuration), "-d", there.program("slurmstepd")],
        ):
            _begin(running, words, environment, folder / f"{Path(words[0]).name}.out")
            time.sleep(0.5)
        _wait_until_idle(there, environment, folder)
        yield environment


def _begin(running: ExitStack, words: list[str], environment: Mapping[str, str], said: Path) -> None:
    out = running.enter_context(said.open("w"))
    process = running.enter_context(
        subprocess.Popen(words, env=environment, stdout=out, stderr=subprocess.STDOUT)
    )
    running.callback(process.terminate)


def _wait_until_idle(there: Unpacked, environment: Mapping[str, str], folder: Path) -> None:
    words, end = [there.program("sinfo"), "--noheader", "--format=%T"], time.monotonic() + _STARTS_WITHIN
    while True:
        ended = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        if ended.stdout.strip() == "idle":
            return
        if time.monotonic() > end:
            logs = "\n".join(path.read_text()[-1500:] for path in sorted(folder.glob("*.log")))
            raise TimeoutError(f"SLURM is not ready: {ended.stdout} {ended.stderr}\n{logs}")
        time.sleep(0.2)
