"""Pebble, Let's Encrypt's ACME server for tests, with a name server that sends every host to this machine."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from e2e.e2e_process import end, free_port, until
from encryption.encryption_certs import Authority

PEBBLE, NAMES = shutil.which("pebble"), shutil.which("pebble-challtestsrv")
TERMS = "data:text/plain,Do%20what%20thou%20wilt"


@dataclass
class Pebble:
    """A running authority. `http` is the port at which it looks for proofs."""

    process: subprocess.Popen[bytes]
    directory: str
    ca: Path
    http: int
    management: str

    def root(self) -> str:
        """The certificate that callers have to trust, in PEM."""
        with urlopen(f"{self.management}/roots/0", context=ssl.create_default_context(cafile=self.ca)) as reply:
            return reply.read().decode()


@contextmanager
def pebble(root: Path, *, seconds: int = 7776000, bound: dict[str, str] | None = None) -> Iterator[Pebble]:
    """An authority whose certificates are good for so many seconds; with `bound`, for these accounts alone."""
    root.mkdir(parents=True, exist_ok=True)
    authority = Authority(root, "pebble-ca")
    chain, key = authority.issue("pebble")
    listen, management, http, dns, names = (free_port() for _ in range(5))
    config = {
        "listenAddress": f"127.0.0.1:{listen}", "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(chain), "privateKey": str(key), "httpPort": http, "tlsPort": free_port(),
        "ocspResponderURL": "", "certificateValidityPeriod": seconds,
        "externalAccountBindingRequired": bound is not None, "externalAccountMACKeys": bound or {},
    }  # fmt: skip
    (root / "pebble.json").write_text(json.dumps({"pebble": config}))
    assert PEBBLE is not None
    assert NAMES is not None
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    named = [NAMES, "-dns01", f"127.0.0.1:{dns}", "-http01", "", "-https01", "", "-tlsalpn01", "",
             "-management", f"127.0.0.1:{names}", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]  # fmt: skip
    served = subprocess.Popen(named, **quiet)
    command = [PEBBLE, "-config", str(root / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}"]
    process = subprocess.Popen(command, env={**os.environ, "PEBBLE_VA_NOSLEEP": "1"}, **quiet)
    try:
        assert until(lambda: _open(listen) and _open(management), 30)
        yield Pebble(process, f"https://localhost:{listen}/dir", authority.ca, http, f"https://localhost:{management}")
    finally:
        end(process)
        end(served)


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
