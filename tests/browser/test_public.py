"""The public pages in a real browser: no policy violation, no error, no sideways scrolling, no finding of axe-core."""

import pytest
from playwright.sync_api import expect

from catalog.models import Modality, Source
from tests.browser.axe import violations
from tests.databases import LANDSCAPE
from tests.factories import make_label, make_model

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "",
    "articles/",
    "articles/openais-road/",
    "models/",
    "models/?output=image&sort=-parameters&colour=red&released_min=soon",
    "models/?maker=adept&access=open-weights",
    "startups/",
    "organizations/",
    "products/",
    "models/gpt-3/",
    "models/gpt-3/history/",
    "models/gpt-3/history/1/",
    "organizations/openai/",
    "products/midjourney/",
    "glossary/",
    "glossary/diffusion-model/",
    "sources/{source}/",
    "timeline/",
    "compare/",
    "compare/?kind=models&slug=gpt-3&slug=stable-diffusion&slug=dall-e-2",
    "changes/",
    "freshness/",
    "search/?q=GPT",
    "search/",
    "about/",
    "nothing-here/",
]


@pytest.fixture
def landscape(browser, django_db_blocker):
    """The shipped landscape in the database of this test."""
    with django_db_blocker.unblock(), LANDSCAPE.in_use():
        yield


@pytest.fixture
def site(landscape, live_server):
    """One page of each type in both languages, from the site with the shipped landscape."""
    source = Source.objects.get(slug="arxiv-2005-14165").pk
    return [
        f"{live_server.url}/{language}/{address.format(source=source)}"
        for language in ("en", "zh-hans")
        for address in PAGES
    ]


def examine(page, address: str) -> list[str]:
    """Open a page and return its problems."""
    page.set_viewport_size({"width": 320, "height": 800})
    response = page.goto(address)
    faults = []
    if response.status >= 500:
        faults.append(f"status {response.status}")
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > 320:
        faults.append(f"{width} px wide")
    faults += violations(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    faults += violations(page)
    return [f"{address}: {fault}" for fault in faults]


@pytest.mark.long
def test_every_page_type_is_sound(site, page):
    assert [fault for address in site for fault in examine(page, address)] == []
    # The browser reports the intended 404 page as an error.
    assert [problem for problem in page.problems if "404" not in problem] == []


@pytest.mark.long
def test_every_page_type_is_sound_in_the_dark(site, page):
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert [fault for address in site for fault in examine(page, address)] == []


@pytest.fixture
def small_site(live_server):
    """A site with two models, one for images and one for text."""
    text, image = make_label(Modality, "text", name_zh="文本"), make_label(Modality, "image", name_zh="图像")
    make_model(name="Stable Diffusion", name_zh="Stable Diffusion", inputs=[text], outputs=[image])
    make_model(name="BERT", name_zh="BERT", inputs=[text], outputs=[text])
    return live_server.url


def test_filtering_swaps_the_results_and_keeps_the_address(small_site, page):
    page.goto(f"{small_site}/en/models/")
    results = page.locator("#results")
    expect(results).to_contain_text("BERT")
    page.locator("summary").filter(has_text="Output").click()
    page.locator("input[name=output][value=image]").check()
    page.wait_for_url("**/en/models/?output=image")
    expect(results).not_to_contain_text("BERT")
    page.reload()
    assert page.locator("input[name=output][value=image]").is_checked()
    page.go_back()
    page.wait_for_url("**/en/models/")
    expect(results).to_contain_text("BERT")
    assert page.problems == []


def test_a_listing_works_without_javascript(small_site, browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{small_site}/zh-hans/models/")
    page.locator("summary").filter(has_text="输出模态").click()
    page.locator("input[name=output][value=image]").check()
    page.get_by_role("button", name="查看").click()
    assert "output=image" in page.url
    assert "Stable Diffusion" in page.locator("#results").inner_text()
    assert "BERT" not in page.locator("#results").inner_text()
    context.close()


def test_the_language_switch_leads_to_the_same_page(small_site, page):
    page.goto(f"{small_site}/en/models/?output=image")
    page.get_by_role("link", name="简体中文").first.click()
    assert page.url == f"{small_site}/zh-hans/models/?output=image"
