"""Who publishes the site, and under which licence: a setting that administrators edit."""

from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from catalog.values import BilingualField

PAGE_SCHEMES = ("http", "https")


def is_page(contact: str) -> bool:
    """Whether a contact is the address of a page."""
    return contact.startswith(tuple(f"{scheme}://" for scheme in PAGE_SCHEMES))


def validate_contact(contact: str) -> None:
    """Raise ValidationError unless it is an e-mail address or the address of a page."""
    validate = URLValidator(schemes=PAGE_SCHEMES) if is_page(contact) else EmailValidator()
    try:
        validate(contact)
    except ValidationError:
        raise ValidationError(
            _("Write an e-mail address, or the address of a page that begins with https:// or http://.")
        ) from None


@register_setting(icon="globe")
class Publisher(BaseGenericSetting):
    """The publisher of this site, with contact and licence. What is empty is shown nowhere."""

    name = BilingualField(
        models.CharField, verbose_name=pgettext_lazy("of the site", "Publisher"), max_length=200, blank=True
    )
    contact = models.CharField(
        _("Contact"),
        max_length=400,
        blank=True,
        validators=[validate_contact],
        help_text=_("An e-mail address, or the address of a page. Everybody can read it."),
    )
    licence = models.CharField(
        _("Licence"),
        max_length=120,
        blank=True,
        default="CC BY 4.0",
        help_text=_("Under which the texts and the compilation may be used; not quotations, nor others' data."),
    )
    licence_url = models.URLField(
        _("Address of the licence"),
        max_length=400,
        blank=True,
        default="https://creativecommons.org/licenses/by/4.0/",
    )

    panels = [
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("name_en"), FieldPanel("name_zh")]), FieldPanel("contact")],
            heading=pgettext_lazy("of the site", "Publisher"),
        ),
        MultiFieldPanel([FieldPanel("licence"), FieldPanel("licence_url")], heading=_("Licence")),
    ]

    class Meta:
        verbose_name = _("publisher and licence")

    def clean(self) -> None:
        super().clean()
        if self.licence_url and not self.licence:
            raise ValidationError({"licence": _("Name the licence whose address you give.")})

    @property
    def page(self) -> str:
        """The contact if it is the address of a page, else empty."""
        return self.contact if is_page(self.contact) else ""

    @property
    def email(self) -> str:
        """The contact if it is an e-mail address, else empty."""
        return "" if self.page else self.contact

    @property
    def url(self) -> str:
        """The contact as a link; empty if there is none."""
        return self.page or (f"mailto:{quote(self.email, safe='@')}" if self.email else "")

    @property
    def full_licence(self) -> str:
        """The licence with its address in angle brackets; empty if none is stated."""
        return " ".join(filter(None, [self.licence, self.licence_url and f"<{self.licence_url}>"]))

    def as_json(self) -> dict[str, str]:
        """The publisher's name and link, as far as they are known."""
        known = {"name": self.name.text, "url": self.url}
        return {key: value for key, value in known.items() if value}


def read_publisher() -> Publisher:
    """Return the publisher as saved, or with the defaults; one query, and reading writes nothing."""
    return Publisher.objects.first() or Publisher()
