"""Signing in by another service that speaks OpenID Connect, if the settings name one."""

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Lets in those who have an account here. The service makes none and changes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

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
            return
        name = sociallogin.provider.name
        messages.error(
            request,
            _("%(service)s has signed you in, but no account here has your address. Ask an administrator for one.")
            % {"service": name},
        )
        raise ImmediateHttpResponse(redirect(settings.LOGIN_URL))
