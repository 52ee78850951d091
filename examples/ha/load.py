"""People who write, all at the same time, and who repeat what they got no answer to."""
import random
import secrets
import threading
import time
import uuid

from api import NoAnswer, Server

PASSWORD = "tulip-tango-92"
# Every worker writes for several people, since one person's keys of idempotency are limited in number.
PEOPLE_PER_WORKER = 4
FIRST_WAIT, LONGEST_WAIT = 0.05, 1.0
# Answers after which the same request is sent again: the database is away.
AGAIN = (503, 429)
# How long a request is repeated after the load was told to end.
PATIENCE = 60


class Person:
    """An account of the load. One worker alone writes for it, one request after the other."""

    def __init__(self, username):
        self.username = username
        self.token = None
        self.profile = None
        self.tag = None
        self.statuses = []


class Worker(threading.Thread):
    """Posts, edits and deletes until it is told to end."""

    def __init__(self, number, ports, ledger):
        super().__init__(name=f"worker-{number}", daemon=True)
        # Half of them prefer the one server, half the other.
        names = list(ports)
        self.servers = [Server(name, ports[name]) for name in names[number % len(names):] + names[:number % len(names)]]
        self.ledger = ledger
        self.ending = threading.Event()
        self.gave_up_at = None
        self.random = random.Random()
        self.people = []
        self.count = 0

    def run(self):
        try:
            while len(self.people) < PEOPLE_PER_WORKER and not self.ending.is_set():
                self.people.append(self.register())
            while not self.ending.is_set():
                self.write(self.random.choice(self.people))
        except GaveUp as problem:
            self.ledger.problem(f"{self.name}: {problem}")
        finally:
            for server in self.servers:
                server.close()

    def write(self, person):
        """One write of some kind."""
        dice = self.random.random()
        if dice < 0.1:
            self.edit(person)
        elif dice < 0.2 and len(person.statuses) > 5:
            self.delete(person, person.statuses.pop(self.random.randrange(len(person.statuses))))
        elif dice < 0.205:
            self.register()
        else:
            self.post(person)

    def register(self):
        """A new person, with a profile of their own."""
        person = Person(f"{self.name}-{secrets.token_hex(4)}")
        body = {"username": person.username, "email": f"{person.username}@example.org",
                "password1": PASSWORD, "password2": PASSWORD}
        self.ledger.sent_account(person.username)
        # 409: the first one with this key is being done.
        server, status, _, answer = self.repeat("POST", "/api/rest-auth/registration/", body, key=True, again=(409,))
        if status != 201:
            raise GaveUp(f"registration is answered {status} {answer}")
        person.token = answer["key"]
        self.ledger.registered(server, person.username)
        _, status, headers, answer = self.repeat("GET", f"/api/profiles/by-username/{person.username}/", None, person)
        if status != 200:
            raise GaveUp(f"the profile of {person.username}, who is registered, is answered {status} {answer}")
        person.profile, person.tag = answer["id"], headers["ETag"]
        return person

    def post(self, person):
        """A status that nobody else posts."""
        self.count += 1
        text = f"{person.username} says {self.count}"
        self.ledger.sent_post(text)
        server, status, _, answer = self.repeat("POST", "/api/profile-status/", {"status_content": text}, person,
                                                key=True)
        if status == 201 and answer["status_content"] == text:
            self.ledger.posted(server, text, answer["id"])
            person.statuses.append(answer["id"])
        else:
            self.ledger.problem(f"POST of {text!r} is answered {status} {answer}")

    def delete(self, person, number):
        """The end of a status. If an earlier attempt did it, which nobody was told, the next is answered 404."""
        self.ledger.sent_deletion(number)
        server, status, _, answer = self.repeat("DELETE", f"/api/profile-status/{number}/", None, person)
        if status == 204 or (status == 404 and self.unsure):
            self.ledger.deleted(server, number)
        else:
            self.ledger.problem(f"DELETE of status {number}, which was acknowledged, is answered {status} {answer}")

    def edit(self, person):
        """Another city. `If-Match` keeps an attempt that was given up from being done behind a later edit."""
        self.count += 1
        city = f"city {self.count}"
        path = f"/api/profiles/{person.profile}/"
        self.ledger.sent_city(person.profile, city)
        server, status, headers, answer = self.repeat("PATCH", path, {"city": city}, person,
                                                      headers={"If-Match": person.tag})
        if status == 412 and self.unsure:
            server, status, headers, answer = self.repeat("GET", path, None, person)
        if status == 200 and answer["city"] == city:
            self.ledger.edited(server, person.profile, city)
            person.tag = headers["ETag"]
        else:
            self.ledger.problem(f"PATCH of profile {person.profile} to {city!r} is answered {status} {answer}")
            person.tag = self.repeat("GET", path, None, person)[2]["ETag"]

    def repeat(self, method, path, body=None, person=None, key=False, headers=None, again=()):
        """Sends a request until it is answered: which server did, and what. `unsure`: an attempt may have been done."""
        headers = dict(headers or {})
        if key:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        self.unsure = False
        wait = FIRST_WAIT
        attempt = 0
        while True:
            server = self.servers[attempt % len(self.servers)]
            attempt += 1
            sent_at = time.monotonic()
            try:
                status, answered, answer = server.ask(method, path, body, person and person.token, headers)
                if status not in AGAIN + again:
                    return server.name, status, answered, answer
                said = f"{status} {answer.get('detail') if isinstance(answer, dict) else answer}"
            except NoAnswer as problem:
                said = str(problem)
            self.unsure = True
            self.ledger.answered(server.name, said, worker=self.name, request=f"{method} {path}", attempt=attempt,
                                 seconds=round(time.monotonic() - sent_at, 3))
            if self.gave_up_at is not None and time.monotonic() > self.gave_up_at:
                raise GaveUp(f"{method} {path} is still answered {said!r}")
            time.sleep(wait * self.random.uniform(0.5, 1))
            wait = min(wait * 2, LONGEST_WAIT)


class GaveUp(Exception):
    """A worker can't go on."""


class Load:
    """All workers."""

    def __init__(self, count, ports, ledger):
        self.workers = [Worker(number, ports, ledger) for number in range(count)]

    def start(self):
        """Returns when everybody has registered."""
        for worker in self.workers:
            worker.start()
        until = time.monotonic() + 120
        while any(len(worker.people) < PEOPLE_PER_WORKER for worker in self.workers):
            if time.monotonic() > until or not all(worker.is_alive() for worker in self.workers):
                raise RuntimeError("not everybody could register")
            time.sleep(0.1)

    def end(self):
        """Tells everybody to begin nothing more."""
        for worker in self.workers:
            worker.gave_up_at = time.monotonic() + PATIENCE
            worker.ending.set()

    def stop(self):
        """Returns when every request is answered, or was repeated for long enough."""
        self.end()
        for worker in self.workers:
            worker.join()
