"""A mail server that can be told to misbehave, and remembers what it was given."""
import asyncio
import email
import email.policy
import logging
import random
import socket
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

# It tells of every client that hangs up, which is what some do here.
logging.getLogger("mail.log").disabled = True


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class MailServer:
    """What it does to a recipient is in `moods`, by the part before the @: `busy` (450), `no` (550), `stall` (says nothing),
    `slow` (the same, once it has the text), `die` (takes the text and hangs up). A list has one for each attempt, and after
    them it behaves; a single one stays until it is taken away."""

    def __init__(self, delay=0.0, **options):
        self.port, self.delay = free_port(), delay
        self.moods, self.received, self.attempts, self.logins = {}, [], {}, []
        self.lock = threading.Lock()
        if options.pop("login", False):
            # TLS from the first byte is below what it knows of.
            require_tls = "ssl_context" not in options
            options.update(authenticator=self.authenticate, auth_required=True, auth_require_tls=require_tls)
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()

    def authenticate(self, server, session, envelope, mechanism, data):
        good = (data.login, data.password) == (b"profiles", b"s3cret-of-smtp")
        self.logins.append((mechanism, good))
        return AuthResult(success=good, handled=False)

    def mood(self, address):
        """What to do to this one, now."""
        name = address.split("@")[0].strip('"')
        with self.lock:
            self.attempts[name] = self.attempts.get(name, 0) + 1
            mood = self.moods.get(name)
            if isinstance(mood, list):
                return mood.pop(0) if mood else None
            return mood

    async def handle_RCPT(self, server, session, envelope, address, options):
        mood = self.mood(address)
        if mood == "busy":
            return f"450 4.2.1 <{address}>: try later"
        if mood == "no":
            return f"550 5.1.1 <{address}>: no such user here"
        if mood == "stall":
            await asyncio.sleep(60)
        envelope.mood = mood
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        with self.lock:
            self.received.append((tuple(envelope.rcpt_tos), message, bool(session.ssl), bool(session.authenticated)))
        if envelope.mood == "die":
            server.transport.abort()
            await asyncio.sleep(60)
        if envelope.mood == "slow":
            await asyncio.sleep(60)
        await asyncio.sleep(random.uniform(0, self.delay))
        return "250 OK"

    def to(self, address):
        """The messages that this recipient has got."""
        with self.lock:
            return [entry for entry in self.received if entry[0] == (address,)]
