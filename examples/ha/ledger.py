"""What was sent, and what was acknowledged: all that the check needs to know."""
import json
import threading
import time


class Ledger:
    """Everything since the cluster was made. Each acknowledgement is also a line of a file, with its time."""

    def __init__(self, path):
        self.file = open(path, "w", buffering=1)
        self.lock = threading.Lock()
        self.posts = {}        # text -> the id that was acknowledged, or None
        self.deletions = {}    # id -> whether it was acknowledged
        self.cities = {}       # profile -> [[city, whether it was acknowledged]], oldest first
        self.accounts = {}     # username -> whether it was acknowledged
        self.acknowledgements = []  # (when, by which server, what)
        self.answers = {}      # what came back otherwise -> how often
        self.problems = []     # answers that should not be

    def sent_post(self, text):
        """It may be there from now on."""
        with self.lock:
            self.posts[text] = None

    def posted(self, server, text, number):
        """It must be there from now on."""
        with self.lock:
            self.posts[text] = number
            self.note(server, "post", id=number, text=text)

    def sent_deletion(self, number):
        """It may be gone from now on."""
        with self.lock:
            self.deletions[number] = False

    def deleted(self, server, number):
        """It must be gone from now on."""
        with self.lock:
            self.deletions[number] = True
            self.note(server, "delete", id=number)

    def sent_city(self, profile, city):
        """The profile may have it from now on."""
        with self.lock:
            self.cities.setdefault(profile, []).append([city, False])

    def edited(self, server, profile, city):
        """The profile must have it, or one that was sent later."""
        with self.lock:
            self.cities[profile][-1][1] = True
            self.note(server, "edit", id=profile, text=city)

    def sent_account(self, username):
        """It may be there from now on."""
        with self.lock:
            self.accounts[username] = False

    def registered(self, server, username):
        """It must be there from now on."""
        with self.lock:
            self.accounts[username] = True
            self.note(server, "register", text=username)

    def answered(self, server, answer, **details):
        """Neither done nor refused: counted."""
        with self.lock:
            self.answers[answer] = self.answers.get(answer, 0) + 1
            self.file.write(json.dumps({"at": time.time(), "server": server, "answer": answer, **details}) + "\n")

    def problem(self, text):
        """Something that no failover explains."""
        with self.lock:
            self.problems.append(text)
            self.file.write(json.dumps({"at": time.time(), "problem": text}) + "\n")

    def note(self, server, what, **details):
        """A write that was acknowledged. The lock is held."""
        self.acknowledgements.append((time.monotonic(), server, what))
        self.file.write(json.dumps({"at": time.time(), "server": server, "what": what, **details}) + "\n")
