"""What the addresses of renamed, merged and withdrawn entries answer."""

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone

from catalog.models import AIModel
from tests.factories import make_model, make_term, publish, withdraw

pytestmark = pytest.mark.django_db


def words_at(client, address: str) -> str:
    return " ".join(BeautifulSoup(client.get(address).content, "html.parser").get_text(" ").split())


@pytest.fixture
def merged():
    """A model that was merged into another one, and the other one."""
    target, old = make_model(slug="target", name="Target"), make_model(slug="old", name="Old")
    publish(old, merged_into=target)
    return old, target


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_merged_entry_leads_to_the_other_one(client, merged, language):
    response = client.get(f"/{language}/models/old/")
    assert (response.status_code, response.url) == (301, f"/{language}/models/target/")
    assert client.get(response.url).status_code == 200
    assert "/models/old/" not in client.get(f"/{language}/models/").content.decode()
    assert "/models/old/" not in client.get("/sitemap-entries.xml").content.decode()


def test_the_other_one_says_what_was_merged_into_it(client, merged):
    old, _target = merged
    today = timezone.localdate()
    assert f"Old Merged into Target on {today.day} {today:%B} {today.year}" in words_at(client, "/en/models/target/")
    assert f"Old 中文 已于 {today.year} 年 {today.month} 月 {today.day} 日并入“Target 中文”" in words_at(
        client, "/zh-hans/models/target/"
    )
    publish(old, merged_into=None)
    assert "Merged into" not in words_at(client, "/en/models/target/")


def test_a_merged_term_leads_to_the_other_one(client):
    target, old = make_term(slug="target"), make_term(slug="old")
    publish(old, merged_into=target)
    assert client.get("/en/glossary/old/").url == "/en/glossary/target/"


def test_it_leads_there_also_after_the_other_one_was_renamed(client, merged):
    _old, target = merged
    publish(target, slug="renamed")
    assert client.get("/en/models/old/").url == "/en/models/renamed/"


def test_it_leads_to_the_end_of_a_chain(client, merged):
    _old, target = merged
    last = make_model(slug="last")
    publish(target, merged_into=last)
    publish(last, slug="renamed")
    for slug in ("old", "target", "last"):
        response = client.get(f"/en/models/{slug}/")
        assert (response.status_code, response.url) == (301, "/en/models/renamed/")


def test_it_leads_to_the_notice_when_the_other_one_is_withdrawn(client, merged):
    _old, target = merged
    withdraw(target)
    response = client.get("/en/models/old/", follow=True)
    assert response.redirect_chain == [("/en/models/target/", 301)]
    assert response.status_code == 410
    assert "It was wrong." in response.content.decode()


def test_an_entry_renamed_before_it_was_merged_leads_there_from_both_addresses(client):
    target, old = make_model(slug="target"), make_model(slug="first")
    publish(old, slug="second")
    publish(old, merged_into=target)
    for slug in ("first", "second"):
        assert client.get(f"/en/models/{slug}/").url == "/en/models/target/"


def test_a_draft_of_what_was_merged_changes_nothing_for_readers(client, merged):
    old, _target = merged
    # The form of an entry that is not live saves its drafts like this.
    draft = AIModel.objects.get(pk=old.pk)
    draft.merged_into, draft.slug = None, "draft"
    draft.save()
    draft.save_revision()
    assert client.get("/en/models/old/").url == "/en/models/target/"
    assert client.get("/en/models/draft/").status_code == 404


def test_a_restored_entry_is_back_at_its_address(client, merged):
    old, _target = merged
    publish(old, merged_into=None)
    assert client.get("/en/models/old/").status_code == 200


def test_a_reason_in_one_language_is_marked_in_the_other(client):
    model = make_model(slug="old")
    publish(model, withdrawal_zh="内容有误。")
    english, chinese = client.get("/en/models/old/"), client.get("/zh-hans/models/old/")
    assert (english.status_code, chinese.status_code) == (410, 410)
    assert '<span lang="zh-hans">内容有误。</span>' in english.content.decode()
    assert "Not yet in English; shown in Chinese." in english.content.decode()
    assert "撤下，原因：内容有误。" in chinese.content.decode()
