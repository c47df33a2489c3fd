"""The facets and ranges of models."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.listing.facets.declarations import (
    AsRecorded,
    Choices,
    Ends,
    Entries,
    Facet,
    FacetSet,
    Range,
    Subject,
    Sums,
    Unit,
    Vocabulary,
)
from catalog.listing.facets.shared import COUNTRY_OF_MAKERS, FRESH, HOW_KNOWN, YES_NO, checked, date_range
from catalog.models import Modality
from catalog.models.choices import Access, ReleaseStatus
from catalog.models.kinds import EntryKind
from catalog.values import Quantity


def tell_multimodal(subject: Subject) -> list[str]:
    """Return whether a model has more than one modality, input and output together."""
    modalities = {*subject.fields["inputs"], *subject.fields["outputs"]}
    return ["yes" if len(modalities) > 1 else "no"] if modalities else []


def read_parameters(subject: Subject) -> Ends | None:
    """Return the number of parameters as a span; an open end is equal to the other one."""
    if not subject.fields["parameters"]:
        return None
    quantity = Quantity.from_json(subject.fields["parameters"])
    ends = [float(end) for end in (quantity.low, quantity.high) if end is not None]
    return Ends(ends[0], ends[-1]) if ends else None


MODELS = FacetSet(
    kind=EntryKind.MODEL,
    orders={"-released": _("Newest"), "-parameters": _("Most parameters"), "name": _("Name")},
    declared=[
        Facet(
            name="maker",
            label=pgettext_lazy("model", "Maker"),
            options=Entries(EntryKind.ORGANIZATION),
            field="makers",
            column=10,
        ),
        COUNTRY_OF_MAKERS,
        Facet(name="input", label=_("Input"), options=Vocabulary(Modality), field="inputs"),
        Facet(name="output", label=_("Output"), options=Vocabulary(Modality), field="outputs"),
        Facet(name="multimodal", label=_("Multimodal"), options=YES_NO, derive=tell_multimodal),
        date_range(name="released", label=_("Released"), known_label=_("Released: how known"), column=20),
        Range(
            name="parameters",
            label=_("Parameters"),
            unit=Unit.NUMBER,
            field="parameters",
            derive=read_parameters,
            low="parameters_low",
            high="parameters_high",
            known=Facet(
                name="size",
                label=_("Parameters: how known"),
                options=HOW_KNOWN,
                derive=lambda subject: [(subject.fields["parameters"] or {}).get("kind")],
            ),
            sums=Sums.MEDIAN,
            column=30,
        ),
        Facet(name="access", label=_("Access"), options=Choices(dict(Access.choices)), field="access", column=40),
        Facet(name="licence", label=_("Licence"), options=AsRecorded(), field="licence"),
        Facet(name="status", label=_("Status"), options=Choices(dict(ReleaseStatus.choices)), field="status"),
        Facet(name="technique", label=_("Techniques"), options=Entries(EntryKind.TERM), field="techniques"),
        checked(column=50),
        FRESH,
    ],
)
