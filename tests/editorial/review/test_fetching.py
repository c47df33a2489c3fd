"""Fetching an address: what is read, what is refused, and what answers mean; with servers on this machine."""

import gzip
import socket
import ssl
import threading
import time
from ipaddress import ip_address

import pytest
import trustme

from editorial.review.fetching import MAX_BYTES, MAX_ROBOTS_BYTES, Fetcher, FetchOutcome, is_public
from tests.editorial.review.web_server import running_web_server

CONTACT = "https://aigc.example.org"
PAGE = """<html><head><title>Prices</title></head><body><nav><a href="/">Home</a> <a href="/login">Sign in</a></nav>
<article><h1>Prices of Acme</h1>{}</article><footer>Visitor number {}</footer></body></html>"""
STORY = (
    "<p>Acme charges twenty dollars a month for its assistant, and has done so since it was launched to the public.</p>"
    "<p>Whoever pays for a whole year at once gets two months for nothing, which its rivals do not offer so far.</p>"
)


def allow_local(address, port) -> bool:
    """Return whether this machine, which replaces the internet in these tests, or a public address may be reached."""
    return str(address) == "127.0.0.1" or is_public(address, port)


def make_fetcher(**options) -> Fetcher:
    return Fetcher(CONTACT, **{"may_connect": allow_local, "timeout": 2, **options})


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.8.8.8",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.251",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::10.0.0.1",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_inside_a_network_are_refused_in_every_spelling(address):
    assert not is_public(ip_address(address), 80)
    assert not is_public(ip_address(address), 443)


@pytest.mark.parametrize("address", ["8.8.8.8", "151.101.1.69", "2606:4700::6810:84e5", "64:ff9b::8.8.8.8"])
def test_public_addresses_are_allowed_only_on_web_ports(address):
    assert is_public(ip_address(address), 80)
    assert is_public(ip_address(address), 443)
    assert not any(is_public(ip_address(address), port) for port in (22, 25, 5432, 6379, 8000, 8080))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "127.1", "[::ffff:127.0.0.1]", "0"]
)
def test_no_spelling_of_this_machine_is_connected_to(web, host):
    web.show("/", "Inside.")

    found = Fetcher(CONTACT, may_connect=lambda address, port: is_public(address, 80)).fetch(web.at("/", host))

    assert (found.outcome, found.text) == (FetchOutcome.FAILED, "")
    assert "never connected to" in found.detail
    assert web.asked == []


def test_by_default_it_does_not_connect_to_this_machine(web):
    web.show("/", "Inside.")
    assert Fetcher(CONTACT).fetch(web.at("/")).outcome == FetchOutcome.FAILED
    assert web.asked == []


@pytest.mark.parametrize(
    "inside",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://[fe80::1%25eth0]/",
        "http://inside.test/",
        "//10.0.0.1/",
    ],
)
def test_a_redirect_into_the_network_is_not_followed(web, names, inside):
    names["inside.test"] = ["192.168.1.1"]
    web.answer("/", 301, Location=inside)

    found = make_fetcher().fetch(web.at("/"))

    assert (found.outcome, found.moved_to) == (FetchOutcome.FAILED, "")
    assert "never connected to" in found.detail


@pytest.mark.parametrize(
    "elsewhere", ["file:///etc/passwd", "ftp://example.org/", "gopher://example.org:70/", "http:///"]
)
def test_a_redirect_out_of_the_web_is_not_followed(web, elsewhere):
    web.answer("/", 302, Location=elsewhere)
    assert make_fetcher().fetch(web.at("/")).outcome == FetchOutcome.FAILED


@pytest.mark.parametrize(
    "address",
    ["", "no address", "ftp://example.org/", "file:///etc/passwd", "http://user:secret@example.org/", "http://"],
)
def test_an_invalid_web_address_fails_without_a_request(names, address):
    assert make_fetcher().fetch(address).outcome == FetchOutcome.FAILED
    assert names.asked == []


def test_a_name_that_also_leads_inside_is_refused(web, names):
    names["both.test"] = ["127.0.0.1 10.0.0.1"]
    web.show("/", "Outside.")

    assert make_fetcher().fetch(web.at("/", "both.test")).outcome == FetchOutcome.FAILED
    assert web.asked == []


def test_a_name_is_resolved_once_for_each_request_and_the_checked_address_is_used(web, names):
    # One answer for robots.txt, one for the page. A further lookup for the connection would lead inside.
    names["turning.test"] = ["127.0.0.1", "127.0.0.1", "10.0.0.1"]
    web.show("/", "Outside.")

    assert make_fetcher().fetch(web.at("/", "turning.test")).text == "Outside."
    assert names.asked == ["turning.test"] * 2
    assert web.headers[-1]["Host"] == f"turning.test:{web.server_port}"


def test_a_name_that_leads_inside_on_the_second_lookup_is_refused(web, names):
    names["turning.test"] = ["127.0.0.1", "10.0.0.1"]
    web.show("/", "Outside.")

    found = make_fetcher().fetch(web.at("/", "turning.test"))

    assert (found.outcome, found.text) == (FetchOutcome.FAILED, "")
    assert web.asked == ["/robots.txt"]


@pytest.mark.parametrize(
    "address", ["::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "fd00::1"]
)
def test_a_name_with_an_address_inside_written_as_ipv6_is_refused(web, names, address):
    names["mapped.test"] = [f"127.0.0.1 {address}"]
    web.show("/", "Outside.")
    assert "never connected to" in make_fetcher().fetch(web.at("/", "mapped.test")).detail
    assert web.asked == []


@pytest.mark.parametrize("host", ["[::ffff:10.0.0.1]", "[64:ff9b::10.0.0.1]", "167772161", "0xa.1", "012.0.0.1"])
def test_no_spelling_of_an_address_inside_is_reached_by_a_redirect(web, host):
    web.answer("/", 302, Location=f"http://{host}/")
    assert "never connected to" in make_fetcher().fetch(web.at("/")).detail


def test_a_name_that_leads_inside_only_after_a_redirect_to_itself_is_refused(web, names):
    # robots.txt, the page, and the target of the redirect, whose robots.txt is known.
    names["turning.test"] = ["127.0.0.1", "127.0.0.1", "10.0.0.1"]
    web.answer("/", 302, Location="/inside")
    web.show("/inside", "Inside.")

    assert "never connected to" in make_fetcher().fetch(web.at("/", "turning.test")).detail
    assert web.asked == ["/robots.txt", "/"]


@pytest.mark.parametrize("limits", [{"deadline": 0.3}, {"timeout": 0.3}])
def test_a_lookup_without_an_answer_outlives_neither_step_nor_deadline(web, monkeypatch, limits):
    released, system = threading.Event(), socket.getaddrinfo

    def look_up(*args, **kwargs):
        released.wait(60)
        return system("127.0.0.1", *args[1:], **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    try:
        found = make_fetcher(**limits).fetch(web.at("/", "silent.test"))
        assert not released.is_set()
        assert (found.outcome, found.detail) == (
            FetchOutcome.FAILED,
            "The name silent.test could not be looked up in time.",
        )
    finally:
        released.set()
    # The answer that comes too late is not connected to.
    assert web.asked == []


def test_the_second_address_of_a_name_is_tried_if_the_first_does_not_answer(web, names):
    names["two.test"] = ["127.0.0.2 127.0.0.1"]
    web.show("/", "Here.")
    fetcher = make_fetcher(may_connect=lambda address, port: address.is_loopback)
    assert fetcher.fetch(web.at("/", "two.test")).text == "Here."


def test_a_name_that_does_not_exist_is_gone_and_one_that_cannot_be_looked_up_is_not(names):
    assert make_fetcher().fetch("http://nowhere.test/").outcome == FetchOutcome.GONE
    # Too long for a name.
    assert make_fetcher().fetch(f"http://{'a' * 70}.test/").outcome in (FetchOutcome.FAILED, FetchOutcome.GONE)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, FetchOutcome.REACHED),
        (203, FetchOutcome.REACHED),
        (304, FetchOutcome.FAILED),
        (400, FetchOutcome.FAILED),
        (401, FetchOutcome.BLOCKED),
        (403, FetchOutcome.BLOCKED),
        (404, FetchOutcome.GONE),
        (410, FetchOutcome.GONE),
        (429, FetchOutcome.BLOCKED),
        (451, FetchOutcome.BLOCKED),
        (500, FetchOutcome.FAILED),
        (503, FetchOutcome.FAILED),
    ],
)
def test_gone_blocked_and_failing_are_told_apart(web, status, outcome):
    web.answer("/", status)
    found = make_fetcher().fetch(web.at("/"))
    assert (found.outcome, found.is_final) == (outcome, status == 410)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("86400", 86400),
        ("999999999", 30 * 86400),
        ("9" * 5000, 0),
        ("soon", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ],
)
def test_retry_after_is_read(web, said, seconds):
    web.answer("/", 429, Retry_After=said)
    assert make_fetcher().fetch(web.at("/")).retry_after == seconds


def test_a_permanent_move_is_reported_with_the_new_address(web):
    web.answer("/old", 301, Location="/newer")
    web.answer("/newer", 308, Location=web.at("/newest"))
    web.show("/newest", "Here now.")

    found = make_fetcher().fetch(web.at("/old"))

    assert (found.outcome, found.moved_to, found.text) == (FetchOutcome.MOVED, web.at("/newest"), "Here now.")


def test_a_temporary_redirect_is_followed_and_proposes_nothing(web):
    web.answer("/a", 302, Location="/b")
    web.answer("/b", 301, Location="/c")
    web.show("/c", "For today.")

    found = make_fetcher().fetch(web.at("/a"))

    assert (found.outcome, found.moved_to, found.address) == (FetchOutcome.REACHED, "", web.at("/c"))


def test_a_permanent_move_counts_only_up_to_the_first_temporary_redirect(web):
    web.answer("/a", 301, Location="/b")
    web.answer("/b", 307, Location="/c")
    web.show("/c", "For today.")
    assert make_fetcher().fetch(web.at("/a")).moved_to == web.at("/b")


def test_a_move_to_a_missing_page_is_gone(web):
    web.answer("/old", 301, Location="/new")
    found = make_fetcher().fetch(web.at("/old"))
    assert (found.outcome, found.moved_to) == (FetchOutcome.GONE, "")


def test_five_redirects_are_followed_and_a_sixth_is_not(web):
    for number in range(6):
        web.answer(f"/{number}", 302, Location=f"/{number + 1}")
    web.show("/6", "The end.")

    assert make_fetcher().fetch(web.at("/1")).text == "The end."
    assert make_fetcher().fetch(web.at("/0")).outcome == FetchOutcome.FAILED


def test_addresses_in_other_scripts_are_read(web):
    web.answer("/旧", 301, Location="/新".encode().decode("latin-1"))
    web.pages["/%E6%97%A7"] = web.pages.pop("/旧")
    web.show("/%E6%96%B0", "新的地址")
    assert make_fetcher().fetch(web.at("/旧")).text == "新的地址"


def test_requests_name_the_site_and_a_contact(web):
    make_fetcher().fetch(web.at("/"))
    assert [headers["User-Agent"] for headers in web.headers] == [
        "AIGC-Landscape/1 (+https://aigc.example.org; looks after the sources that it cites)"
    ] * 2


def test_robots_txt_is_read_once_for_each_host_and_obeyed(web):
    web.show("/robots.txt", "User-agent: *\nDisallow: /private/\nCrawl-delay: 7")
    web.show("/private/a", "Not for robots.")
    web.show("/b", "For all.")
    fetcher = make_fetcher()
    assert fetcher.crawl_delay(web.at("/b")) == 0

    assert [fetcher.fetch(web.at(path)).outcome for path in ("/private/a", "/b", "/b")] == ["blocked", *["reached"] * 2]
    assert web.asked == ["/robots.txt", "/b", "/b"]
    assert fetcher.crawl_delay(web.at("/b")) == 7


def test_robots_txt_can_exclude_this_site_by_name(web):
    web.show("/robots.txt", "User-agent: AIGC-Landscape\nDisallow: /\n\nUser-agent: *\nAllow: /")
    web.show("/", "For others.")
    assert make_fetcher().fetch(web.at("/")).outcome == FetchOutcome.BLOCKED
    assert web.asked == ["/robots.txt"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_robots_file_that_cannot_be_read_forbids_everything_for_now(web, status):
    web.answer("/robots.txt", status, Retry_After="60")
    web.show("/", "Not now.")

    found = make_fetcher().fetch(web.at("/"))

    assert (found.outcome, found.retry_after) == (FetchOutcome.FAILED, 60)
    assert web.asked == ["/robots.txt"]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_host_without_a_robots_file_allows_everything(web, status):
    web.answer("/robots.txt", status)
    web.show("/", "For all.")
    assert make_fetcher().fetch(web.at("/")).text == "For all."


def test_robots_txt_applies_to_redirect_targets(web):
    with running_web_server() as other:
        other.show("/robots.txt", "User-agent: *\nDisallow: /")
        web.answer("/", 301, Location=other.at("/"))
        assert make_fetcher().fetch(web.at("/")).outcome == FetchOutcome.BLOCKED
        assert other.asked == ["/robots.txt"]


def test_redirects_of_robots_txt_are_checked_too(web):
    web.answer("/robots.txt", 302, Location="http://10.0.0.1/robots.txt")
    found = make_fetcher().fetch(web.at("/"))
    assert "never connected to" in found.detail
    assert web.asked == ["/robots.txt"]


def test_a_robots_file_is_read_up_to_half_a_megabyte_and_the_rest_ignored(web):
    first = b"User-agent: *\nDisallow: /private/\n"
    filler = (b"#" + b"-" * 98 + b"\n") * (MAX_ROBOTS_BYTES // 100)
    # The cut goes through a line that would forbid everything if only its beginning counted.
    rest = b"Disallow: /" + b"a" * 100 + b"\nDisallow: /late/\n"
    start = (first + filler)[: MAX_ROBOTS_BYTES - 12]
    web.pages["/robots.txt"] = (200, {}, start + b"\n" + rest + b"Disallow: /later/\n" * 300_000)
    for path in ("/private/a", "/late/a", "/later/a", "/a"):
        web.show(path, "A page.")

    fetcher = make_fetcher()

    assert [fetcher.fetch(web.at(path)).outcome for path in ("/private/a", "/late/a", "/later/a", "/a")] == [
        FetchOutcome.BLOCKED,
        FetchOutcome.REACHED,
        FetchOutcome.REACHED,
        FetchOutcome.REACHED,
    ]


def test_a_large_robots_file_without_a_line_break_allows_everything(web):
    web.pages["/robots.txt"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"a" * 30_000_000))
    web.show("/", "A page.")
    assert make_fetcher().fetch(web.at("/")).text == "A page."


def test_a_body_that_is_too_large_is_abandoned(web):
    web.pages["/"] = (200, {"Content-Type": "text/plain"}, b"a" * (MAX_BYTES + 1))
    web.pages["/fits"] = (200, {"Content-Type": "text/plain"}, b"a" * MAX_BYTES)
    assert make_fetcher().fetch(web.at("/")).detail == "It is too large."
    assert len(make_fetcher().fetch(web.at("/fits")).text) == MAX_BYTES


def test_a_body_that_decompresses_to_too_much_is_abandoned(web):
    bomb = gzip.compress(b"a" * (MAX_BYTES * 4))
    web.pages["/"] = (200, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}, bomb)
    web.pages["/small"] = (200, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}, gzip.compress(b"Small."))
    assert len(bomb) < MAX_BYTES / 100
    assert make_fetcher().fetch(web.at("/")).detail == "It is too large."
    assert make_fetcher().fetch(web.at("/small")).text == "Small."


def drip(connection, start: bytes, ended: list) -> None:
    """Send a little now and then, so that no single read waits for long."""
    connection.write(start)
    for _moment in range(100):
        connection.write(b"a")
        connection.flush()
        time.sleep(0.05)
    ended.append(start)


@pytest.mark.parametrize(
    "start",
    [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"],
)
def test_a_dripping_response_is_cut_off(web, start):
    ended = []
    web.pages["/"] = lambda connection: drip(connection, start, ended)
    found = make_fetcher(deadline=0.4).fetch(web.at("/"))
    assert (found.outcome, found.detail, found.text) == (FetchOutcome.FAILED, "It took too long.", "")
    assert ended == []


def test_a_silent_server_is_abandoned(web):
    web.pages["/"] = lambda connection: time.sleep(1)
    assert make_fetcher(timeout=0.2).fetch(web.at("/")).outcome == FetchOutcome.FAILED


@pytest.mark.parametrize(
    "answer", [b"", b"no http at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut short"]
)
def test_a_nonsense_answer_fails(web, answer):
    web.pages["/"] = lambda connection: connection.write(answer)
    assert make_fetcher().fetch(web.at("/")).outcome == FetchOutcome.FAILED


def test_a_closed_port_fails():
    with running_web_server() as server:
        address = server.at("/")
    assert make_fetcher().fetch(address).outcome == FetchOutcome.FAILED


def test_the_text_of_a_page_is_its_article_without_navigation(web):
    table = "<table><tr><th>Plan</th><th>Price</th></tr><tr><td>Pro</td><td>USD 20</td></tr></table>"
    web.show("/a", PAGE.format(STORY + table, 1), kind="text/html")
    web.show("/b", PAGE.format(STORY.replace(" ", "\n  ") + table, 2), kind="text/html; charset=utf-8")
    web.show("/c", PAGE.format(STORY.replace("twenty", "thirty") + table, 3), kind="text/html")
    web.show("/d", PAGE.format(STORY + table.replace("20", "25"), 4), kind="text/html")

    first, reflowed, *changed = [make_fetcher().fetch(web.at(path)) for path in ("/a", "/b", "/c", "/d")]

    assert "twenty dollars a month" in first.text
    assert "USD 20" in first.text
    assert "Sign in" not in first.text
    assert "Visitor number" not in first.text
    assert reflowed.sha256 == first.sha256
    assert len({page.sha256 for page in [first, *changed]}) == 3


def test_a_page_without_an_article_is_read_whole(web):
    web.show("/", "<html><body><div><span>Pro</span><span>USD 20</span></div></body></html>", kind="text/html")
    assert "USD 20" in make_fetcher().fetch(web.at("/")).text


def test_chinese_pages_are_read_in_the_encoding_that_they_have(web):
    story = "每月二十美元，自推出以来一直如此。镕基" * 8
    page = f"<html><head><meta charset='gb2312'></head><body><article><p>{story}</p></article></body></html>"
    for path, kind, charset in (
        ("/said", "text/html", "gbk"),
        ("/header", "text/html; charset=gb2312", "gbk"),
        ("/wrong", "text/html; charset=gb2312", "utf-8"),
    ):
        web.pages[path] = (200, {"Content-Type": kind}, page.encode(charset))
        assert story in make_fetcher().fetch(web.at(path)).text


@pytest.mark.parametrize(
    "kind", ["text/plain; charset=nonsense", "text/plain; charset=base64", "text/plain; charset=idna"]
)
def test_an_unknown_encoding_does_not_prevent_reading(web, kind):
    web.pages["/"] = (200, {"Content-Type": kind}, b"caf\xe9 \0 here")
    assert make_fetcher().fetch(web.at("/")).text == "caf\N{REPLACEMENT CHARACTER}  here"


def test_only_the_hash_is_kept_of_files_without_text(web):
    web.pages["/a"] = (200, {"Content-Type": "application/pdf"}, b"%PDF-1.7 one")
    web.pages["/b"] = (200, {"Content-Type": "application/pdf"}, b"%PDF-1.7 two")
    web.pages["/c"] = (200, {}, b"%PDF-1.7 two")
    one, two, unnamed = [make_fetcher().fetch(web.at(path)) for path in ("/a", "/b", "/c")]
    assert one.text == two.text == unnamed.text == ""
    assert one.sha256 != two.sha256 == unnamed.sha256


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def secure_web(authority):
    """A web server with TLS, and a certificate for one name."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("secure.test").configure_cert(context)
    with running_web_server(context=context) as server:
        server.show("/", "In private.")
        yield server


def test_tls_certificates_are_verified_against_the_hosts_name(secure_web, authority, names):
    names["secure.test"] = names["other.test"] = ["127.0.0.1"]
    trust = ssl.create_default_context()
    authority.configure_trust(trust)

    assert make_fetcher(trust=trust).fetch(secure_web.at("/", "secure.test")).text == "In private."
    assert make_fetcher(trust=trust).fetch(secure_web.at("/", "other.test")).outcome == FetchOutcome.FAILED
    assert make_fetcher(trust=trust).fetch(secure_web.at("/")).outcome == FetchOutcome.FAILED
    # No trusted authority signed its certificate.
    assert make_fetcher().fetch(secure_web.at("/", "secure.test")).outcome == FetchOutcome.FAILED
    assert secure_web.asked == ["/robots.txt", "/"]
