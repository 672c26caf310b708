"""A gateway in production mode, and how it is asked."""

import contextlib
import json
import os
import subprocess
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO = {"login": "demo", "password": "demo-demo-demo"}
PATIENCE = 30  # seconds, longer than the gateway's own deadline of a request
# What of production mode is not: everything is asked from one address, thousands of times in minutes.
BUDGET = "1000000"


@dataclass
class Answer:
    status: int
    type: str
    text: str

    @property
    def json(self):
        """The answer as JSON; None where it is none."""
        with contextlib.suppress(ValueError):
            return json.loads(self.text)

    @property
    def errors(self):
        return self.json.get("errors") or [] if isinstance(self.json, dict) else []

    @property
    def codes(self):
        return [error.get("extensions", {}).get("code") for error in self.errors]

    @property
    def data(self):
        return self.json.get("data") if isinstance(self.json, dict) else None


class Gateway:
    def __init__(self, base):
        self.base = base

    def request(self, path, body=None, headers=None):
        """GET without a body, POST with one."""
        request = urllib.request.Request(self.base + path, data=body, headers=headers or {})
        try:
            with urllib.request.build_opener().open(request, timeout=PATIENCE) as answer:
                return Answer(answer.status, answer.headers.get("content-type", ""), answer.read().decode())
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, refused.headers.get("content-type", ""), refused.read().decode())

    def post(self, body, token=None):
        """A body of JSON to /graphql."""
        headers = {"content-type": "application/json", "accept": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        return self.request("/graphql", json.dumps(body).encode(), headers)

    def ask(self, query, token=None, variables=None):
        body = {"query": query}
        if variables:
            body["variables"] = variables
        return self.post(body, token)

    def sign_in(self):
        """A token of the demo user."""
        query = "mutation ($input: SignInInput!) { signIn(input: $input) { accessToken { token } } }"
        return self.ask(query, variables={"input": DEMO}).data["signIn"]["accessToken"]["token"]


def newest_binary():
    built = [ROOT / "target" / profile / "polygraph" for profile in ("debug", "release")]
    built = [path for path in built if path.exists()]
    if not built:
        raise SystemExit("No gateway was built: cargo build")
    return max(built, key=lambda path: path.stat().st_mtime)


@contextlib.contextmanager
def serving(binary):
    """A gateway in production mode on embedded stores of its own, with demo data."""
    with tempfile.TemporaryDirectory(prefix="polygraph-probe-") as directory:
        settings = {
            "POLYGRAPH_DATA_DIR": directory,
            "POLYGRAPH_LISTEN": "127.0.0.1:0",
            "POLYGRAPH_RATE_LIMIT_VIEWER": BUDGET,
            "POLYGRAPH_RATE_LIMIT_ADDRESS": BUDGET,
        }
        path = {"PATH": os.environ.get("PATH", "")}
        with open(Path(directory, "log"), "wb") as log:
            process = subprocess.Popen(
                [binary, "serve", "--production"], env=path | settings, stdout=subprocess.PIPE, stderr=log, text=True
            )
        try:
            line = next((line for line in process.stdout if line.startswith("Listening on ")), None)
            if not line:
                raise SystemExit(f"{binary} did not start:\n{Path(directory, 'log').read_text()}")
            yield Gateway(line.removeprefix("Listening on ").strip())
            if process.poll() is not None:
                raise SystemExit(f"the gateway ended while it was asked:\n{Path(directory, 'log').read_text()[-2000:]}")
        finally:
            process.terminate()
            process.wait(PATIENCE)
