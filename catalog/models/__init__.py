"""The models of the catalog, and their rules."""

from catalog.models.ai_model import (
    AIModel,
    AIModelCitation,
    AIModelLink,
    AIModelMeasurement,
    AIModelMilestone,
    Lineage,
)
from catalog.models.approval import Approval, ApprovalKind, Refused
from catalog.models.checks import Check
from catalog.models.history import Change, HistoryChoice, Publication
from catalog.models.listing import FacetValue, ListingChange, ListingEntry, ListingVersion
from catalog.models.organization import (
    FundingRound,
    Organization,
    OrganizationCitation,
    OrganizationLink,
    OrganizationMeasurement,
    OrganizationMilestone,
    Person,
)
from catalog.models.product import (
    PricePlan,
    Product,
    ProductCitation,
    ProductLink,
    ProductMeasurement,
    ProductMilestone,
)
from catalog.models.publisher import Publisher
from catalog.models.shipped import Shipped
from catalog.models.source import Source, SourceText
from catalog.models.verification import Interval, Verification
from catalog.models.vocabulary import Layer, Modality, Segment, Term

__all__ = [
    "AIModel",
    "AIModelCitation",
    "AIModelLink",
    "AIModelMeasurement",
    "AIModelMilestone",
    "Approval",
    "ApprovalKind",
    "Change",
    "Check",
    "FacetValue",
    "FundingRound",
    "HistoryChoice",
    "Interval",
    "Layer",
    "Lineage",
    "ListingChange",
    "ListingEntry",
    "ListingVersion",
    "Modality",
    "Organization",
    "OrganizationCitation",
    "OrganizationLink",
    "OrganizationMeasurement",
    "OrganizationMilestone",
    "Person",
    "PricePlan",
    "Product",
    "ProductCitation",
    "ProductLink",
    "ProductMeasurement",
    "ProductMilestone",
    "Publication",
    "Publisher",
    "Refused",
    "Segment",
    "Shipped",
    "Source",
    "SourceText",
    "Term",
    "Verification",
]
