"""Check a page with axe-core against WCAG 2.2 AA, target size included."""

from pathlib import Path

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}


def violations(page):
    """What breaks a rule on the page that is open: a line for each element, with the rule and the place."""
    # Evaluated by the browser's debugger, so the page's own policy cannot refuse it.
    page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options)", OPTIONS)["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {' '.join(map(str, node['target']))} on {page.url}: {rule['help']}"
        for rule in found
        for node in rule["nodes"]
    ]
