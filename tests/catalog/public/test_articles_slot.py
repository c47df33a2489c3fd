"""Articles belong to an app above the catalog, which has to register how to find them."""

from django.core.checks import run_checks

from catalog.public import articles


def list_ids() -> set[str]:
    return {message.id for message in run_checks()}


def test_a_system_check_fails_while_nothing_finds_articles(monkeypatch):
    assert "catalog.E010" not in list_ids()
    monkeypatch.setattr(articles, "finders", [])
    assert "catalog.E010" in list_ids()
