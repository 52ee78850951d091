"""Three machines with etcd, Patroni and PostgreSQL each, and HAProxy. A machine is an address of loopback."""
import http.client
import json
import os
import pathlib
import random
import secrets
import signal
import socket
import string
import subprocess
import time

import packages
import processes

HERE = pathlib.Path(__file__).resolve().parent
NETWORK = "127.0.0.0/8"
# Below the ports that outgoing connections get, so that none of them takes the port of a machine that is down.
PORTS = range(15000, 32000)


def free_port(address):
    """A port that nobody has there, and that was not given out before."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as attempt:
            try:
                attempt.bind((address, port))
            except OSError:
                continue
        if port not in free_port.given:
            free_port.given.add(port)
            return port


free_port.given = set()


def fill(template, target, values):
    """Writes a configuration that nobody else may read, since it has passwords in it."""
    text = string.Template((HERE / template).read_text()).substitute(values)
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


class Machine:
    """One of the three."""

    def __init__(self, number, folder):
        self.name = f"machine{number}"
        self.address = f"127.0.0.{10 + number}"
        self.folder = folder / self.name
        self.folder.mkdir()
        self.etcd_client_port, self.etcd_peer_port, self.rest_port, self.postgresql_port = (
            free_port(self.address) for _ in range(4))
        self.running = []

    def start(self):
        """Switches it on."""
        log = self.folder.parent / "logs"
        self.running = [
            processes.start((packages.program("etcd"), "--config-file", self.folder / "etcd.yml"),
                            log / f"{self.name}-etcd.log"),
            processes.start((packages.program("patroni"), self.folder / "patroni.yml"),
                            log / f"{self.name}-patroni-and-postgresql.log")]

    def processes(self):
        """Everything that runs on it, PostgreSQL first."""
        found = []
        try:
            postmaster = int((self.folder / "data/postmaster.pid").read_text().split()[0])
            if postmaster in processes.family(os.getppid()):
                found += processes.family(postmaster)
        except (OSError, ValueError, IndexError):
            pass  # PostgreSQL does not run
        for process in reversed(self.running):
            found += [pid for pid in processes.family(process.pid) if pid not in found]
        return found

    def kill(self):
        """Switches it off by SIGKILL to all that runs on it. Returns when that was done, by `time.monotonic`."""
        pids = self.processes()
        processes.send(pids, signal.SIGKILL)
        at = time.monotonic()
        while any(os.path.exists(f"/proc/{pid}") for pid in pids):
            processes.poll()
            time.sleep(0.02)
        self.running = []
        return at

    def freeze(self):
        """Stops all that runs on it, whatever it does just then. Connections to it stay open, and nobody answers."""
        processes.send(self.processes(), signal.SIGSTOP)
        return time.monotonic()

    def thaw(self):
        """Lets it go on, in the belief that it still is the primary."""
        processes.send(self.processes(), signal.SIGCONT)

    def ask(self, path):
        """Status and body of what its Patroni answers, or None."""
        connection = http.client.HTTPConnection(self.address, self.rest_port, timeout=2)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def is_primary(self):
        """Whether it says so itself."""
        answer = self.ask("/primary")
        return answer is not None and answer[0] == 200


class Cluster:
    """All of it."""

    def __init__(self, folder):
        self.folder = folder
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.machines = [Machine(number, folder) for number in (1, 2, 3)]
        self.primary_port, self.replicas_port, self.statistics_port = (free_port("127.0.0.1") for _ in range(3))
        self.passwords = {name: secrets.token_hex(16) for name in ("superuser", "replication", "rewind", "profiles")}

    def configure(self):
        """Writes every configuration."""
        version_3 = packages.patroni_version() >= (3, 0, 3)
        shared = {
            "etcd_api": "etcd3" if version_3 else "etcd", "enable_v2": "false" if version_3 else "true",
            "etcd_clients": ",".join(f"{machine.address}:{machine.etcd_client_port}" for machine in self.machines),
            "etcd_peers": ",".join(f"{machine.name}=http://{machine.address}:{machine.etcd_peer_port}"
                                   for machine in self.machines),
            "postgresql_programs": packages.postgresql_programs(), "network": NETWORK,
            **{f"{name}_password": password for name, password in self.passwords.items()}}
        for machine in self.machines:
            for template in ("etcd.yml", "patroni.yml"):
                fill(template, machine.folder / template, {**shared, **vars(machine)})
        lines = [f"    server {machine.name} {machine.address}:{machine.postgresql_port} check port {machine.rest_port}"
                 for machine in self.machines]
        fill("haproxy.cfg", self.folder / "haproxy.cfg", {**vars(self), "machines": "\n".join(lines)})

    def start(self):
        """Switches everything on, and returns when there is a primary with a synchronous standby and a replica."""
        self.configure()
        for machine in self.machines:
            machine.start()
        processes.start((packages.program("haproxy"), "-db", "-f", self.folder / "haproxy.cfg"),
                        self.logs / "haproxy.log")
        self.wait_until_whole(120)
        self.make_database()

    def make_database(self):
        """The program's own user and database: it owns that one and may do nothing else."""
        self.sql(f"create role profiles login password '{self.passwords['profiles']}'")
        self.sql("create database profiles owner profiles")

    def sql(self, statement, user="postgres", database="postgres"):
        """Rows of a statement, as text, through HAProxy."""
        password = self.passwords["superuser" if user == "postgres" else user]
        until = time.monotonic() + 15
        while True:
            done = subprocess.run(
                (packages.program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                 str(self.primary_port), "-U", user, "-d", database, "-c", statement),
                capture_output=True, text=True, env={"PGPASSWORD": password, "PATH": os.environ["PATH"]})
            if done.returncode == 0:
                return done.stdout.splitlines()
            # 2: there is no connection, as long as HAProxy has not asked yet who is the primary.
            if done.returncode != 2 or time.monotonic() > until:
                raise RuntimeError(done.stderr)
            time.sleep(0.5)

    def url(self, port=None):
        """Where a profiles-server finds the database. It has the password in it."""
        return f"postgres://profiles:{self.passwords['profiles']}@127.0.0.1:{port or self.primary_port}/profiles"

    def members(self):
        """What Patroni says of every machine, by its name. Empty if nobody answers."""
        for machine in self.machines:
            answer = machine.ask("/cluster")
            if answer is not None and answer[0] == 200:
                return {member["name"]: member for member in answer[1].get("members", ())}
        return {}

    def primary(self):
        """The machine that is the primary, if any says so."""
        return next((machine for machine in self.machines if machine.is_primary()), None)

    def is_whole(self):
        """Whether there are a primary, a synchronous standby and a replica, on one timeline and not behind."""
        members = self.members().values()
        roles = sorted(member["role"] for member in members)
        return (roles == ["leader", "replica", "sync_standby"]
                and all(member["state"] in ("running", "streaming") for member in members)
                and len({member.get("timeline") for member in members}) == 1
                and all(str(member.get("lag", 0)).isdigit() and int(member.get("lag", 0)) < 1 << 20
                        for member in members))

    def wait_until_whole(self, seconds):
        """How many seconds it took."""
        return waited(self.is_whole, seconds, "the cluster is not whole")

    def wait_for_promotion(self, dead, seconds):
        """The machine that has taken over, and when that was seen, by `time.monotonic`."""
        others = [machine for machine in self.machines if machine is not dead]
        waited(lambda: any(machine.is_primary() for machine in others), seconds, "nobody was promoted")
        at = time.monotonic()
        return next(machine for machine in others if machine.is_primary()), at


def waited(condition, seconds, otherwise):
    """Asks ten times a second until it is so. How many seconds that took."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() > started + seconds:
            raise RuntimeError(f"{otherwise}, after {seconds} s")
        time.sleep(0.1)
    return time.monotonic() - started
