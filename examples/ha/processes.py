"""Processes that do not outlive this one, whatever they start and however they end."""
import ctypes
import os
import pathlib
import signal
import subprocess
import time

BECOME_PARENT_OF_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER
STARTED = {}


def adopt_orphans():
    """Makes this process the parent of all that its children leave behind, as Patroni leaves PostgreSQL."""
    if ctypes.CDLL(None, use_errno=True).prctl(BECOME_PARENT_OF_ORPHANS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def start(arguments, log, environment=None):
    """Starts a program, whose output goes to the end of the file `log`."""
    with open(log, "ab") as output:
        process = subprocess.Popen([str(word) for word in arguments], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True, cwd=pathlib.Path(log).parent,
                                   env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **(environment or {})})
    STARTED[process.pid] = process
    return process


def parents():
    """The parent of every process, by number."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name of the program stands in brackets, and may hold anything.
                found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                pass  # it ended meanwhile
    return found


def family(pid):
    """A process and all that come from it, the oldest first."""
    parent_of = parents()
    found = [pid]
    for member in found:
        found += [child for child, parent in parent_of.items() if parent == member]
    return found


def send(pids, number):
    """Sends a signal to each of them that is still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def reap():
    """Takes leave of children that have ended, so that nobody takes them for living."""
    for pid in (pid for pid, parent in parents().items() if parent == os.getpid()):
        try:
            if pid in STARTED:
                STARTED[pid].poll()
            else:
                os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass


def kill_all():
    """Ends everything that comes from this process, at once."""
    for _ in range(100):
        rest = family(os.getpid())[1:]
        if not rest:
            return
        send(rest, signal.SIGKILL)
        time.sleep(0.05)
        reap()
    print(f"these processes could not be ended: {rest}", flush=True)
