"""The fixed lists of choices of the catalog, in the order and with the labels of the vocabulary.

Most labels have the name of their list as translation context, since the same word is translated differently elsewhere.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# Query strings use these words where a value is missing, so no slug that can be filtered by may be one of them.
RESERVED_SLUGS = ("unknown", "undisclosed")


class FieldGroup(models.TextChoices):
    """The groups in which an entry's values are shown and checked."""

    PROFILE = "profile", pgettext_lazy("field group", "Profile")
    SPECIFICATIONS = "specifications", pgettext_lazy("field group", "Specifications")
    ACCESS = "access", pgettext_lazy("field group", "Access and status")
    FUNDING = "funding", pgettext_lazy("field group", "Funding")
    PRICING = "pricing", pgettext_lazy("field group", "Pricing")


class OrganizationType(models.TextChoices):
    STARTUP = "startup", _("Startup")
    COMPANY = "company", _("Company")
    BIG_TECH = "big-tech", _("Big tech")
    LAB = "lab", _("Lab")
    UNIVERSITY = "university", _("University")
    INVESTOR = "investor", _("Investor")
    COMMUNITY = "community", _("Community")
    PUBLIC_BODY = "public-body", _("Public body")


class OrganizationStatus(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("organization status", "Active")
    LISTED = "listed", pgettext_lazy("organization status", "Listed")
    ACQUIRED = "acquired", pgettext_lazy("organization status", "Acquired")
    CLOSED = "closed", pgettext_lazy("organization status", "Closed")


class ReleaseStatus(models.TextChoices):
    """The stage of a model or a product in its life."""

    ANNOUNCED = "announced", pgettext_lazy("status", "Announced")
    PREVIEW = "preview", pgettext_lazy("status", "Preview")
    AVAILABLE = "available", pgettext_lazy("status", "Available")
    DEPRECATED = "deprecated", pgettext_lazy("status", "Deprecated")
    RETIRED = "retired", pgettext_lazy("status", "Retired")


class Access(models.TextChoices):
    """The widest way in which a model is offered now."""

    OPEN_SOURCE = "open-source", pgettext_lazy("access", "Fully open (weights, code, data)")
    OPEN_WEIGHTS = "open-weights", pgettext_lazy("access", "Open weights")
    OPEN_WEIGHTS_CONDITIONAL = "open-weights-conditional", pgettext_lazy("access", "Open weights with conditions")
    OPEN_WEIGHTS_NON_COMMERCIAL = "open-weights-non-commercial", pgettext_lazy("access", "Open weights, non-commercial")
    API = "api", pgettext_lazy("access", "API")
    HOSTED_ONLY = "hosted-only", pgettext_lazy("access", "Hosted only")
    UNRELEASED = "unreleased", pgettext_lazy("access", "Unreleased")


class RoundKind(models.TextChoices):
    SELF_FUNDED = "self-funded", pgettext_lazy("round", "Self-funded")
    PRE_SEED = "pre-seed", pgettext_lazy("round", "Pre-seed")
    ANGEL = "angel", pgettext_lazy("round", "Angel")
    SEED = "seed", pgettext_lazy("round", "Seed")
    PRE_A = "pre-a", pgettext_lazy("round", "Pre-A")
    SERIES_A = "series-a", pgettext_lazy("round", "Series A")
    SERIES_B = "series-b", pgettext_lazy("round", "Series B")
    SERIES_C = "series-c", pgettext_lazy("round", "Series C")
    SERIES_D = "series-d", pgettext_lazy("round", "Series D")
    LATER = "later-series", pgettext_lazy("round", "Later series")
    STRATEGIC = "strategic", pgettext_lazy("round", "Strategic")
    CONVERTIBLE = "convertible", pgettext_lazy("round", "Convertible")
    DEBT = "debt", pgettext_lazy("round", "Debt")
    GRANT = "grant", pgettext_lazy("round", "Grant")
    IPO = "ipo", pgettext_lazy("round", "IPO")
    UNDISCLOSED = "undisclosed", pgettext_lazy("round", "Undisclosed")


class MilestoneKind(models.TextChoices):
    FOUNDING = "founding", pgettext_lazy("milestone", "Founding")
    RELEASE = "release", pgettext_lazy("milestone", "Release")
    ACCESS_CHANGE = "access-change", pgettext_lazy("milestone", "Access change")
    PRICE_CHANGE = "price-change", pgettext_lazy("milestone", "Price change")
    USERS = "users", pgettext_lazy("milestone", "Users")
    ADOPTION = "adoption", pgettext_lazy("milestone", "Adoption")
    PARTNERSHIP = "partnership", pgettext_lazy("milestone", "Partnership")
    ACQUISITION = "acquisition", pgettext_lazy("milestone", "Acquisition")
    RESTRUCTURING = "restructuring", pgettext_lazy("milestone", "Restructuring")
    PEOPLE = "people", pgettext_lazy("milestone", "People")
    RESEARCH = "research", pgettext_lazy("milestone", "Research")
    AWARD = "award", pgettext_lazy("milestone", "Award")
    LEGAL = "legal", pgettext_lazy("milestone", "Legal")
    INCIDENT = "incident", pgettext_lazy("milestone", "Incident")
    SHUTDOWN = "shutdown", pgettext_lazy("milestone", "Shutdown")


class LinkKind(models.TextChoices):
    WEBSITE = "website", pgettext_lazy("link", "Website")
    PAPER = "paper", pgettext_lazy("link", "Paper")
    WEIGHTS = "weights", pgettext_lazy("link", "Weights")
    REPOSITORY = "repository", pgettext_lazy("link", "Repository")
    DOCUMENTATION = "documentation", pgettext_lazy("link", "Documentation")


class LineageKind(models.TextChoices):
    """How a newer model comes from an older one; the label is shown on the newer model's page."""

    SUCCESSOR_OF = "successor-of", pgettext_lazy("lineage", "Succeeds")
    DERIVED_FROM = "derived-from", pgettext_lazy("lineage", "Derived from")
    DISTILLED_FROM = "distilled-from", pgettext_lazy("lineage", "Distilled from")
    BUILT_WITH = "built-with", pgettext_lazy("lineage", "Uses")
    REIMPLEMENTS = "reimplements", pgettext_lazy("lineage", "Reimplements")


# The label shown on the older model's page, for each kind of lineage.
LINEAGE_REVERSE = {
    LineageKind.SUCCESSOR_OF: pgettext_lazy("lineage", "Succeeded by"),
    LineageKind.DERIVED_FROM: pgettext_lazy("lineage", "Derivatives"),
    LineageKind.DISTILLED_FROM: pgettext_lazy("lineage", "Distilled into"),
    LineageKind.BUILT_WITH: pgettext_lazy("lineage", "Used in"),
    LineageKind.REIMPLEMENTS: pgettext_lazy("lineage", "Reimplemented by"),
}


class PersonRole(models.TextChoices):
    FOUNDER = "founder", _("Founder")
    EXECUTIVE = "executive", _("Executive")
    OTHER = "other", _("Other")


class PricePer(models.TextChoices):
    """The unit that a price pays for."""

    FREE = "free", _("Free plan")
    MONTH = "month", _("per month")
    YEAR = "year", _("per year")
    SEAT_MONTH = "seat-month", _("per seat per month")
    SEAT_YEAR = "seat-year", _("per seat per year")
    IMAGE = "image", _("per image")
    MILLION_INPUT_TOKENS = "million-input-tokens", _("per million input tokens")
    MILLION_OUTPUT_TOKENS = "million-output-tokens", _("per million output tokens")
    ONCE = "once", _("once")


class SourceKind(models.TextChoices):
    ANNOUNCEMENT = "announcement", pgettext_lazy("source", "Announcement")
    DOCUMENTATION = "documentation", pgettext_lazy("source", "Documentation")
    PAPER = "paper", pgettext_lazy("source", "Paper")
    REPOSITORY = "repository", pgettext_lazy("source", "Repository")
    FILING = "filing", pgettext_lazy("source", "Filing")
    PRESS = "press", pgettext_lazy("source", "Press")
    ANALYSIS = "analysis", pgettext_lazy("source", "Analysis")
    DATABASE = "database", pgettext_lazy("source", "Database")


FIRST_HAND_SOURCES = frozenset(
    {
        SourceKind.ANNOUNCEMENT,
        SourceKind.DOCUMENTATION,
        SourceKind.PAPER,
        SourceKind.REPOSITORY,
        SourceKind.FILING,
    }
)


class LinkState(models.TextChoices):
    """The last known state of a source's address."""

    UNTRIED = "untried", pgettext_lazy("link state", "Not tried")
    REACHED = "reached", pgettext_lazy("link state", "Reached")
    MOVED = "moved", pgettext_lazy("link state", "Moved")
    BLOCKED = "blocked", pgettext_lazy("link state", "Blocked")
    GONE = "gone", pgettext_lazy("link state", "Gone")
    UNREADABLE = "unreadable", pgettext_lazy("link state", "Too large or too slow to read")
    FAILED = "failed", pgettext_lazy("link state", "Not answering")


class Stance(models.TextChoices):
    SUPPORTS = "supports", _("Agrees")
    CONTRADICTS = "contradicts", _("Says otherwise")
