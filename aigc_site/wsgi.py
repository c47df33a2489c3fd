"""The WSGI application that a server runs."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aigc_site.settings")
application = get_wsgi_application()

# Can be imported only after the apps are loaded.
from catalog.listing.table_cache import prepare_tables  # noqa: E402
from editorial.accounts.first import announce_first_account  # noqa: E402

prepare_tables()
announce_first_account()
