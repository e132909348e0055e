"""`serve`: the page and the interface on this machine."""

from __future__ import annotations

import socket
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path

from foederis.errors import UsageError

__all__ = ["serve"]

READY_S = 120.0


def serve(host: str, port: int, out: Path | None, browser: bool, quiet: bool) -> None:
    """Serve until interrupted. UsageError when the address cannot be had."""
    import uvicorn

    from foederis.web.app import create_app
    from foederis.web.limits import Settings

    listening = _listening(host, port)
    port = listening.getsockname()[1]
    settings = Settings(host=host, port=port, out=out)
    shown = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
    if not quiet:
        sys.stderr.write(f"  {address}   interface: {address}api/   stop with Ctrl-C\n")
        sys.stderr.flush()
    if browser:
        threading.Thread(target=_open, args=(address,), daemon=True).start()
    config = uvicorn.Config(
        create_app(settings),
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        ws="none",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    with listening:
        server.run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens on the address."""
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0][0]
        # Named as TCP, so that the event loop turns off Nagle's delay: else small answers wait 40 ms for an echo.
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(256)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot listen on {host}:{port} ({reason}); choose another with --host and --port") from None
    return found


def _open(address: str) -> None:
    """Show the page in a browser once the server answers."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{address}healthz", timeout=2):
                webbrowser.open(address)
                return
        except OSError:
            time.sleep(0.1)
