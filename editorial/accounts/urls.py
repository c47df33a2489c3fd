"""The addresses of signing in: those of django-allauth that this site uses. All others answer 404."""

from allauth.account import views as account
from allauth.usersessions import views as sessions
from django.urls import include, path
from django.views.generic import RedirectView

from editorial.accounts.first import show_first_account

urlpatterns = [
    path("first/<str:token>/", show_first_account, name="first_account"),
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path(
        "password/reset/",
        RedirectView.as_view(pattern_name="wagtailadmin_password_reset"),
        name="account_reset_password",
    ),
    path("second-factor/", include("allauth.mfa.urls")),
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("sessions/", sessions.list_usersessions, name="usersessions_list"),
]
