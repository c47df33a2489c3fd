"""Readers use listings to answer questions: on phone and desktop, with and without JavaScript, in both languages."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Page, expect

from catalog.models import Modality, Segment
from catalog.models.checks import Outcome
from catalog.models.choices import FieldGroup
from catalog.publishing.checking import record_checks
from tests.browser.axe import violations
from tests.factories import make_label, make_model, make_organization, make_product

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLAN = {"key": "pro", "name_en": "Pro", "name_zh": "专业版", "price": "USD 20", "per": "month"}
PHONE, DESKTOP = (390, 844), (1280, 900)
# The words that the reader sees, in both languages.
CHINESE = {
    "Segment": "应用场景",
    "Image": "图像",
    "Image generation": "图像生成",
    "Country or region": "国家/地区",
    "United Kingdom": "英国",
    "China": "中国",
    "Total funding": "累计融资",
    "50M": "5000 万",
    "Access": "开放方式",
    "Open weights": "开源权重",
    "Parameters": "参数量",
    "100 billion": "1000 亿",
    "Released": "发布时间",
    "Built on": "底层模型",
    "Prices last checked": "价格最近核实",
    "Minimum": "最小值",
    "Earliest": "最早",
}


@dataclass
class Reader:
    """A reader of a listing in one language, on a phone or a desktop, with or without JavaScript."""

    page: Page
    site: str
    language: str
    is_on_phone: bool
    has_script: bool

    def say(self, word: str) -> str:
        return CHINESE.get(word, word) if self.language == "zh-hans" else word

    def open(self, listing: str) -> None:
        self.page.goto(f"{self.site}/{self.language}/{listing}/")
        if self.is_on_phone:
            self.page.locator("#filters-button").click()

    def section(self, name: str):
        """Return a facet or range, unfolded."""
        heading = re.compile(rf"^{re.escape(self.say(name))}\s*\d*$")
        summary = self.page.locator("details.facet > summary").filter(has_text=heading)
        section = summary.locator("xpath=..")
        if section.get_attribute("open") is None:
            summary.click()
        return section

    def choose(self, facet: str, option: str, *, within: str = "") -> None:
        section = self.section(facet)
        if within:
            parent = section.locator("li.parent").filter(has=self.page.get_by_label(self.say(within)))
            parent.locator("summary").click()
        section.locator("label").filter(has=self.page.get_by_text(self.say(option), exact=True)).click()

    def bound(self, name: str, end: str, value: str) -> None:
        self.section(name).get_by_label(self.say(end)).fill(self.say(value))

    def show(self, expected: int) -> list[str]:
        """Show the results, wait for the expected number, and return their names."""
        button = self.page.locator("#show-results")
        if self.has_script:
            # The last typed text is sent when the reader leaves the box.
            self.page.keyboard.press("Tab")
            expect(button).to_contain_text(f"{expected}")
        button.click()
        rows = self.page.locator(".rows tbody th a")
        expect(rows).to_have_count(expected)
        expect(rows.first).to_be_visible()
        return rows.all_inner_texts()


@pytest.fixture
def landscape():
    """Entries that answer the questions, and near misses for each question."""
    image = make_label(Segment, "image", position=1, name_en="Image", name_zh="图像")
    generation = make_label(
        Segment, "image-generation", position=2, parent=image, name_en="Image generation", name_zh="图像生成"
    )
    code = make_label(Segment, "code", position=3, name_en="Code", name_zh="编程")
    text = make_label(Modality, "text", name_en="Text", name_zh="文本")

    def startup(name, country, segment, amount):
        rounds = [{"key": "a", "round_kind": "seed", "announced": "2022-10", "amount": amount}]
        return make_organization(
            name=name,
            name_zh=name,
            type="startup",
            country=country,
            segments=[segment],
            children={"funding_rounds": rounds},
        )

    startup("Stability AI", "GB", generation, "USD 101M")
    startup("Little Pictures", "GB", generation, "USD 10M")
    startup("British Coders", "GB", code, "USD 200M")
    startup("American Pictures", "US", generation, "USD 300M")
    deepseek = make_organization(name="DeepSeek", country="CN", type="startup")
    meta = make_organization(name="Meta", country="US", type="big-tech")

    def model(name, maker, **values):
        values = {"released": "2024-12", "parameters": "671 billion", "access": "open-weights", **values}
        return make_model(name=name, name_zh=name, makers=[maker], inputs=[text], outputs=[text], **values)

    model("DeepSeek-V3", deepseek)
    model("DeepSeek-7B", deepseek, parameters="7 billion")
    model("DeepSeek-2023", deepseek, released="2023-05")
    model("DeepSeek-API", deepseek, access="api")
    model("Llama 3.1", meta, parameters="405 billion")
    gpt = model("GPT-3", meta, released="2020-06", access="api", parameters="175 billion")
    make_product(name="Copywriter", name_zh="Copywriter", built_on=[gpt], maker=meta)
    user = get_user_model().objects.create_user("editor")
    for name, days in (("Priced lately", 10), ("Priced long ago", 40)):
        with time_machine.travel(timezone.now() - timedelta(days=days)):
            product = make_product(name=name, name_zh=name, maker=meta, children={"price_plans": [PLAN]})
            record_checks(entry=product.uid, group=FieldGroup.PRICING, outcome=Outcome.STILL_TRUE, user=user)


READERS = [
    pytest.param((PHONE, False, "zh-hans"), id="phone-plain-zh"),
    pytest.param((DESKTOP, True, "en"), id="desktop-script-en"),
    *(
        pytest.param((size, script, language), id=f"{name}-{kind}-{language[:2]}", marks=pytest.mark.long)
        for name, size, kind, script, language in [
            ("phone", PHONE, "plain", False, "en"),
            ("phone", PHONE, "script", True, "en"),
            ("phone", PHONE, "script", True, "zh-hans"),
            ("desktop", DESKTOP, "plain", False, "en"),
            ("desktop", DESKTOP, "plain", False, "zh-hans"),
            ("desktop", DESKTOP, "script", True, "zh-hans"),
        ]
    ),
]


@pytest.fixture
def reader(request, live_server, browser, landscape):
    (width, height), script, language = request.param
    context = browser.new_context(java_script_enabled=script, viewport={"width": width, "height": height})
    context.set_default_timeout(10_000)
    yield Reader(context.new_page(), live_server.url, language, is_on_phone=width < 600, has_script=script)
    context.close()


@pytest.mark.parametrize("reader", READERS, indirect=True)
def test_a_listing_answers_what_people_ask(reader):
    # Question: UK startups in image generation with more than USD 50M
    reader.open("startups")
    reader.choose("Segment", "Image generation", within="Image")
    reader.choose("Country or region", "United Kingdom")
    reader.bound("Total funding", "Minimum", "50M")
    assert reader.show(1) == ["Stability AI"]
    assert "segment=image-generation" in reader.page.url, "it is all in the address"

    # Question: open-weights models of Chinese makers with more than 100 billion parameters, released since 2024
    reader.open("models")
    reader.choose("Country or region", "China")
    reader.bound("Released", "Earliest", "2024")
    reader.bound("Parameters", "Minimum", "100 billion")
    reader.choose("Access", "Open weights")
    assert reader.show(1) == ["DeepSeek-V3"]

    # Question: products built on GPT-3
    reader.open("products")
    reader.choose("Built on", "GPT-3")
    assert reader.show(1) == ["Copywriter"]

    # Question: prices checked in the last 30 days
    reader.open("products")
    reader.bound("Prices last checked", "Earliest", str(timezone.now().date() - timedelta(days=30)))
    assert reader.show(1) == ["Priced lately"]


def test_choosing_by_keyboard_keeps_the_place_and_says_the_count(landscape, live_server, page):
    page.goto(f"{live_server.url}/en/startups/")
    box = page.locator("#country-GB")
    page.locator("summary").filter(has_text="Country or region").click()
    box.focus()
    page.keyboard.press("Space")
    expect(page.locator("#count")).to_have_text("3 results")
    expect(page.get_by_role("status").filter(has_text="3 results")).to_be_visible()
    expect(box).to_be_checked()
    expect(box).to_be_focused()
    expect(page.locator("#country-US + span + small")).to_have_text("1")
    page.locator("li.parent").filter(has=page.get_by_label("Image", exact=False)).locator("summary").click()
    page.get_by_label("Image generation").check()
    expect(page.locator("#count")).to_have_text("2 results")
    expect(page.get_by_label("Image generation")).to_be_visible()
    page.go_back()
    expect(page.locator("#count")).to_have_text("3 results")
    assert violations(page) == []
    assert page.problems == []


def test_an_option_is_found_while_typing(live_server, page):
    for number in range(12):
        make_model(name=f"Model {number}", licence=f"licence-{number:02}")
    page.goto(f"{live_server.url}/en/models/")
    page.locator("summary").filter(has_text="Licence").first.click()
    box = page.get_by_label("Find an option: Licence")
    box.press_sequentially("-1")
    options = page.locator("#options-licence input")
    expect(options).to_have_count(2)
    expect(box).to_be_focused()
    options.first.check()
    expect(page.locator("#count")).to_have_text("1 result")
    page.go_back()
    expect(page.locator("#count")).to_have_text("12 results")
    assert page.problems == []
