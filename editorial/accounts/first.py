"""The first account: the server prints a link, and the person who starts the server makes the account with it."""

import logging
from typing import Any
from urllib.parse import urljoin

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import Group
from django.core.signing import BadSignature, TimestampSigner
from django.db import DatabaseError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from editorial.review.roles import Role

logger = logging.getLogger(__name__)

# Seconds for which a link works.
VALID = 24 * 60 * 60
SIGNER = TimestampSigner(salt="first administrator")


def announce_first_account() -> None:
    """Write the link to the log if there is no account yet. Each process that serves the site calls this at its start.

    Each start makes another link, and all of them end with the first account.
    """
    try:
        if settings.DEMO or get_user_model().objects.exists():
            return
    except DatabaseError:
        # Not migrated yet. `/readyz` says so.
        return
    link = urljoin(settings.SITE_URL, reverse("first_account", args=(SIGNER.sign("first"),)))
    logger.warning("There is no account yet. Within 24 hours, make that of the first administrator at %s", link)


class FirstAccountForm(UserCreationForm):
    email = forms.EmailField(label=_("Email"), required=True)

    class Meta(UserCreationForm.Meta):
        model = get_user_model()
        fields = ("username", "email", "first_name", "last_name")

    def save(self, commit: bool = True) -> Any:
        self.instance.is_superuser = self.instance.is_staff = True
        user = super().save(commit=commit)
        user.groups.add(Group.objects.get(name=Role.ADMINISTRATOR))
        return user


def show_first_account(request: HttpRequest, token: str) -> HttpResponse:
    """Make the account of the first administrator, a superuser. Once there is any account, the page is not there."""
    try:
        SIGNER.unsign(token, max_age=VALID)
    except BadSignature:
        raise Http404 from None
    with transaction.atomic():
        # Two people with the link wait for each other here.
        Group.objects.select_for_update().get(name=Role.ADMINISTRATOR)
        if get_user_model().objects.exists():
            raise Http404
        form = FirstAccountForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            form.save()
            messages.success(request, _("The account is made. Sign in with it."))
            return redirect(settings.LOGIN_URL)
    return render(request, "account/first.html", {"form": form}, status=422 if form.errors else 200)
