"""AWS on this machine (ministack), and the fakes of Salesforce and Genesys Cloud: started, asked, ended."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


class Failure(Exception):
    """Something is not as it should be, in words."""


def until(what, limit_s, look):
    """Looks until there is something, at most so long; gives it."""
    began = time.monotonic()
    while True:
        found = look()
        if found:
            print(f"  {what} ({time.monotonic() - began:.0f} s)", flush=True)
            return found
        if time.monotonic() - began > limit_s:
            raise Failure(f"not within {limit_s} s: {what}")
        time.sleep(0.5)


def http(method, url, body=None):
    """The JSON of an answer; an error for any status but success."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


@contextlib.contextmanager
def running(name, command, logs, **options):
    """A process that ends with this block; its standard error is in a file."""
    path = pathlib.Path(logs, f"{name}.log")
    with path.open("wb") as log:
        process = subprocess.Popen(command, stderr=log, **options)
        try:
            yield process
        except BaseException:
            print(f"--- the end of {path}", file=sys.stderr)
            print(path.read_text(errors="replace")[-4000:], file=sys.stderr)
            raise
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


@contextlib.contextmanager
def fakes(logs):
    """Salesforce and Genesys Cloud: where they are and how to log in."""
    with running("fakes", ["target/debug/local-stack", "fakes"], logs, stdout=subprocess.PIPE) as process:
        yield json.loads(process.stdout.readline())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Aws:
    """Clients for an endpoint."""

    def __init__(self, url):
        self.url = url

    def __getattr__(self, service):
        settings = Config(retries={"max_attempts": 2}, connect_timeout=5, read_timeout=60)
        client = boto3.client(
            service, endpoint_url=self.url, region_name=REGION, config=settings,
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip
        setattr(self, service, client)
        return client


@contextlib.contextmanager
def emulator(logs, genesys_cloud_url):
    """AWS. Functions inherit its environment: that is how they are told that Genesys Cloud is a fake."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MINISTACK_"))}
    environment = inherited | CREDENTIALS | {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": f"127.0.0.1:{port}",
        "AWS_ENDPOINT_URL": url,
        "GENESYS_CLOUD_LOGIN_URL": genesys_cloud_url,
        "GENESYS_CLOUD_API_URL": genesys_cloud_url,
    }  # fmt: skip
    command = [pathlib.Path(sys.executable).with_name("ministack")]
    with running("ministack", command, logs, env=environment, stdout=subprocess.DEVNULL) as process:

        def is_up():
            if process.poll() is not None:
                raise Failure("the emulator ended by itself")
            try:
                return http("GET", f"{url}/_ministack/health")
            except (urllib.error.URLError, ConnectionError):
                return None

        until("the emulator is up", 60, is_up)
        yield Aws(url)
