"""The programs of the cluster: where Debian's packages put them, and installing what is missing."""
import os
import pathlib
import re
import shutil
import subprocess

PACKAGES = ("postgresql", "patroni", "python3-etcd", "python3-psycopg2", "etcd-server", "haproxy")
SERVICES = {"postgresql": "postgresql", "patroni": "patroni", "etcd-server": "etcd", "haproxy": "haproxy"}
# Debian asks this program before it starts the service of a package.
POLICY = pathlib.Path("/usr/sbin/policy-rc.d")


def require():
    """Installs the packages that are missing. None of their services is started, now or at the next boot."""
    missing = [name for name in PACKAGES if not installed(name)]
    if not missing:
        return
    if os.getuid() != 0:
        raise SystemExit("packages are missing; as root: apt-get install --no-install-recommends " + " ".join(missing))
    print("installing", *missing, flush=True)
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        apt("update")
        apt("install", "--yes", "--no-install-recommends", *missing)
        for service in (SERVICES[name] for name in missing if name in SERVICES):
            subprocess.run(("update-rc.d", service, "disable"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    finally:
        if ours:
            POLICY.unlink()


def installed(package):
    """Whether dpkg has it."""
    found = subprocess.run(("dpkg-query", "--show", "--showformat=${db:Status-Status}", package),
                           capture_output=True, text=True)
    return found.stdout == "installed"


def apt(*arguments):
    """Runs apt-get, which asks nothing, and shows what it said if it fails."""
    done = subprocess.run(("apt-get", "--quiet", *arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if done.returncode:
        raise SystemExit(f"{done.stdout}\napt-get {arguments[0]} failed")


def postgresql_programs():
    """The folder with `postgres`, `initdb` and `pg_rewind` of the newest PostgreSQL that is installed."""
    folders = [path.parent for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not folders:
        raise SystemExit("there is no /usr/lib/postgresql/*/bin/postgres")
    return max(folders, key=lambda folder: int(folder.parent.name))


def patroni_version():
    """Such as (3, 0, 2)."""
    said = subprocess.run((program("patroni"), "--version"), capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said))


def program(name):
    """The path of a program, wherever Debian has it (haproxy is in /usr/sbin)."""
    found = shutil.which(name, path="/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin")
    if not found:
        raise SystemExit(f"{name} is not installed")
    return found
