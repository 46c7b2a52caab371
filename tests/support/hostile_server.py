"""A real server on loopback that does what a bad one may do; the path says what."""

import gzip
import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import sleep

from tfscale.data.sources import Payload

CONTENT = b"two lines\nof text\n" * 50
PAYLOAD = Payload(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
PAGE = b"<!doctype html>\n<title>Sign in</title>\n" + b"<p>to this network</p>\n" * 100
STALL_S = 5


def archive(*members: tuple[str, bytes, bytes]) -> bytes:
    """A .tar.gz of (name, content, kind); links lead to /etc/passwd."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content), "/etc/passwd"
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; the first part of a path may name a misdeed."""

    asked: list[str] = []

    def do_GET(self):
        self.asked.append(self.path)
        misdeed = getattr(self, f"do_{self.path.split('/')[1]}", None)
        try:
            misdeed() if misdeed else super().do_GET()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def start(self, length: int | None, **headers: str) -> None:
        self.send_response(200)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def do_truncated(self):
        body = gzip.compress(CONTENT)
        self.start(len(body))
        self.wfile.write(body[: len(body) // 2])

    def do_dying(self):
        """Breaks off the first time only."""
        body = gzip.compress(CONTENT)
        self.start(len(body))
        first = sum(path == self.path for path in self.asked) == 1
        self.wfile.write(body[: len(body) // 2] if first else body)

    def do_chunked(self):
        """Breaks off in the middle of a chunk, without ever having said how much comes."""
        self.start(None, Transfer_Encoding="chunked")
        self.wfile.write(b"400\r\n" + CONTENT[:100])

    def do_mute(self):
        """Takes the request and never answers."""
        sleep(STALL_S)

    def do_stalled(self):
        self.start(len(CONTENT))
        self.wfile.write(CONTENT[:100])
        self.wfile.flush()
        sleep(STALL_S)

    def do_trickle(self):
        """A byte now and then: no wait is long enough for a socket's time-out."""
        self.start(len(CONTENT))
        for byte in CONTENT:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            sleep(0.02)

    def do_header(self):
        """A header that never ends."""
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        for _ in range(int(STALL_S / 0.02)):
            self.wfile.write(b"x")
            self.wfile.flush()
            sleep(0.02)

    def do_loop(self):
        self.send_response(302)
        self.send_header("Location", f"{self.path}x")
        self.end_headers()

    def do_elsewhere(self):
        self.send_response(302)
        self.send_header("Location", "file:///etc/passwd")
        self.end_headers()

    def do_page(self):
        self.start(len(PAGE), Content_Type="text/html")
        self.wfile.write(PAGE)

    def do_later(self):
        """Busy, and asks to be left alone for a day."""
        self.send_response(503)
        self.send_header("Retry-After", "86400")
        self.end_headers()

    def do_empties(self):
        """Gzip members without content, one after the other, for ever."""
        self.start(None)
        member = gzip.compress(b"") * 1000
        while True:
            self.wfile.write(member)

    def do_zeros(self):
        """A plain body without end."""
        self.start(None)
        while True:
            self.wfile.write(bytes(1 << 16))

    def log_message(self, *args):
        pass


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """The address of a server of the folder `root`."""
    root.mkdir(parents=True, exist_ok=True)
    handler = type("Own", (Server,), {"asked": []})
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(root)))
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}"
    finally:
        httpd.shutdown()
        thread.join()
