"""profiles-servers over the cluster's database."""
import os
import secrets
import subprocess

from api import Server
from cluster import free_port, waited
import processes


class Servers:
    """So many of them, which share the database, the secret for keys in mails, and nothing else."""

    def __init__(self, program, count, cluster, replicas):
        self.program = program
        self.replicas = replicas
        self.cluster = cluster
        self.secret = secrets.token_hex(32)
        self.ports = {f"server{number}": free_port("127.0.0.1") for number in range(1, count + 1)}

    def environment(self, name, port):
        """Its settings. Passwords are in the environment, since others can read a command line."""
        folder = self.cluster.folder / name
        return {
            **({"PROFILES_DATABASE_REPLICA": self.cluster.url(self.cluster.replicas_port)} if self.replicas else {}),
            "PROFILES_DATABASE": self.cluster.url(),
            "PROFILES_SECRET_KEY": self.secret,
            "PROFILES_BIND": f"127.0.0.1:{port}",
            "PROFILES_DATA_DIR": str(folder / "data"),
            "PROFILES_MAIL_TRANSPORT": "file",
            "PROFILES_MAIL_FOLDER": str(folder / "mails"),
            # The load registers and writes from one address.
            "PROFILES_THROTTLE": "off",
            "PROFILES_LOG": "warn",
        }

    def migrate(self):
        """Makes the tables."""
        folder = self.cluster.folder / "migrate"
        (folder / "mails").mkdir(parents=True)
        done = subprocess.run((self.program, "migrate"), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, env={"PATH": os.environ["PATH"], **self.environment("migrate", 0)})
        (self.cluster.logs / "migrate.log").write_text(done.stdout + done.stderr)
        if done.returncode:
            raise RuntimeError(f"profiles-server migrate failed: {done.stderr.strip()}")

    def start(self):
        """Returns when all of them are ready."""
        self.migrate()
        for name, port in self.ports.items():
            (self.cluster.folder / name / "mails").mkdir(parents=True)
            processes.start((self.program, "serve"), self.cluster.logs / f"{name}.log", self.environment(name, port))
        for name, port in self.ports.items():
            waited(Server(name, port).is_ready, 60, f"{name} is not ready")
