"""The accounts of the demonstration."""

import pytest
from django.contrib.auth.models import User

from aigc_site.management.commands import demo

pytestmark = [pytest.mark.django_db, pytest.mark.admin]


def test_every_account_has_a_name_also_one_that_was_there_without(monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "PASSWORD_FILE", tmp_path / "password")
    User.objects.create_user("editor")
    User.objects.create_user("lead", first_name="Li")
    demo.provide_accounts()
    names = {user.username: user.get_full_name() for user in User.objects.filter(username__in=demo.ACCOUNTS)}
    assert names.pop("lead") == "Li", "it keeps what was changed in it"
    assert names == {name: f"{name.capitalize()} Demo" for name in demo.ACCOUNTS if name != "lead"}


def test_the_account_page_offers_no_time_zone_that_browsers_do_not_know(settings):
    assert "Asia/Shanghai" in settings.WAGTAIL_USER_TIME_ZONES
    assert "localtime" not in settings.WAGTAIL_USER_TIME_ZONES
