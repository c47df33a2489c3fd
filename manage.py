#!/usr/bin/env python
"""Run one of Django's or the site's management commands."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aigc_site.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A wrong setting is the operator's to mend: its sentence says which, and a traceback would bury it.
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(error))
