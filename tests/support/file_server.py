"""A real server of a folder on loopback, which may also misbehave: the path says how."""

import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import sleep

CONTENT = b"two lines\nof text\n" * 50
STALL_S = 7


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; the first part of a path may name a misdeed."""

    def do_GET(self):
        misdeed = getattr(self, f"do_{self.path.split('/')[1]}", super().do_GET)
        try:
            misdeed()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_truncated(self):
        """Half of what it promises."""
        body = gzip.compress(CONTENT)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])

    def do_mute(self):
        """Takes the request and never answers."""
        sleep(STALL_S)

    def do_elsewhere(self):
        self.send_response(302)
        self.send_header("Location", "file:///etc/passwd")
        self.end_headers()

    def do_zeros(self):
        """A body without end."""
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(bytes(1 << 16))

    def log_message(self, *args):
        pass


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """The address of a server of the folder `root`."""
    root.mkdir(parents=True, exist_ok=True)
    handler = partial(Server, directory=str(root))
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}"
    finally:
        httpd.shutdown()
        thread.join()
