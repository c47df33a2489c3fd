"""Publisher, contact and licence: administrators set them, the log has who did, and the About page shows them."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from wagtail.log_actions import registry

from catalog.models import Publisher
from editorial.articles.pages import TextPage
from editorial.review.roles import Role
from tests.editorial.review.support import sign_in, values_in
from tests.factories import make_home, publish_revision

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
ENTERED = {
    "name_en": "Example Press",
    "name_zh": "示例出版社",
    "contact": "desk@example.org",
    "licence": "CC BY 4.0",
    "licence_url": "https://creativecommons.org/licenses/by/4.0/",
}


def address() -> str:
    return reverse("wagtailsettings:edit", args=("catalog", "publisher", Publisher.load().pk))


def read_about(client, language: str = "en") -> str:
    """What the section below the text of the About page says."""
    section = BeautifulSoup(client.get(f"/{language}/about/").content, "html.parser").select_one("main .publisher")
    return " ".join(section.get_text(" ").split()) if section else ""


@pytest.fixture
def about(db):
    """The About page in both languages, and another text."""
    for language in ("en", "zh-hans"):
        home = make_home(language)
        for slug in ("about", "method"):
            page = home.add_child(instance=TextPage(title=slug, slug=slug, locale=home.locale, live=False))
            publish_revision(page.save_revision())


# Who may ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role.values)
def test_administrators_alone_set_them(role):
    client = sign_in(role)
    may = role == Role.ADMINISTRATOR
    answer = client.get(address())
    assert (answer.status_code == 200) == may
    answer = client.post(address(), ENTERED)
    assert answer.status_code == 302
    assert (answer.headers["Location"] == address()) == may
    assert (Publisher.load().contact == "desk@example.org") == may
    menu = BeautifulSoup(client.get(reverse("wagtailadmin_home")).content, "html.parser")
    assert ("/admin/settings/catalog/publisher/" in str(menu)) == may


def test_no_group_but_administrators_has_the_permission():
    holders = Group.objects.filter(permissions__codename__endswith="_publisher")
    assert set(holders.values_list("name", "permissions__codename")) >= {(Role.ADMINISTRATOR, "change_publisher")}
    assert set(holders.values_list("name", flat=True)) == {Role.ADMINISTRATOR}


def test_strangers_are_asked_to_sign_in():
    answer = Client().post(address(), ENTERED)
    assert "/login/" in answer.headers["Location"]
    assert not Publisher.load().contact


def test_the_log_has_who_changed_them():
    client = sign_in("Administrator")
    client.post(address(), ENTERED)
    (entry,) = registry.get_logs_for_instance(Publisher.load())
    assert (entry.action, entry.user) == ("wagtail.edit", client.user)
    report = client.get(reverse("wagtailadmin_reports:site_history")).content.decode()
    assert "administrator" in report
    assert address() in report


# What may be entered ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entered", "complaint"),
    [
        ({"contact": "the desk"}, "Write an e-mail address, or the address of a page that begins with https://"),
        ({"contact": "javascript:alert(1)"}, "Write an e-mail address"),
        ({"contact": "https://"}, "Write an e-mail address"),
        ({"licence": ""}, "Name the licence whose address you give."),
        ({"licence_url": "javascript:alert(1)"}, "Enter a valid URL."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(entered, complaint):
    answer = sign_in("Administrator").post(address(), {**ENTERED, **entered})
    assert answer.status_code == 200
    assert complaint in answer.content.decode()
    assert not Publisher.load().name_en


@pytest.mark.parametrize("contact", ["desk@example.org", "https://example.org/@desk", "http://example.org/?a=1", ""])
def test_a_contact_is_an_address_of_either_kind_or_none(contact):
    sign_in("Administrator").post(address(), {**ENTERED, "contact": contact})
    assert (Publisher.load().name_en, Publisher.load().contact) == ("Example Press", contact)


def test_the_form_shows_the_licence_that_is_in_force():
    html = sign_in("Administrator").get(address()).content
    values = values_in(BeautifulSoup(html, "html.parser").find("input", attrs={"name": "licence"}).find_parent("form"))
    assert values["licence"] == ["CC BY 4.0"]
    assert values["licence_url"] == ["https://creativecommons.org/licenses/by/4.0/"]
    assert values["name_en"] == values["contact"] == [""]


# The About page ---------------------------------------------------------------------------------------------


def test_without_settings_about_shows_the_licence_alone(about, client):
    text = read_about(client)
    assert "CC BY 4.0" in text
    assert "Contact" not in text
    assert "demonstration" not in text
    assert not Publisher.objects.exists(), "reading writes nothing"


def test_about_shows_what_administrators_entered_in_both_languages(about, client):
    sign_in("Administrator").post(address(), ENTERED)
    assert "Publisher Example Press Contact desk@example.org Licence CC BY 4.0" in read_about(client)
    assert "示例出版社" in read_about(client, "zh-hans")
    page = BeautifulSoup(client.get("/zh-hans/about/").content, "html.parser")
    links = {link["href"] for link in page.select(".publisher a")}
    assert links == {"mailto:desk@example.org", "https://creativecommons.org/licenses/by/4.0/"}
    assert not BeautifulSoup(client.get("/en/method/").content, "html.parser").select(".publisher")


def test_about_shows_nothing_where_all_is_empty(about, client):
    Publisher.objects.create(licence="", licence_url="")
    assert read_about(client) == ""


def test_what_was_entered_is_escaped(about, client):
    Publisher.objects.create(name_en="<script>alert(1)</script>")
    html = client.get("/en/about/").content.decode()
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


# The demo ---------------------------------------------------------------------------------------------------

DEMO = "This is a demonstration copy: nothing in it is published."
DEMO_IN_CHINESE = "这是演示站，其中的内容并未正式发布。"


def test_the_demo_says_so_on_about_and_in_the_admin(about, client, settings):
    settings.DEMO = True
    assert DEMO in read_about(client)
    assert DEMO_IN_CHINESE in read_about(client, "zh-hans")
    for role in ("Contributor", "Administrator"):
        admin = BeautifulSoup(sign_in(role).get(reverse("wagtailadmin_home")).content, "html.parser")
        assert DEMO in " ".join(admin.main.get_text().split())


def test_no_other_admin_says_so():
    assert DEMO not in sign_in("Lead").get(reverse("wagtailadmin_home")).content.decode()
