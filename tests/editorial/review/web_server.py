"""A small web server on this machine: it answers as the test says, and remembers the requests."""

import contextlib
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.headers.append(self.headers)
        answer = self.server.pages.get(self.path, (404, {}, b""))
        if callable(answer):
            # It writes to the connection itself.
            with contextlib.suppress(OSError):
                answer(self.wfile)
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Transfer-Encoding" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *args):
        pass


class WebServer(ThreadingHTTPServer):
    """A server that keeps the requested paths in `asked`.

    `pages` maps a path to (status, headers, body), or to a function that writes an answer to the connection.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages, self.asked, self.headers = {}, [], []
        self.scheme = "http"

    def at(self, path: str, host: str = "127.0.0.1") -> str:
        """Return the address of a path on this server."""
        return f"{self.scheme}://{host}:{self.server_port}{path}"

    def show(self, path: str, text: str, *, kind: str = "text/plain; charset=utf-8") -> None:
        self.pages[path] = (200, {"Content-Type": kind}, text.encode())

    def answer(self, path: str, status: int, **headers: str) -> None:
        self.pages[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


@contextlib.contextmanager
def running_web_server(*, context: ssl.SSLContext | None = None):
    with WebServer() as server:
        if context:
            server.scheme = "https"
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


class Names(dict):
    """The hosts that exist in a test, each with its lookup results in order; the last one is used for ever."""

    def __init__(self):
        super().__init__()
        self.system, self.asked = socket.getaddrinfo, []

    def look_up(self, host, port, **kwargs):
        if host.replace(".", "").isdigit() or ":" in host:
            return self.system(host, port, **kwargs)
        self.asked.append(host)
        if host not in self:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = self[host]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return [found for address in answer.split() for found in self.system(address, port, **kwargs)]
