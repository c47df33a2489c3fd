"""The lists of the admin: constant cost, filters, search, spreadsheets and choosers."""

import csv
import io

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from openpyxl import load_workbook
from wagtail.users.models import UserProfile

from catalog.listing.search import index_for_search
from catalog.models import AIModel, Layer, Modality, Organization, Product, Segment, Source, Term
from tests.editorial.review.support import EACH_KIND, KINDS, cite, create, decide, send, sign_in, url
from tests.factories import make_model, make_organization, make_record, make_source

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
ALL = [*KINDS, Source, Segment, Modality, Layer]


@pytest.fixture
def editor():
    return sign_in("Editor")


def names(response) -> list[str]:
    """Return the first column of a list."""
    return [str(row) for row in response.context["object_list"]]


def make_many(model, number: int) -> None:
    for _number in range(number):
        if model is Organization:
            funding = {"round_kind": "seed", "amount": "USD 1M", "lead": None}
            parent = Organization.objects.first()
            make_organization(country="US", parent=parent, children={"funding_rounds": [funding]})
        elif model is AIModel:
            make_model(makers=[make_organization(publish=False), make_organization(publish=False)])
        elif model is Product:
            make_record(Product, maker=make_organization(publish=False), built_on=[make_model(publish=False)])
        elif model is Term:
            make_record(Term, sources=[make_source()])
        elif model is Source:
            make_source()
        else:
            parent = {"parent": Segment.objects.filter(parent=None).first()} if model is Segment else {}
            slug = f"{model.__name__.lower()}-{model.objects.count()}"
            row = model.objects.create(slug=slug, name_en=slug, name_zh=slug, **parent)
            row.save_revision()


@pytest.mark.parametrize(
    ("model", "query"),
    [
        *((model, "") for model in ALL),
        (Organization, "?export=csv"),
        (AIModel, "?q=a"),
        (Product, "?p=1&ordering=-live"),
    ],
)
def test_number_of_queries_does_not_grow(editor, model, query, django_assert_max_num_queries):
    def count() -> int:
        with django_assert_max_num_queries(60) as captured:
            response = editor.get(url(model, "list") + query)
            assert response.status_code == 200
            if response.streaming:
                b"".join(response.streaming_content)
        return len(captured)

    make_many(model, 3)
    count()
    few = count()
    make_many(model, 12)
    assert count() == few


@pytest.mark.parametrize("model", ALL)
def test_pages_of_a_kind_open(editor, model):
    make_many(model, 1)
    row = model.objects.first()
    for address in (url(model, "list"), url(row, "edit"), url(row, "inspect"), url(row, "history"), url(row, "usage")):
        assert editor.get(address).status_code == 200, address


def test_list_in_chinese(editor):
    make_organization(name="Acme", name_zh="顶点", country="CN")
    UserProfile.objects.create(user=editor.user, preferred_language="zh-hans")
    html = editor.get(url(Organization, "list")).content.decode()
    assert "顶点" in html
    assert "中国" in html


def test_names_are_those_of_the_newest_version_in_the_readers_language(editor):
    acme = make_organization(name="Acme", name_zh="顶点")
    create(editor, Organization, "english", name_en="Only English", name_zh="")
    create(editor, Organization, "chinese", name_en="", name_zh="仅有中文")
    english, chinese = (Organization.objects.get(slug=slug) for slug in ("english", "chinese"))
    send(editor, url(acme, "edit"), name_en="Acme Two", name_zh="顶点二")

    def first_column() -> set[str]:
        soup = BeautifulSoup(editor.get(url(Organization, "list")).content, "html.parser")
        return {link.get_text(strip=True) for link in soup.select("td.title .title-wrapper a")}

    assert first_column() == {"Acme Two", "Only English", "仅有中文"}
    UserProfile.objects.create(user=editor.user, preferred_language="zh-hans")
    assert first_column() == {"顶点二", "Only English", "仅有中文"}
    for name in ("edit", "inspect", "history"):
        for record, title in ((acme, "顶点二"), (english, "Only English"), (chinese, "仅有中文")):
            soup = BeautifulSoup(editor.get(url(record, name)).content, "html.parser")
            assert title in soup.title.get_text(), name


def test_headings_and_labels_begin_with_a_capital(editor):
    make_source()
    html = editor.get(url(Source, "list")).content.decode()
    headings = {cell.get_text(strip=True) for cell in BeautifulSoup(html, "html.parser").select("thead th")}
    assert {"Kind", "Publisher", "Published", "Link state"} <= headings
    labels = {it.get_text(strip=True) for it in BeautifulSoup(html, "html.parser").select("button, legend, label")}
    assert not {"kind", "link state"} & labels
    soup = BeautifulSoup(editor.get(url(Organization, "add")).content, "html.parser")
    labels = {label.get_text(strip=True).rstrip("*") for label in soup.select("label, h3, .w-field__label")}
    assert not {"external identifiers", "value", "key"} & labels


def test_state_column_and_filter(editor):
    make_organization(name="Public")
    draft = make_organization(name="Draft", publish=False)
    changed = make_organization(name="Changed")
    assert send(editor, url(changed, "edit"), city_en="Paris").status_code == 302
    review = make_organization(name="Reviewed", publish=False)
    sourced = (("citations", cite("type")),)
    assert send(editor, url(review, "edit"), "submit", sourced).status_code == 302
    back = make_organization(name="Returned", publish=False)
    assert send(editor, url(back, "edit"), "submit", sourced).status_code == 302
    decide(sign_in("Reviewer"), Organization.objects.get(pk=back.pk), "reject")
    expected = {
        "draft": ["Draft"],
        "in-review": ["Reviewed"],
        "changes-requested": ["Returned"],
        "scheduled": [],
        "live": ["Changed", "Public"],
        "newer-draft": ["Changed"],
    }
    for state, found in expected.items():
        assert names(editor.get(url(Organization, "list") + f"?state={state}")) == found, state
    soup = BeautifulSoup(editor.get(url(Organization, "list")).content, "html.parser")
    shown = {tag.get_text(strip=True) for tag in soup.select("td .w-status")}
    assert shown == {"Draft", "Live", "Live · Draft", "In review", "Changes requested"}
    assert draft.live is False


def test_filters(editor):
    parent = Segment.objects.create(slug="image", name_en="Image", name_zh="图像")
    child = Segment.objects.create(slug="design", name_en="Design", name_zh="设计", parent=parent)
    make_organization(name="A", type="startup", country="US", segments=[child])
    make_organization(name="B", type="lab", country="CN", segments=[parent, child])
    make_organization(name="C", type="company", country="CN")
    for query, found in {
        "type=startup&type=lab": ["A", "B"],
        "country=CN": ["B", "C"],
        f"segments={parent.pk}": ["A", "B"],
        f"segments={parent.pk}&segments={child.pk}&country=CN": ["B"],
        "country=XX&type=nonsense": ["A", "B", "C"],
    }.items():
        response = editor.get(url(Organization, "list") + f"?{query}")
        assert names(response) == found, query
        assert editor.get(url(Organization, "list_results") + f"?{query}&_w_filter_fragment=1").status_code == 200


def test_search_with_filter_and_order(editor):
    entries = [
        make_organization(name="Stability AI", name_zh="稳定智能", type="startup"),
        make_organization(name="Stable Lab", type="lab"),
        make_organization(name="Other", type="lab", publish=False, name_zh="其他"),
    ]
    index_for_search(*entries)
    list_url = url(Organization, "list")
    assert set(names(editor.get(list_url + "?q=stab"))) == {"Stability AI", "Stable Lab"}
    assert names(editor.get(list_url + "?q=稳定")) == ["Stability AI"]
    assert names(editor.get(list_url + "?q=stab&type=lab")) == ["Stable Lab"]
    assert len(names(editor.get(list_url + "?q=stab&ordering=-live&state=live"))) == 2
    assert names(editor.get(list_url + "?q=other")) == ["Other"]
    for query in ('"', "%20", "'", "%00"):
        assert editor.get(list_url + f"?q={query}").status_code == 200


def test_csv_has_the_values_as_text(editor):
    investor = make_organization(name="Investor")
    make_organization(
        name="=Acme",
        type="startup",
        country="US",
        founded="2020-06",
        aliases="One\nTwo",
        identifiers={"wikidata": "Q1"},
        children={
            "funding_rounds": [
                {"key": "a", "round_kind": "series-a", "announced": "2022-04", "amount": "USD 65M", "lead": investor}
            ]
        },
    )
    response = editor.get(url(Organization, "list") + "?export=csv&q=&type=startup")
    assert response["Content-Disposition"] == 'attachment; filename="organization.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf"), "spreadsheet programs know the encoding by it"
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 1
    row = rows[0]
    assert row["State"] == "Live"
    assert row["Name (English)"] == "'=Acme"
    assert row["Type"] == "Startup"
    assert row["Country or region"] == "United States"
    assert row["Founded"] == "2020-06"
    assert row["Also known as"] == "One / Two"
    assert row["External identifiers"] == "wikidata: Q1"
    assert row["Funding rounds"] == "Series A, 2022-04, USD 65M, Investor"
    assert row["Updated"].startswith("20")


def test_xlsx_has_the_values_as_text(editor):
    make_model(name="GPT", parameters="175 billion", training_cost={"kind": "undisclosed"}, released="2020-05-28")
    response = editor.get(url(AIModel, "list") + "?export=xlsx")
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    headings, values = list(sheet.iter_rows(values_only=True))
    row = dict(zip(headings, values, strict=True))
    assert row["Parameters"] == "175 billion"
    assert row["Training cost"] == "Undisclosed"
    assert row["Released"] == "2020-05-28"


@pytest.mark.parametrize("model", [*EACH_KIND, Source])
def test_spreadsheet_of_each_kind(editor, model):
    make_many(model, 2)
    assert b"".join(editor.get(url(model, "list") + "?export=csv").streaming_content).count(b"\n") >= 3


def test_chooser_searches_and_marks_drafts(editor):
    entries = [make_organization(name="Seen"), make_organization(name="Unseen", publish=False)]
    index_for_search(*entries)
    chooser = Organization.snippet_viewset.chooser_viewset
    html = editor.get(reverse(chooser.get_url_name("choose_results"))).content.decode()
    soup = BeautifulSoup(html, "html.parser")
    found = {row.find("a").get_text(strip=True): row.get_text() for row in soup.select("tbody tr")}
    assert "draft" in found["Unseen"]
    assert "live" in found["Seen"]
    html = editor.get(reverse(chooser.get_url_name("choose_results")) + "?q=uns").content.decode()
    assert [a.get_text(strip=True) for a in BeautifulSoup(html, "html.parser").select("tbody a")] == ["Unseen"]


def find_in_chooser(editor, model, query: str) -> BeautifulSoup:
    chooser = model.snippet_viewset.chooser_viewset
    response = editor.get(reverse(chooser.get_url_name("choose_results")), {"q": query})
    return BeautifulSoup(response.content, "html.parser")


def test_misspelt_name_is_found_in_lists_and_choosers_which_name_the_correction(editor):
    entries = [
        make_organization(name="Midjourney", country="US"),
        make_organization(name="Midjourney Labs", publish=False),
        make_organization(name="Midjurne", country="GB", publish=False),
    ]
    index_for_search(*entries)
    notice = "Shown: results for “Midjourney”."
    response = editor.get(url(Organization, "list"), {"q": "Midjuorney"})
    assert set(names(response)) == {"Midjourney", "Midjourney Labs"}
    assert notice in response.content.decode()
    response = editor.get(url(Organization, "list_results"), {"q": "Midjuorney", "country": "US", "ordering": "-live"})
    assert names(response) == ["Midjourney"], "filters and orders go on from there"
    assert notice in response.content.decode()
    found = find_in_chooser(editor, Organization, "Midjuorney")
    assert {a.get_text(strip=True) for a in found.select("tbody a")} == {"Midjourney", "Midjourney Labs"}
    assert notice in found.get_text()

    response = editor.get(url(Organization, "list"), {"q": "Midjurne"})
    assert names(response) == ["Midjurne"], "what is found as typed is what was meant, also if only a draft has it"
    assert "Shown: results" not in response.content.decode()
    response = editor.get(url(Organization, "list"), {"q": "Midjuorney", "country": "GB"})
    assert names(response) == []
    assert "Shown: results" not in response.content.decode()
    assert "Shown: results" not in find_in_chooser(editor, Organization, "Midjurne").get_text()


def test_chooser_of_techniques_offers_nothing_else(editor):
    technique = make_record(Term, name="RLHF", is_technique=True)
    other = make_record(Term, name="RAG")
    index_for_search(technique, other)
    chooser = Term.snippet_viewset.chooser_viewset
    address = reverse(chooser.get_url_name("choose"))
    for query in ("is_technique=1&multiple=1", "is_technique=1&multiple=1&q=r"):
        html = editor.get(f"{address}?{query}", HTTP_X_REQUESTED_WITH="XMLHttpRequest").json()["html"]
        assert "RLHF" in html
        assert "RAG" not in html
    html = editor.get(url(AIModel, "add")).content.decode()
    picker = BeautifulSoup(html, "html.parser").find(id="id_techniques").find_parent("div")
    assert picker["data-catalog-picker-filters-value"] == '{"is_technique": "1"}'


def test_menu_group(editor):
    html = editor.get(reverse("wagtailadmin_home")).content.decode()
    for model in ALL:
        assert url(model, "list") in html
    assert f'"{reverse("wagtailsnippets:index")}"' not in html
