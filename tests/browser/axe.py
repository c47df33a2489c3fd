"""Check a page with axe-core against WCAG 2.2 AA, target size included."""

from pathlib import Path

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}


def violations(page):
    """Return the violations on the open page: a line for each element, with the rule and the place."""
    # Run by the browser's debugger, so that the page's Content-Security-Policy can't refuse it.
    page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options)", OPTIONS)["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {' '.join(map(str, node['target']))} on {page.url}: {rule['help']}"
        for rule in found
        for node in rule["nodes"]
    ]
