"""Measure what readers notice of a flood of sign-ins, on a server that runs: `make demo`, then this, with its address.

Sixteen clients try wrong passwords in loops. One reader opens a listing, before and during that, in turns.
"""

import http.client
import re
import statistics
import sys
import threading
import time
from urllib.parse import urlencode, urlsplit

LOOPS, ROUNDS, READS = 16, 3, 40
LISTING, LOGIN = "/en/models/", "/en/accounts/login/"


def read_listing(host: str) -> list[float]:
    """Return how many milliseconds each of `READS` requests for a listing took."""
    times = []
    connection = http.client.HTTPConnection(host, timeout=60)
    for _number in range(READS):
        begun = time.perf_counter()
        connection.request("GET", LISTING)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            sys.exit(f"{LISTING} answered {answer.status}")
        times.append((time.perf_counter() - begun) * 1000)
    return times


def try_passwords(host: str, stop: threading.Event, answers: list[int]) -> None:
    """Send a wrong password again and again until `stop` is set, and note the status of each answer."""
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request("GET", LOGIN)
    answer = connection.getresponse()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.read().decode())[1]
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    form = urlencode({"csrfmiddlewaretoken": token, "login": "reviewer", "password": "a wrong password"})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie, "Origin": f"http://{host}"}
    while not stop.is_set():
        try:
            connection.request("POST", LOGIN, form, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            # The server closes the connection where it has not read the form.
            connection.close()
        else:
            answers.append(answer.status)


def main() -> None:
    host = urlsplit(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000").netloc
    read_listing(host)
    quiet, flooded, answers = [], [], []
    for _round in range(ROUNDS):
        quiet += read_listing(host)
        stop = threading.Event()
        threads = [threading.Thread(target=try_passwords, args=(host, stop, answers)) for _number in range(LOOPS)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        flooded += read_listing(host)
        stop.set()
        for thread in threads:
            thread.join()
    for name, times in (("quiet", quiet), ("during a flood", flooded)):
        print(
            f"{name:15} median {statistics.median(times):6.1f} ms   p95 {statistics.quantiles(times, n=20)[18]:6.1f} ms"
        )
    print(f"median: {statistics.median(flooded) / statistics.median(quiet) - 1:+.0%}; sign-ins tried: {len(answers)}")


if __name__ == "__main__":
    main()
