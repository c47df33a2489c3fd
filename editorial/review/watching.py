"""The link checker: whether the addresses of sources still work, and whether their texts have changed.

Results are stored, and values that cite a changed or vanished source are flagged. The link checker never verifies
anything.
"""

import logging
import time
from collections import Counter
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import Source, SourceText
from catalog.models.choices import LinkState
from catalog.models.source import normalize_url
from catalog.publishing.checking import flag_source
from editorial.review.fetching import Fetched, Fetcher, FetchOutcome

logger = logging.getLogger(__name__)

# Time until a source that was reached is read again.
INTERVAL = timedelta(days=7)
# After failures, a source is tried again after one day, then two, four, eight and so on, at most this many.
MAX_REST_DAYS = 30
# A source counts as gone after this many failed tries on different days: a single failure may be temporary.
TRIES_UNTIL_GONE = 3
# Maximum wait for a host in seconds; if it asks for more, the run ends and a later one continues.
MAX_PAUSE = 60


def watch_sources(*, fetcher: Fetcher, limit: int, host_pause: float) -> Counter:
    """Read the sources that are due, longest waiting first, and return the number of each outcome.

    Sources are read one at a time. Requests to one host are `host_pause` seconds apart, or longer if the host asks for
    it. Two runs at once never read the same source.
    """
    found: Counter = Counter()
    waiting = find_due(timezone.now())
    # When each host may be read again.
    ready: dict[str, float] = {}
    while waiting and found.total() < limit:
        now = time.monotonic()
        source = min(waiting, key=lambda source: max(now, ready.get(host_of(source), now)))
        waiting.remove(source)
        pause = ready.get(host_of(source), now) - now
        if pause > MAX_PAUSE:
            break
        time.sleep(max(0, pause))
        if not claim_source(source):
            continue
        fetched = fetch(source, fetcher=fetcher)
        store_result(source, fetched)
        found[fetched.outcome] += 1
        pause = max(host_pause, fetcher.crawl_delay(source.url), fetched.retry_after)
        ready[host_of(source)] = time.monotonic() + pause
    return found


def find_due(now: datetime) -> list[Source]:
    """Return the sources that are due at a moment, least recently tried first."""
    sources = Source.objects.exclude(url="").order_by(F("tried_at").asc(nulls_first=True), "pk")
    return [
        source
        for source in sources.only("slug", "url", "tried_at", "failures")
        if source.tried_at is None or source.tried_at + rest_after(source.failures) <= now
    ]


def rest_after(failures: int) -> timedelta:
    """Return how long to leave a source alone after this many failures in a row."""
    return timedelta(days=min(2 ** (failures - 1), MAX_REST_DAYS)) if failures else INTERVAL


def host_of(source: Source) -> str:
    return urlsplit(source.url).netloc


def claim_source(source: Source) -> bool:
    """Claim a source for this run; return False if another run was faster, or if its address was changed."""
    untouched = Source.objects.filter(pk=source.pk, url=source.url, tried_at=source.tried_at)
    return bool(untouched.update(tried_at=timezone.now()))


def fetch(source: Source, *, fetcher: Fetcher) -> Fetched:
    try:
        return fetcher.fetch(source.url)
    except Exception:
        # A page that crashes the parser must not stop the others from being read.
        logger.exception("The source %s could not be read: %s", source.slug, source.url)
        return Fetched(FetchOutcome.FAILED)


@transaction.atomic
def store_result(source: Source, fetched: Fetched) -> None:
    """Store the result for a source, unless its address has been changed meanwhile.

    Updates only the link checker's own columns, because people may be editing the others.
    """
    source = Source.objects.select_for_update(no_key=True).filter(pk=source.pk, url=source.url).first()
    if source is None:
        return
    now = timezone.now()
    values = {"tried_at": now, "link_state": fetched.outcome.value, "failures": count_failures(source, fetched)}
    has_changed = False
    match fetched.outcome:
        case FetchOutcome.REACHED | FetchOutcome.MOVED:
            values["moved_to"] = find_new_address(source, fetched.moved_to)
            if not values["moved_to"]:
                values["link_state"] = LinkState.REACHED
            has_changed = store_text(source, fetched, at=now)
        case FetchOutcome.GONE:
            values["moved_to"] = ""
            was_gone = source.link_state == LinkState.GONE and source.failures >= TRIES_UNTIL_GONE
            has_changed = values["failures"] >= TRIES_UNTIL_GONE and not was_gone
    if has_changed:
        values["changed_at"] = now
    Source.objects.filter(pk=source.pk).update(**values)
    if has_changed:
        flag_source(source)


def count_failures(source: Source, fetched: Fetched) -> int:
    """Return the number of failures in a row, raised if needed until the source rests as long as its host asks for.

    For a source that is gone, only tries that found it gone count.
    """
    if fetched.outcome in (FetchOutcome.REACHED, FetchOutcome.MOVED):
        return 0
    if fetched.outcome == FetchOutcome.GONE:
        failures = source.failures + 1 if source.link_state == LinkState.GONE else 1
        return max(failures, TRIES_UNTIL_GONE) if fetched.is_final else failures
    failures = source.failures + 1
    while rest_after(failures) < min(timedelta(seconds=fetched.retry_after), timedelta(days=MAX_REST_DAYS)):
        failures += 1
    return failures


def find_new_address(source: Source, moved_to: str) -> str:
    """Return the new address of a moved source in the site's spelling; "" if it is unchanged or too long."""
    moved_to = normalize_url(moved_to) if moved_to else ""
    is_long = len(moved_to) > Source._meta.get_field("moved_to").max_length
    return "" if moved_to == source.url or is_long else moved_to


def store_text(source: Source, fetched: Fetched, *, at: datetime) -> bool:
    """Store the text of a source if it differs from the last one; return whether it changed from an earlier text."""
    last = source.texts.values_list("sha256", flat=True).first()
    if last == fetched.sha256:
        return False
    SourceText.objects.create(source=source, at=at, sha256=fetched.sha256, text=fetched.text)
    return last is not None
