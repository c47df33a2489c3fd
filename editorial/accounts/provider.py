"""Signing in by another service that speaks OpenID Connect, if the settings name one."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from editorial.accounts.sign_in import tell_owner


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Lets in those who have an account here. The service makes none and changes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse(settings.LOGIN_REDIRECT_URL)

    def on_authentication_error(self, request: HttpRequest, provider: Any, *args: Any, **options: Any) -> None:
        """Return to the page to sign in, with a message: somebody cancelled, or the service did not answer well."""
        words = {"service": getattr(provider, "name", provider)}
        messages.error(request, _("%(service)s has not signed you in. Try again, or sign in here.") % words)
        raise ImmediateHttpResponse(redirect(settings.LOGIN_URL))

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Connect somebody who comes for the first time with the account that has their address.

        The service must say that it has verified the address. From then on its own name for the person counts, so that
        another address there leads to no other account here.
        """
        if sociallogin.is_existing:
            return
        addresses = [it.email for it in sociallogin.email_addresses if it.verified]
        users = [
            user
            for address in addresses
            for user in get_user_model().objects.filter(is_active=True, email__iexact=address)
        ]
        if len(users) == 1:
            sociallogin.connect(request, users[0])
            tell_owner(user=users[0], text=gettext_lazy("Another service now signs this account in."))
            return
        name = sociallogin.provider.name
        messages.error(
            request,
            _("%(service)s has signed you in, but no account here has your address. Ask an administrator for one.")
            % {"service": name},
        )
        raise ImmediateHttpResponse(redirect(settings.LOGIN_URL))
