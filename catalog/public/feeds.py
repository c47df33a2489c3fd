"""Make feeds of lists: Atom and JSON Feed."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import get_language, gettext

from catalog.export.files import describe_licence, locate_terms_page
from catalog.export.spreadsheets import NOT_IN_XML
from catalog.models.publisher import read_publisher


@dataclass(frozen=True)
class FeedItem:
    """One item of a feed; `id` is permanent, `link` the full address, `html` a longer form of `text`, if any."""

    id: str
    link: str
    title: str
    text: str
    at: datetime
    html: str = ""


def answer_feed(
    request: HttpRequest, *, form: str, title: str, home: str, items: list[FeedItem], asked: str | None = None
) -> HttpResponse:
    """Return a feed: `form` is atom or json, `home` the full address of the page with the list.

    `asked` names the filters in words. The feed names the licence of the site's data; its author is the publisher.
    """
    # Both contain parts of the query, which may have characters that XML can't hold.
    title, asked = NOT_IN_XML.sub("", title), asked and NOT_IN_XML.sub("", asked)
    publisher = read_publisher()
    licence = f"{describe_licence(publisher)} {locate_terms_page(request)}"
    if form == "json":
        return JsonResponse(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": title,
                # JSON Feed has no field for a licence.
                "description": "\n".join(filter(None, [asked, licence])),
                "home_page_url": home,
                "feed_url": request.build_absolute_uri(),
                "language": get_language(),
                **({"authors": [author]} if (author := publisher.as_json()) else {}),
                "items": [
                    {
                        "id": item.id,
                        "url": item.link,
                        "title": item.title,
                        "content_text": item.text,
                        **({"content_html": item.html} if item.html else {}),
                        "date_published": item.at.isoformat(),
                        "date_modified": item.at.isoformat(),
                    }
                    for item in items
                ],
            },
            content_type="application/feed+json",
        )
    feed = Atom1Feed(
        title=title,
        link=home,
        description="",
        subtitle=asked,
        feed_copyright=licence,
        language=get_language(),
        feed_url=request.build_absolute_uri(),
        author_name=NOT_IN_XML.sub("", publisher.name.text) or gettext("AIGC Landscape"),
        author_email=publisher.email or None,
        author_link=publisher.page or None,
    )
    for item in items:
        feed.add_item(
            title=NOT_IN_XML.sub("", item.title),
            link=item.link,
            # Django marks it as HTML but does not escape it.
            description=NOT_IN_XML.sub("", item.html or escape(item.text)),
            unique_id=item.id,
            pubdate=item.at,
            updateddate=item.at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
