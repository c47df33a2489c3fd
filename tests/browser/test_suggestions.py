"""Suggestions of names while typing, in a real browser: by keyboard, by mouse, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.factories import make_home, make_model, make_product

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(live_server):
    make_home()
    make_model(name="Stable Diffusion", slug="stable-diffusion")
    make_product(name="ERNIE Bot", name_zh="文心一言", slug="ernie-bot")
    return live_server.url


def test_a_name_is_chosen_by_keyboard_and_its_page_opens(site, page):
    page.goto(f"{site}/zh-hans/timeline/")
    box = page.locator("#site-search")
    box.press_sequentially("wenx")
    options = page.locator("#site-search-suggestions [role=option]")
    expect(options).to_have_count(1)
    expect(box).to_have_attribute("aria-expanded", "true")
    assert violations(page) == []
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "site-search-suggestions-1")
    box.press("Escape")
    expect(options.first).to_be_hidden()
    box.press_sequentially("i")
    expect(options.first).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url("**/zh-hans/products/ernie-bot/")
    assert page.problems == []


def test_a_name_is_put_into_the_box_of_a_listing(site, page):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/en/models/")
    page.locator("#filter-q").press_sequentially("stab")
    page.locator("#filter-q-suggestions [role=option]").click()
    page.wait_for_url("**/en/models/?*q=Stable+Diffusion*")
    expect(page.locator("#results")).to_contain_text("Stable Diffusion")
    assert page.problems == []


def test_without_a_script_the_box_is_a_plain_one(site, browser):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{site}/en/search/")
    page.locator("#q").fill("stab")
    page.locator("#q").press("Enter")
    expect(page.locator(".hits")).to_contain_text("Stable Diffusion")
    expect(page.locator("[role=listbox]").first).to_be_hidden()
    page.context.close()
