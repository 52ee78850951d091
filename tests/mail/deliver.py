"""Mails arrive: by every way, whatever the mail server does, and whatever happens to ours."""
import atexit
import contextlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import trustme

from mail_server import MailServer, free_port

BINARY, WORK = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
PATIENCE = 30
KILLS = 20


class Profiles:
    """Our server, with its data in a folder of its own."""

    def __init__(self, name, **settings):
        self.folder = WORK / name
        self.folder.mkdir()
        self.settings = {"bind": f"127.0.0.1:{free_port()}", "data_dir": self.folder / "data", "mail_retry_first": 1,
                         "mail_retry_longest": 2, "smtp_timeout": 2, **settings}
        self.process = None

    def environment(self):
        ours = {f"PROFILES_{key.upper()}": str(value) for key, value in self.settings.items()}
        return {"PATH": os.environ["PATH"], **ours}

    def start(self):
        with open(self.folder / "log", "a") as log, open(self.folder / "out", "a") as out:
            self.process = subprocess.Popen([BINARY, "serve"], env=self.environment(), cwd=self.folder, stdout=out,
                                            stderr=log)
        # A test that fails leaves none behind.
        atexit.register(self.process.kill)
        until("the server is ready", lambda: self.get("/health/ready"))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.log()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def get(self, path):
        assert self.process.poll() is None, self.log()
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://{self.settings['bind']}{path}") as answer:
                return answer.status == 200
        return False

    def register(self, username, address=None):
        """The status of the answer."""
        form = {"username": username, "email": address or f"{username}@example.org", "password1": "tulip-tango-92",
                "password2": "tulip-tango-92"}
        url = f"http://{self.settings['bind']}/api/rest-auth/registration/"
        request = urllib.request.Request(url, json.dumps(form).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def command(self, *words):
        done = subprocess.run([BINARY, *words], env=self.environment(), cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done
        return done.stdout

    def mails(self, *options):
        return [json.loads(line) for line in self.command("mail", "list", "--json", *options).splitlines()]

    def mail_to(self, name):
        return next((mail for mail in self.mails() if mail["to"] == f"{name}@example.org"), None)

    def log(self):
        return (self.folder / "log").read_text()


def until(what, condition, patience=PATIENCE):
    """Waits for it, and gives back what it is."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it never happened that {what}")


def smtp(server, **settings):
    return {"mail_transport": "smtp", "smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_tls": "none", **settings}


def arrived(server, name, count=1):
    address = f"{name}@example.org"
    return until(f"{name} gets {count}", lambda: len(server.to(address)) >= count and server.to(address))


def key_in(message):
    """The key in a confirmation, which is in both parts."""
    assert message.get_content_type() == "multipart/alternative", message
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    pattern = r"http://127\.0\.0\.1:\d+/api/rest-auth/registration/account-confirm-email/([a-z2-7]{32})/"
    keys = {re.search(pattern, part.get_content()).group(1) for part in (text, html)}
    assert len(keys) == 1
    assert text["Content-Transfer-Encoding"] in ("7bit", "8bit")
    return keys.pop()


def plain():
    with MailServer() as server, Profiles("plain", **smtp(server), site_name="Café") as ours:
        assert ours.register("ada") == 201
        [(_, message, encrypted, _)] = arrived(server, "ada")
        assert not encrypted and message["To"] == "ada@example.org"
        assert message["Subject"] == "[Café] Please Confirm Your Email Address", message["Subject"]
        key = key_in(message)
        until("nothing waits", lambda: ours.mails() == [])
        assert ours.register("élodie", "b@example.org") == 201
        [(_, message, _, _)] = arrived(server, "b")
        assert "user élodie has" in message.get_body(("plain",)).get_content()
    assert key not in ours.log() and "@example.org" not in ours.log(), ours.log()


def encrypted():
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    ca_file = WORK / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    login = {"smtp_username": "profiles", "smtp_password": "s3cret-of-smtp", "smtp_ca_file": ca_file}

    with MailServer(tls_context=context, require_starttls=True, login=True) as server:
        with Profiles("starttls", **smtp(server, smtp_tls="starttls", **login)) as ours:
            ours.register("ada")
            [(_, message, was_encrypted, logged_in)] = arrived(server, "ada")
            assert was_encrypted and logged_in and key_in(message)
            assert "s3cret" not in ours.command("config")
        assert "s3cret" not in ours.log()

        # A stranger with a certificate of their own is told nothing, and the mail waits for better days.
        ours.settings.pop("smtp_ca_file")
        ours.start()
        seen = len(server.logins)
        ours.register("bob")
        waiting = until("bob's mail waits", lambda: (ours.mail_to("bob") or {}).get("problem") and ours.mail_to("bob"))
        assert "certificate" in waiting["problem"], waiting
        assert len(server.logins) == seen and not server.to("bob@example.org")
        ours.stop()
        ours.settings["smtp_ca_file"] = ca_file
        with ours:
            assert arrived(server, "bob")

        # So is a wrong password: the operator's to mend.
        ours.settings["smtp_password"] = "wrong-one"
        with ours:
            ours.register("cyd")
            waiting = until("cyd's mail waits", lambda: (ours.mail_to("cyd") or {}).get("problem") and ours.mail_to("cyd"))
            assert waiting["state"] in ("waiting", "sending") and "535" in waiting["problem"], waiting
        assert "wrong-one" not in ours.log()
        ours.settings["smtp_password"] = "s3cret-of-smtp"
        with ours:
            assert arrived(server, "cyd")

    # A server that has no STARTTLS where it is asked for gets nothing in the clear.
    with MailServer() as server, Profiles("stripped", **smtp(server, smtp_tls="starttls", **login)) as ours:
        ours.register("ada")
        waiting = until("ada's mail waits", lambda: (ours.mail_to("ada") or {}).get("problem") and ours.mail_to("ada"))
        assert "STARTTLS" in waiting["problem"] and server.received == [], waiting

    with MailServer(ssl_context=context, login=True) as server:
        with Profiles("tls", **smtp(server, smtp_tls="tls", **login)) as ours:
            ours.register("ada")
            [(_, message, _, logged_in)] = arrived(server, "ada")
            assert logged_in and key_in(message)


def forged():
    """Answers that somebody on the way puts behind the plain "go ahead" of STARTTLS are not taken for the server's."""
    authority = trustme.CA()
    ca_file = WORK / "ca2.pem"
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))
    heard = []

    def serve():
        while True:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                connection.sendall(b"220 hello\r\n")
                connection.recv(1000)
                connection.sendall(b"250-hello\r\n250 STARTTLS\r\n")
                connection.recv(1000)
                connection.sendall(b"220 go ahead\r\n" + b"250 hello\r\n" * 3 + b"354 text\r\n250 I have it\r\n")
                with context.wrap_socket(connection, server_side=True) as secret:
                    while part := secret.recv(10_000):
                        heard.append(part)

    threading.Thread(target=serve, daemon=True).start()
    settings = {"mail_transport": "smtp", "smtp_host": "127.0.0.1", "smtp_port": listener.getsockname()[1]}
    with Profiles("forged", **settings, smtp_ca_file=ca_file) as ours:
        ours.register("ada")
        waiting = until("ada's mail waits", lambda: (ours.mail_to("ada") or {}).get("problem") and ours.mail_to("ada"))
        assert waiting["unsure"] == 0 and heard == [], (waiting, heard)


def misbehaving():
    with MailServer() as server, Profiles("misbehaving", **smtp(server)) as ours:
        # Stalls: it is given up after smtp_timeout, others go out meanwhile, and later it goes too.
        server.moods.update(stall1="stall", stall2="stall")
        ours.register("stall1"), ours.register("stall2")
        until("they stall", lambda: server.attempts.get("stall1") and server.attempts.get("stall2"))
        for number in range(6):
            ours.register(f"swift{number}")
            arrived(server, f"swift{number}")
        assert not server.to("stall1@example.org")
        until("it is tried again", lambda: server.attempts["stall1"] > 1 and server.attempts["stall2"] > 1)
        server.moods.clear()
        assert len(arrived(server, "stall1")) == len(arrived(server, "stall2")) == 1

        # Is busy: tried again until it is not.
        server.moods["busy"] = "busy"
        ours.register("busy")
        until("it is tried again", lambda: server.attempts.get("busy", 0) > 1)
        waiting = ours.mail_to("busy")
        assert waiting["unsure"] == 0 and "450" in waiting["problem"] and "busy@" not in waiting["problem"], waiting
        server.moods.clear()
        arrived(server, "busy")

        # Refuses: a dead letter, which the operator sees, and has sent once the other side relents.
        server.moods.update(no="no", never="no")
        ours.register("no"), ours.register("never")
        letters = until("there are dead letters", lambda: len(ours.mails("--dead")) == 2 and ours.mails("--dead"))
        assert {(mail["to"], mail["state"], mail["attempts"], mail["kind"]) for mail in letters} == {
            (f"{name}@example.org", "dead", 1, "confirm_email") for name in ("no", "never")}, letters
        assert all("550" in mail["problem"] and "no such user" in mail["problem"] for mail in letters), letters
        assert "550" in ours.command("mail", "list"), "people read it too"
        server.moods.pop("no")
        ours.command("mail", "retry", str(ours.mail_to("no")["id"]))
        arrived(server, "no")
        assert ours.command("mail", "drop", "--dead").endswith("is dropped\n") and ours.mails() == []

        # Dies with the text: once is one copy more, twice is the end.
        server.moods.update(once=["die"], dies="die")
        ours.register("once"), ours.register("dies")
        copies = arrived(server, "once", 2)
        assert len({message["Message-ID"] for _, message, _, _ in copies}) == 1, "a receiver can tell the copy"
        [letter] = until("it is a dead letter", lambda: ours.mails("--dead"))
        assert (letter["to"], letter["attempts"]) == ("dies@example.org", 2), letter
        assert "may have arrived" in letter["problem"], letter
        # Another that is put off and comes back shows that the time for a third attempt has passed.
        server.moods["last"] = ["busy", "busy"]
        ours.register("last")
        arrived(server, "last")
        assert len(server.to("dies@example.org")) == len(server.to("once@example.org")) == 2
    log = ours.log()
    assert "@example.org" not in log and "panic" not in log, log


def hostile():
    breaks = ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\x00"]
    forms = [(f"u{n}", address) for n, (address, br) in enumerate(
        (address, br) for br in breaks for address in (
            f"a{br}Bcc: evil@example.net@example.org", f"a@example.org{br}Bcc: evil@example.net",
            f'"a{br}Bcc: evil@example.net"@example.org', f'"a\\{br}Bcc: evil@example.net"@example.org',
            f"a@example.org{br}.{br}MAIL FROM:<evil@example.net>"))]
    forms += [("e1", '"a> NOTIFY=NEVER"@example.org'), ("e2", "a,evil@example.net"), ("e3", "a@example.org,evil@example.net"),
              ("e4", "<a@example.org>"), ("e5", "x" * 10_000 + "@example.org"), ("e6", "\"a@evil.example>\"@example.org")]
    names = [f"a{br}Bcc: evil@example.net" for br in breaks]
    with MailServer() as server, Profiles("hostile", **smtp(server)) as ours:
        for name, address in forms:
            ours.register(name, address)
        for number, name in enumerate(names):
            ours.register(name, f"n{number}@example.org")
        assert ours.register("last") == 201
        arrived(server, "last")
        until("all is sent or dead", lambda: all(mail["state"] == "dead" for mail in ours.mails()))
        for recipients, message, _, _ in server.received:
            assert len(recipients) == 1 and recipients[0].endswith("@example.org"), recipients
            assert "evil@example.net" not in str(message["From"]) and message["Bcc"] is None
            assert sorted(message.keys()) == sorted(
                ["Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID"]
                + ["Content-Transfer-Encoding"] * (message["Content-Transfer-Encoding"] is not None)), message.keys()


def killed():
    """Killed anywhere between the answer to a registration and the delivery: nobody gets none, and nobody three."""
    with MailServer(delay=0.05) as server:
        ours = Profiles("killed", **smtp(server))
        ours.start()
        for number in range(KILLS):
            assert ours.register(f"person{number}") == 201
            time.sleep(random.uniform(0, 0.08))
            ours.kill()
            ours.start()
            arrived(server, f"person{number}")
            until("nothing waits", lambda: ours.mails() == [])
        # Killed again and again over one mail, it is sent no third time, and is not forgotten either.
        server.moods["unlucky"] = "slow"
        ours.register("unlucky")
        for _ in range(6):
            time.sleep(0.2)
            ours.kill()
            ours.start()
        [letter] = until("it is a dead letter", lambda: ours.mails("--dead"))
        assert letter["to"] == "unlucky@example.org" and len(server.to("unlucky@example.org")) <= 2, letter
        ours.stop()
        counts = [len(server.to(f"person{number}@example.org")) for number in range(KILLS)]
        assert all(count in (1, 2) for count in counts), counts
        for number in range(KILLS):
            names = {message["Message-ID"] for _, message, _, _ in server.to(f"person{number}@example.org")}
            assert len(names) == 1, "the second is a copy of the first"
        print(f"  of {KILLS} people {counts.count(2)} got a second copy", flush=True)
        checked = ours.command("check")
        assert "contents: sound" in checked, checked


def folder():
    own = WORK / "templates"
    own.mkdir()
    (own / "confirm_email.subject.txt").write_text("Willkommen {{ username }}")
    with Profiles("folder", mail_transport="file", mail_folder=WORK / "mails", mail_templates=own,
                  confirm_email_url="https://app.example/#/confirm/{key}") as ours:
        ours.register("ada")
        [path] = until("there is a file", lambda: list((WORK / "mails").glob("*.eml")))
        text = path.read_text()
        assert "Subject: [example.com] Willkommen ada\n" in text, text
        assert re.search(r"go to https://app\.example/#/confirm/[a-z2-7]{32}\n", text), text
    (own / "reset_password.txt").write_text("Hello\n{{ usrname }} {{ link }}")
    broken = subprocess.run([BINARY, "serve"], env=ours.environment(), cwd=ours.folder, capture_output=True, text=True)
    assert broken.returncode == 1 and "reset_password.txt:2: " in broken.stderr, broken


for test in (plain, encrypted, forged, misbehaving, hostile, folder, killed):
    started = time.monotonic()
    try:
        test()
    except BaseException:
        for log in WORK.glob("*/log"):
            print(f"{log}:", *log.read_text().splitlines()[-30:], sep="\n", file=sys.stderr)
        raise
    print(f"{test.__name__}: good ({time.monotonic() - started:.1f} s)", flush=True)
