"""The screen for moved sources, where editors accept the new addresses that the link checker proposes."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.admin import messages

from catalog.models import Refused, Source

ON_A_PAGE = 50


class MoveForm(forms.Form):
    """The source and the new address that were on the screen when the button was pressed."""

    source = forms.ModelChoiceField(Source.objects.all())
    address = forms.CharField()


def show_moved_sources(request: HttpRequest) -> HttpResponse:
    """Show the sources whose address permanently redirects; a button accepts the new address."""
    if not request.user.has_perm("catalog.change_source"):
        raise PermissionDenied
    if request.method == "POST":
        form = MoveForm(request.POST)
        if not form.is_valid():
            raise Refused(_("It was decided meanwhile. This is the current version."))
        source = form.cleaned_data["source"]
        source.move(address=form.cleaned_data["address"], user=request.user)
        messages.success(request, _("“%(title)s” has its new address.") % {"title": source})
        return redirect("review:moved_sources")
    moved = Source.objects.exclude(moved_to="").order_by("-tried_at", "pk")
    page = Paginator(moved, ON_A_PAGE).get_page(request.GET.get("p"))
    return render(request, "wagtailadmin/review/moved_sources.html", {"sources": page})


def explain_move(*, request: HttpRequest, record) -> None:
    """Show a message on a source whose address has moved, with a link to the screen for moved sources."""
    if request.method == "GET" and isinstance(record, Source) and record.moved_to:
        see = messages.button(reverse("review:moved_sources"), _("Sources that moved"))
        words = {"address": record.moved_to}
        messages.info(request, _("Its address redirects for good to %(address)s.") % words, buttons=[see])
