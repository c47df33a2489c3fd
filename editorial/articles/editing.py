"""The admin screens of pages, where they differ from Wagtail's."""

from wagtail.admin.views.pages.edit import EditView
from wagtail.admin.views.pages.history import PageHistoryView
from wagtail.admin.viewsets.pages import PageViewSet

from catalog.editing.action_log import AuditMixin
from catalog.editing.stale import StaleFormMixin


class PageEditView(StaleFormMixin, EditView):
    """The screen to edit a page. It refuses a form that is out of date."""

    def get_record(self):
        return self.real_page_record

    def make_form(self):
        return self.form_class(
            self.request.POST,
            self.request.FILES,
            instance=self.page,
            subscription=self.subscription,
            parent_page=self.parent,
            for_user=self.request.user,
        )


class SitePageHistoryView(AuditMixin, PageHistoryView):
    """The history of a page, with an export."""


class SitePageViewSet(PageViewSet):
    """The admin screens of pages."""

    edit_view_class = PageEditView
    history_view_class = SitePageHistoryView
