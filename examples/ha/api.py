"""What is asked of a profiles-server, over one kept connection."""
import http.client
import json
import urllib.parse


class NoAnswer(Exception):
    """Nobody knows whether the request was done."""


class Server:
    """The connection of one worker to one server. It is made anew when it breaks."""

    def __init__(self, name, port, timeout=20):
        self.name = name
        self.port = port
        self.timeout = timeout
        self.connection = None

    def ask(self, method, path, body=None, token=None, headers=None):
        """Status, headers and parsed body."""
        head = {"Content-Type": "application/json", **(headers or {})}
        if token:
            head["Authorization"] = f"Token {token}"
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            self.connection.request(method, path, json.dumps(body) if body is not None else None, head)
            answer = self.connection.getresponse()
            text = answer.read()
            return answer.status, answer.headers, json.loads(text) if text else None
        except (OSError, http.client.HTTPException, ValueError) as problem:
            self.close()
            raise NoAnswer(type(problem).__name__) from problem

    def close(self):
        """Gives the connection up."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def is_ready(self):
        """Whether it would serve reads and writes."""
        try:
            return self.ask("GET", "/health/ready")[0] == 200
        except NoAnswer:
            return False

    def rows(self, path):
        """All rows of a list, and how many the list says there are."""
        rows, page, count = [], 1, 0
        while True:
            status, _, body = self.ask("GET", f"{path}?{urllib.parse.urlencode({'page': page, 'page_size': 100})}")
            if status != 200:
                raise RuntimeError(f"{self.name} answers {status} to page {page} of {path}: {body}")
            rows += body["results"]
            count = body["count"]
            if body["next"] is None:
                return rows, count
            page += 1
