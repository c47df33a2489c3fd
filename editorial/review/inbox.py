"""Notices in the admin: the newest on the front page, the full list, and each person's choices."""

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.ui.components import Component
from wagtail.admin.utils import get_valid_next_url_from_request
from wagtail.admin.views.account import BaseSettingsPanel, notifications_tab

from editorial.review.notices import ALWAYS_SENT, Notice, NoticeChoice, NoticeKind

ON_FRONT_PAGE = 5
ON_A_PAGE = 30


class NoticesPanel(Component):
    """The newest notices that a person has not read."""

    name = "notices"
    order = 60
    template_name = "wagtailadmin/review/notices_panel.html"

    def get_context_data(self, parent_context):
        request = parent_context["request"]
        unread = Notice.objects.shown_to(request.user).filter(seen_at=None)
        # One extra row tells whether there are more.
        found = list(unread.prefetch_related("record")[: ON_FRONT_PAGE + 1])
        return {"notices": found[:ON_FRONT_PAGE], "has_more": len(found) > ON_FRONT_PAGE, "request": request}


def show_notices(request: HttpRequest) -> HttpResponse:
    """Show the user's notices, newest first."""
    notices = Notice.objects.shown_to(request.user).prefetch_related("record")
    page = Paginator(notices, ON_A_PAGE).get_page(request.GET.get("p"))
    return render(request, "wagtailadmin/review/notices.html", {"notices": page})


@require_POST
def mark_read(request: HttpRequest) -> HttpResponse:
    """Mark one of the user's own notices as read, or all of them."""
    own = Notice.objects.shown_to(request.user).order_by()
    if "all" not in request.POST:
        number = request.POST.get("notice", "")
        own = own.filter(pk=number) if number.isascii() and number.isdigit() else own.none()
        if not own.exists():
            messages.error(request, _("There is no such notice among yours."))
    own.filter(seen_at=None).update(seen_at=timezone.now())
    return redirect(get_valid_next_url_from_request(request) or "review:notices")


CHOICES = [(kind.value, kind.label) for kind in NoticeKind if kind not in ALWAYS_SENT]


class NoticeChoiceForm(forms.ModelForm):
    in_admin = forms.MultipleChoiceField(
        label=_("In the admin"),
        choices=CHOICES,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_(
            "You are mentioned when someone who decides, publishes in an emergency or comments on a page writes "
            "@username; everyone who may open the entry or page can be mentioned. Comments on pages whose comments you "
            "follow count too."
        ),
    )
    by_mail = forms.MultipleChoiceField(
        label=_("By e-mail"), choices=CHOICES, widget=forms.CheckboxSelectMultiple, required=False
    )

    class Meta:
        model = NoticeChoice
        fields = ["in_admin", "by_mail"]


class NoticeChoicePanel(BaseSettingsPanel):
    """A panel in the account settings: which notices a person gets, and where."""

    name = "notices"
    title = _("Notices")
    tab = notifications_tab
    form_class = NoticeChoiceForm
    order = 100

    def get_form(self):
        return self.form_class(
            self.request.POST if self.request.method == "POST" else None,
            instance=NoticeChoice.of(self.user),
            prefix=self.name,
        )
