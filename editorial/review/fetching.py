"""Fetching one web address safely: limits on where it leads, how long it takes and how much it sends.

Editors write these addresses, and servers may redirect them, so a fetcher can be tricked into connecting to its own
internal network. Therefore each name is resolved once, each of its addresses is checked, and the connection goes to the
checked address.
"""

import contextlib
import email.message
import hashlib
import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urljoin

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, InvalidHeader, LocationParseError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry, Url, parse_url

from editorial.review.extraction import Unreadable, read_rules, read_text

# This site's user agent in robots.txt files.
ROBOT = "AIGC-Landscape"
PORTS = {"http": 80, "https": 443}
MAX_REDIRECTS = 5
MAX_BYTES = 5_000_000
# Of a robots.txt, the rest is ignored, as RFC 9309 allows.
MAX_ROBOTS_BYTES = 500 * 1024
MONTH = 30 * 24 * 60 * 60
PERMANENT = frozenset({301, 308})
REDIRECTS = PERMANENT | {302, 303, 307}
# Login, payment, refusal, rate limit or legal block: a person may still be able to open the page.
BLOCKING = frozenset({401, 402, 403, 429, 451})
GONE = frozenset({404, 410})
# Python counts these as public, but clouds and providers run internal services there.
RESERVED_NETWORKS = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"), ip_network("168.63.129.16/32"))
# Public IPv6 addresses, and the part of them that contains IPv4 addresses (6to4) and is refused.
GLOBAL_UNICAST, SIX_TO_FOUR = ip_network("2000::/3"), ip_network("2002::/16")
# IPv6-only networks write IPv4 addresses with this prefix.
NAT64 = ip_network("64:ff9b::/96")


class FetchOutcome(StrEnum):
    """The result of fetching an address."""

    REACHED = "reached"
    MOVED = "moved"
    BLOCKED = "blocked"
    GONE = "gone"
    UNREADABLE = "unreadable"
    FAILED = "failed"


@dataclass(frozen=True)
class Fetched:
    """The details of a fetch.

    `address` is the last one after redirects, `moved_to` the one that the address permanently redirects to. `sha256` is
    the hash of the text with its white space normalised, or of the bytes if there is no text. `is_final` means gone on
    purpose and for good. `retry_after` is the time in seconds for which the server asks us to wait. `detail` says why
    nothing was read.
    """

    outcome: FetchOutcome
    address: str = ""
    moved_to: str = ""
    text: str = ""
    sha256: str = ""
    is_final: bool = False
    retry_after: float = 0
    detail: str = ""


@dataclass(frozen=True)
class Answer:
    """A server's answer. Only successful answers have a body."""

    status: int
    address: str
    headers: Mapping[str, str]
    body: bytes = b""
    moved_to: str = ""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Unreached(Exception):
    """Nothing could be read. `outcome` is the result for the address."""

    def __init__(self, outcome: FetchOutcome, detail: str, *, retry_after: float = 0) -> None:
        super().__init__(detail)
        self.outcome, self.retry_after = outcome, retry_after


def is_public(address: IPv4Address | IPv6Address, port: int) -> bool:
    """Return whether connecting is allowed: only to public internet addresses, on the ports of the web."""
    if port not in PORTS.values():
        return False
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF), port)
        if address not in GLOBAL_UNICAST or address in SIX_TO_FOUR:
            return False
    return (
        address.is_global and not address.is_multicast and not any(address in network for network in RESERVED_NETWORKS)
    )


@dataclass
class Fetcher:
    """Fetches addresses one after the other, and reads the robots.txt of each host once.

    `contact` tells server operators who is reading. Only tests, which serve pages themselves, replace `may_connect`.
    `timeout` limits each step, `deadline` all steps together, both in seconds; extracting the text of what came has
    limits of its own. `robots` has the robots.txt of each host, or why it could not be read, and `delays` the seconds
    that it asks to wait.
    """

    contact: str
    may_connect: Callable[[IPv4Address | IPv6Address, int], bool] = is_public
    timeout: float = 10
    deadline: float = 40
    robots: dict[str, bytes | Unreached] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def fetch(self, address: str) -> Fetched:
        """Fetch an address, following redirects. Errors of servers or names are returned, never raised."""
        try:
            answer = self.follow(address, ends=time.monotonic() + self.deadline, checks_robots=True)
            if len(answer.body) > MAX_BYTES:
                raise Unreached(FetchOutcome.UNREADABLE, "It is too large.")
            return interpret(answer)
        except Unreadable:
            return Fetched(FetchOutcome.UNREADABLE, detail="It is too large or too slow to read.")
        except Unreached as error:
            return Fetched(error.outcome, retry_after=error.retry_after, detail=str(error))

    def crawl_delay(self, address: str) -> float:
        """Return how many seconds the host's robots.txt asks to wait between requests; 0 if it was not read yet."""
        with contextlib.suppress(Unreached):
            return self.delays.get(origin_of(split(address)), 0)
        return 0

    def follow(self, address: str, *, ends: float, checks_robots: bool) -> Answer:
        """Return the last answer of a chain of redirects. Each address is checked like the first one."""
        moved_to, is_permanent = "", True
        for _hop in range(MAX_REDIRECTS + 1):
            if checks_robots:
                self.check_robots(address, ends=ends)
            answer = self.request(address, ends=ends, most=MAX_BYTES if checks_robots else MAX_ROBOTS_BYTES)
            location = answer.headers.get("Location")
            if answer.status not in REDIRECTS or not location:
                return replace(answer, moved_to=moved_to)
            address = resolve_location(answer.address, location)
            # A permanent redirect after a temporary one doesn't count.
            is_permanent = is_permanent and answer.status in PERMANENT
            if is_permanent:
                moved_to = address
        raise Unreached(FetchOutcome.FAILED, "It redirects too often.")

    def check_robots(self, address: str, *, ends: float) -> None:
        """Raise Unreached if the host's robots.txt forbids an address, or can't be read."""
        origin = origin_of(split(address))
        if origin not in self.robots:
            try:
                self.robots[origin] = self.read_robots(origin, ends=ends)
            except Unreached as error:
                self.robots[origin] = error
        robots_txt = self.robots[origin]
        if isinstance(robots_txt, Unreached):
            raise robots_txt
        if not robots_txt:
            return
        try:
            rules = read_rules(robots_txt, robot=ROBOT, address=address)
        except Unreadable:
            unread = Unreached(FetchOutcome.UNREADABLE, "Its robots.txt is too large or too slow to read.")
            self.robots[origin] = unread
            raise unread from None
        self.delays[origin] = rules.delay
        if not rules.is_allowed:
            raise Unreached(FetchOutcome.BLOCKED, "Its robots.txt asks not to read it.")

    def read_robots(self, origin: str, *, ends: float) -> bytes:
        """Return the robots.txt of a host up to the last whole line that is read. Raises Unreached."""
        answer = self.follow(f"{origin}/robots.txt", ends=ends, checks_robots=False)
        if answer.status >= 500 or answer.status == 429:
            raise Unreached(
                FetchOutcome.FAILED, f"Its robots.txt answers {answer.status}.", retry_after=read_retry_after(answer)
            )
        # A host without a robots.txt allows everything.
        if not answer.is_success or len(answer.body) <= MAX_ROBOTS_BYTES:
            return answer.body
        return answer.body[:MAX_ROBOTS_BYTES].rpartition(b"\n")[0]

    def request(self, address: str, *, ends: float, most: int) -> Answer:
        """Send one request to a checked address of the host, without following redirects. Raises Unreached.

        A body of more than `most` bytes is cut off somewhere behind them.
        """
        url = split(address)
        # `split()` refuses an address without these.
        assert url.scheme is not None
        assert url.host is not None
        assert url.netloc is not None
        port = url.port or PORTS[url.scheme]
        addresses = resolve(url.host, port, seconds=min(self.timeout, ends - time.monotonic()))
        if refused := [str(found) for found in addresses if not self.may_connect(found, port)]:
            raise Unreached(FetchOutcome.FAILED, f"{url.netloc} leads to {refused[0]}, which is never connected to.")
        headers = {
            "Host": url.netloc,
            "User-Agent": f"{ROBOT}/1 (+{self.contact}; looks after the sources that it cites)",
            "Accept": "text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.5",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "close",
        }
        try:
            with self.connect(url, port, addresses, ends=ends) as connection, cut_off(connection, ends=ends):
                connection.request("GET", url.request_uri, headers=headers, preload_content=False)
                response = connection.getresponse()
                answer = Answer(response.status, url.url, response.headers)
                if answer.is_success:
                    answer = replace(answer, body=read_response(response, most=most))
        except (OSError, HTTPError, http.client.HTTPException) as error:
            if time.monotonic() < ends:
                raise Unreached(FetchOutcome.FAILED, f"{type(error).__name__}: {error}") from error
        if time.monotonic() >= ends:
            # The body may be cut off, even if it looks complete.
            raise Unreached(FetchOutcome.FAILED, "It took too long.")
        return answer

    @contextlib.contextmanager
    def connect(self, url: Url, port: int, addresses: list, *, ends: float) -> Iterator[HTTPConnection]:
        """Connect to the first address that accepts. TLS certificates are verified against the host's name."""
        for number, address in enumerate(addresses, start=1):
            timeout = max(0.001, min(self.timeout, ends - time.monotonic()))
            if url.scheme == "https":
                connection: HTTPConnection = HTTPSConnection(
                    str(address), port, timeout=timeout, server_hostname=url.host, ssl_context=self.trust
                )
            else:
                connection = HTTPConnection(str(address), port, timeout=timeout)
            with contextlib.closing(connection):
                try:
                    connection.connect()
                except (OSError, HTTPError):
                    if number == len(addresses):
                        raise
                    continue
                yield connection
                return


@contextlib.contextmanager
def cut_off(connection: HTTPConnection, *, ends: float) -> Iterator[None]:
    """Shut a connection at a deadline: a socket's own timeout starts again with every byte received."""

    def shut() -> None:
        with contextlib.suppress(OSError):
            # A TLS shutdown would wait for the other side, and break the read in progress.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    connected = connection.sock
    timer = threading.Timer(max(0, ends - time.monotonic()), shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def split(address: str) -> Url:
    """Return the parts of an address. Raises Unreached unless it is a plain web address."""
    try:
        url = parse_url(address)
    except LocationParseError as error:
        raise Unreached(FetchOutcome.FAILED, "It is no address of the web.") from error
    if url.scheme not in PORTS or not url.host or url.auth:
        raise Unreached(FetchOutcome.FAILED, "It is no address of the web.")
    return url


def origin_of(url: Url) -> str:
    return f"{url.scheme}://{url.netloc}"


def resolve(host: str, port: int, *, seconds: float) -> list[IPv4Address | IPv6Address]:
    """Return all IP addresses of a name, in the order to try them. Raises Unreached, at the latest after `seconds`."""
    answers: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM))
        except Exception as error:
            answers.put(error)

    # The system's lookup can't be stopped, so it is left to end by itself.
    threading.Thread(target=look_up, daemon=True).start()
    try:
        found = answers.get(timeout=max(0, seconds))
    except queue.Empty:
        raise Unreached(FetchOutcome.FAILED, f"The name {host} could not be looked up in time.") from None
    if isinstance(found, socket.gaierror):
        if found.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)):
            raise Unreached(FetchOutcome.GONE, f"The name {host} does not exist.") from found
        raise Unreached(FetchOutcome.FAILED, f"The name {host} could not be looked up: {found}") from found
    if isinstance(found, UnicodeError):
        raise Unreached(FetchOutcome.FAILED, "It is no address of the web.") from found
    if isinstance(found, Exception):
        raise found
    return list(dict.fromkeys(ip_address(place[0]) for *_rest, place in found))


def resolve_location(address: str, location: str) -> str:
    """Return the address that a redirect leads to. Raises Unreached."""
    with contextlib.suppress(UnicodeError):
        # Python decodes headers as Latin-1, but servers send non-ASCII characters as UTF-8.
        location = location.encode("latin-1").decode()
    try:
        return split(urljoin(address, location)).url
    except ValueError as error:
        raise Unreached(FetchOutcome.FAILED, "It redirects to what is no address of the web.") from error


def read_response(response: BaseHTTPResponse, *, most: int) -> bytes:
    """Return the decompressed body; of one that is larger than `most` bytes, little more than these."""
    body = bytearray()
    for piece in response.stream(2**16, decode_content=True):
        body += piece
        if len(body) > most:
            break
    return bytes(body)


def read_retry_after(answer: Answer) -> float:
    """Return the seconds that a server asks us to wait, at most a month; 0 if it doesn't."""
    try:
        return Retry(retry_after_max=MONTH).parse_retry_after(answer.headers.get("Retry-After", "0"))
    except (InvalidHeader, ValueError, OverflowError):
        return 0


def interpret(answer: Answer) -> Fetched:
    """Return the result that an answer means for its address."""
    if answer.is_success:
        text, sha256 = read_answer(answer)
        return Fetched(
            FetchOutcome.MOVED if answer.moved_to else FetchOutcome.REACHED,
            address=answer.address,
            moved_to=answer.moved_to,
            text=text,
            sha256=sha256,
        )
    if answer.status in GONE:
        outcome = FetchOutcome.GONE
    else:
        outcome = FetchOutcome.BLOCKED if answer.status in BLOCKING else FetchOutcome.FAILED
    return Fetched(
        outcome,
        address=answer.address,
        is_final=answer.status == 410,
        retry_after=read_retry_after(answer),
        detail=f"It answers {answer.status}.",
    )


def read_answer(answer: Answer) -> tuple[str, str]:
    """Return the text of a page and its hash; if it has no text, "" and the hash of its bytes. Raises Unreadable."""
    header = email.message.Message()
    header["Content-Type"] = answer.headers.get("Content-Type", "application/octet-stream")
    is_html = header.get_content_type() in ("text/html", "application/xhtml+xml")
    if not is_html and header.get_content_maintype() != "text":
        return "", hashlib.sha256(answer.body).hexdigest()
    text = read_text(answer.body, is_html=is_html, charset=header.get_content_charset())
    return text, hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
