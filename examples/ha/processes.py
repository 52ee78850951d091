"""Processes that do not outlive this one, whatever they start and however they end."""
import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time
import traceback

BECOME_PARENT_OF_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER
STARTED = []


def guarded(work):
    """Runs `work` in a child of this process, and returns its exit code.

    This one is the parent of all that is left behind, as PostgreSQL is by Patroni. It takes leave of them when they end,
    or Patroni would take them for living; and when the child has ended, however it did, it ends everything else.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(BECOME_PARENT_OF_ORPHANS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    child = os.fork()
    if child == 0:
        exit_code = 1
        try:
            exit_code = work()
        except (SystemExit, KeyboardInterrupt):
            pass
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(exit_code)
    # A terminal sends ^C to both.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: send((child,), number))
    while True:
        ended, status = os.wait()
        if ended == child:
            kill_all()
            return os.waitstatus_to_exitcode(status)


def start(arguments, log, environment=None):
    """Starts a program, whose output goes to the end of the file `log`."""
    with open(log, "ab") as output:
        process = subprocess.Popen([str(word) for word in arguments], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True, cwd=pathlib.Path(log).parent,
                                   env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **(environment or {})})
    STARTED.append(process)
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


def poll():
    """Takes leave of our own children that have ended."""
    for process in STARTED:
        process.poll()


def kill_all():
    """Ends everything that comes from this process, at once."""
    while rest := family(os.getpid())[1:]:
        send(rest, signal.SIGKILL)
        time.sleep(0.05)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
