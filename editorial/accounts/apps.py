from wagtail.users.apps import WagtailUsersAppConfig


class AccountsConfig(WagtailUsersAppConfig):
    """Wagtail's app of users, with our screens."""

    user_viewset = "editorial.accounts.users.AccountViewSet"
