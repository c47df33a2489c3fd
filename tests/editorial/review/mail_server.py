"""A small mail server on this machine: it keeps what it accepts, and refuses what the test says."""

import contextlib
import email
import email.policy
import socketserver
import threading


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 here")
        to = []
        for line in self.rfile:
            word = line.decode().strip().upper()
            if word.startswith("RCPT"):
                address = line.decode().partition("<")[2].partition(">")[0]
                if address in self.server.refused:
                    self.say("550 no such person")
                    continue
                to.append(address)
            elif word == "DATA":
                self.say("354 go on")
                body = b"".join(iter(self.rfile.readline, b".\r\n"))
                message = email.message_from_bytes(body, policy=email.policy.default)
                self.server.taken.append((to, message))
                to = []
                if len(self.server.taken) == self.server.dies_after:
                    return
            elif word == "QUIT":
                self.say("221 bye")
                return
            self.say("250 done")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """`taken` holds (addresses, message) in the order of arrival."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Session)
        self.taken, self.refused, self.dies_after = [], set(), None

    def mail_to(self, name: str) -> list[str]:
        """Return the mail that a user got, each as subject and text."""
        return [
            f"{message['subject']}\n{message.get_content()}"
            for to, message in self.taken
            if to == [f"{name}@example.org"]
        ]


@contextlib.contextmanager
def running_mail_server():
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
