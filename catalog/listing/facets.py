"""The options of facets: which there are, in which order, and what they are called in the reader's language."""

from collections.abc import Iterable

from django.db.models import CharField, F, QuerySet, Value
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from catalog.listing.as_of import AsOf
from catalog.listing.index import ENTRY_FACETS, by_sound
from catalog.models import Layer, Modality, Segment
from catalog.models.choices import (
    Access,
    EntryKind,
    OrganizationStatus,
    OrganizationType,
    ReleaseStatus,
    RoundKind,
)
from catalog.models.listing import UNKNOWN
from catalog.models.verification import State
from catalog.values import BilingualText

YES_NO = {"yes": _("Yes"), "no": _("No")}
SIZES = {"reported": _("Reported"), "estimated": _("Estimated"), "undisclosed": _("Undisclosed")}
CHOICES = {
    "type": dict(OrganizationType.choices),
    "access": dict(Access.choices),
    "latest_round": dict(RoundKind.choices),
    "freshness": {
        State.VERIFIED: _("Verified"),
        State.OVERDUE: _("Check overdue"),
        State.FLAGGED: _("Source gone or changed"),
        State.UNVERIFIED: _("Not checked yet"),
        State.DISPUTED: _("Sources differ"),
        State.HISTORICAL: _("No longer tracked"),
    },
    "multimodal": YES_NO,
    "free_plan": YES_NO,
    "size": SIZES,
}
VOCABULARIES = {
    "layer": Layer,
    "modality": Modality,
    "input": Modality,
    "output": Modality,
    "segment": Segment,
}


class FacetOptions:
    """The options of all facets of a kind; at most six queries, whatever the number of entries.

    `everything` are the listing rows of the kind, on the day of `as_of`.
    """

    def __init__(self, *, kind: EntryKind, names: list[str], everything: QuerySet, as_of: AsOf) -> None:
        self.kind, self.names, self.everything, self.as_of = kind, names, everything, as_of
        # The parent of each segment that has one; known once the labels are.
        self.parents: dict[str, str] = {}

    @cached_property
    def present(self) -> dict[str, set[str]]:
        """The values that any entry of the kind has, by facet."""
        present: dict[str, set[str]] = {name: set() for name in self.names}
        pairs = self.as_of.facets().filter(listing__in=self.everything.values("pk"), facet__in=self.names)
        for facet, value in pairs.order_by().values_list("facet", "value").distinct():
            present[facet].add(value)
        return present

    def known(self, facet: str) -> set[str]:
        """The values that may be asked for: those of the vocabulary, and those that any entry has."""
        # Of entries only the live ones are known: that a draft exists is nobody's business.
        present = () if facet in ENTRY_FACETS else self.present.get(facet, ())
        return {UNKNOWN, *present, *self.labels.get(facet, {})}

    @cached_property
    def labels(self) -> dict[str, dict[str, object]]:
        """What each value is called, by facet, in the order shown."""
        labels: dict[str, dict[str, object]] = {}
        vocabularies: dict[type, dict[str, object]] = {}
        entries = self._entry_labels()
        for name in self.names:
            if name == "status":
                choices = OrganizationStatus if self.kind == EntryKind.ORGANIZATION else ReleaseStatus
                labels[name] = dict(choices.choices)
            elif name in CHOICES:
                labels[name] = CHOICES[name]
            elif name in VOCABULARIES:
                model = VOCABULARIES[name]
                if model not in vocabularies:
                    parent = F("parent__slug") if model is Segment else Value(None, CharField())
                    rows = list(model.objects.values_list("slug", "name_en", "name_zh", parent))
                    vocabularies[model] = ordered_labels(rows)
                    self.parents.update({slug: its_parent for slug, _en, _zh, its_parent in rows if its_parent})
                labels[name] = dict(vocabularies[model])
                if self.as_of.is_past:
                    # Of vocabularies only the present words are known; a former address stands for itself.
                    former = self.present[name] - labels[name].keys() - {UNKNOWN}
                    labels[name].update((value, value) for value in sorted(former))
            elif name in ENTRY_FACETS:
                labels[name] = {
                    slug: label
                    for (kind, slug), label in entries.items()
                    if kind == ENTRY_FACETS[name] and slug in self.present[name]
                }
            elif name == "country":
                present = self.present[name] - {UNKNOWN}
                labels[name] = dict(
                    sorted(
                        ((code, countries.name(code) or code) for code in present),
                        key=lambda pair: by_sound(str(pair[1])),
                    )
                )
            else:
                labels[name] = {value: value for value in sorted(self.present[name] - {UNKNOWN}, key=str.casefold)}
        return labels

    def _entry_labels(self) -> dict[tuple[str, str], object]:
        wanted = {
            (ENTRY_FACETS[name], slug) for name in self.names if name in ENTRY_FACETS for slug in self.present[name]
        }
        if not wanted:
            return {}
        rows = (
            self.as_of.entries()
            .filter(kind__in={kind for kind, slug in wanted}, slug__in={slug for kind, slug in wanted})
            .order_by("sort_zh" if get_language() == "zh-hans" else "sort_en")
        )
        return {
            (kind, slug): BilingualText(en=en, zh=zh)
            for kind, slug, en, zh in rows.values_list("kind", "slug", "name_en", "name_zh")
            if (kind, slug) in wanted
        }

    def shown(self, facet: str, *, chosen: Iterable[str]) -> list[tuple[str, object]]:
        """The (value, label) pairs to offer: those that any entry of the kind has, and those chosen."""
        wanted = {*self.present[facet], *chosen}
        options = [(value, label) for value, label in self.labels[facet].items() if value in wanted]
        if UNKNOWN in wanted:
            options.append((UNKNOWN, _("Unknown")))
        return options


def ordered_labels(rows: list[tuple]) -> dict[str, BilingualText]:
    """The labels of a vocabulary in its order; children follow their parent. Rows: slug, English, Chinese, parent."""
    labels: dict[str, BilingualText] = {}
    for slug, en, zh, parent in rows:
        if parent is None:
            labels[slug] = BilingualText(en=en, zh=zh)
            labels.update({child: BilingualText(en=e, zh=z) for child, e, z, its_parent in rows if its_parent == slug})
    return labels
