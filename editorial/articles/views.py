"""The written pages: home, articles, permanent texts; and the search over everything."""

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.models import PageLogEntry

from catalog.models.kinds import list_kinds
from catalog.public.former import show_withdrawal
from catalog.values import BilingualText, language_key
from editorial.articles.contents import build_index
from editorial.articles.pages import ArticleIndexPage, ArticlePage, HomePage, SitePage, TextPage, live_articles
from editorial.articles.searching import SUGGESTIONS, SearchPage

# The URL names that take a page's slug.
PAGE_ADDRESSES = {ArticlePage: "article", TextPage: "text"}


def show_home(request: HttpRequest) -> HttpResponse:
    """Show the front page in the reader's language."""
    return answer_page(request, HomePage, languages=[request.LANGUAGE_CODE])


def show_article_index(request: HttpRequest) -> HttpResponse:
    """Show the list of articles in the reader's language."""
    page = ArticleIndexPage.objects.live().filter(locale__language_code=request.LANGUAGE_CODE).first()
    context = build_index(articles=live_articles(request.LANGUAGE_CODE), number=request.GET.get("page"))
    return render(request, "editorial/article_index.html", {"page": page, **context})


def show_article(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an article; in the other language, with a note, if there is none in the reader's."""
    return answer_page(request, ArticlePage, languages=sort_languages(request), slug=slug)


def show_text(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a permanent text, such as About; in the other language if there is none in the reader's."""
    return answer_page(request, TextPage, languages=sort_languages(request), slug=slug)


def sort_languages(request: HttpRequest) -> list[str]:
    """Return the languages of the site, the reader's first."""
    return sorted((code for code, _name in settings.LANGUAGES), key=lambda code: code != request.LANGUAGE_CODE)


def answer_page(request: HttpRequest, model: type[SitePage], *, languages: list[str], **address) -> HttpResponse:
    """Return the page that has or had an address, in the first language that has one. Raises Http404."""
    for language in languages:
        pages = model.objects.live().public().filter(locale__language_code=language, **address)
        if page := pages.select_related("locale").first():
            return serve_live(request, page)
        if response := answer_former_page(request, model, language=language, **address):
            return response
    raise Http404(_("There is no such page."))


def serve_live(request: HttpRequest, page: SitePage) -> HttpResponse:
    """Return a page, or a redirect to its translation in the reader's language."""
    if isinstance(page, ArticlePage) and page.locale.language_code != request.LANGUAGE_CODE:
        # Its translation may have another address.
        translations = page.get_translations().live().public()
        if translation := translations.filter(locale__language_code=request.LANGUAGE_CODE).first():
            return HttpResponseRedirect(reverse("article", args=[translation.slug]))
    return page.serve(request)


def answer_former_page(request: HttpRequest, model: type[SitePage], *, language: str, **address) -> HttpResponse | None:
    """Return a redirect to the present address of a page, or the notice of a withdrawn one; None if there is neither.

    Only the log knows former addresses: a draft of a withdrawn page changes the page's own row.
    """
    steps = PageLogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model),
        action__in=["review.renamed", "review.withdrawn"],
        page__locale__language_code=language,
    )
    former = steps.filter(**{f"data__former_{name}": value for name, value in address.items()}).first()
    page = former and model.objects.public().filter(pk=former.page_id).first()
    if page is None:
        return None
    if page.live:
        return HttpResponsePermanentRedirect(reverse(PAGE_ADDRESSES[model], args=[page.slug]))
    withdrawn = steps.filter(page=page, action="review.withdrawn").first()
    return show_withdrawal(
        request,
        name=BilingualText(**{language_key(language): withdrawn.label}),
        reason=BilingualText(**withdrawn.data["reason"]),
        withdrawn_at=withdrawn.timestamp,
    )


def show_search(request: HttpRequest) -> HttpResponse:
    """Show the search over entries, terms and articles. Any input gets an answer."""
    search = SearchPage(data=request.GET, language=request.LANGUAGE_CODE)
    return render(request, "editorial/search.html", {"search": search, "kinds": list_kinds()})


def suggest(request: HttpRequest) -> HttpResponse:
    """Return names that complete the typed text, as the options of a list."""
    search = SearchPage(data=request.GET, language=request.LANGUAGE_CODE)
    found = [it for it in search.names if search.kind in ("", it[0])] if search.typed else []
    response = render(request, "components/suggestion_options.html", {"hits": search.show(found[:SUGGESTIONS])})
    response["X-Robots-Tag"] = "noindex"
    return response
