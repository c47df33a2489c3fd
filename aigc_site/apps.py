from django.apps import AppConfig


class AigcSiteConfig(AppConfig):
    """The site around catalog and newsroom: settings, addresses, middleware, static files, the demo."""

    name = "aigc_site"
