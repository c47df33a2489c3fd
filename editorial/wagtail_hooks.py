"""Registers the pages' and the review's parts of the admin with Wagtail."""

from django.conf import settings
from django.urls import include, path, reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.account import ChangePasswordPanel, NotificationsSettingsPanel
from wagtail.admin.viewsets.pages import page_viewset_registry

from editorial.accounts import related
from editorial.accounts.help import HELPS, register_help_log, show_help
from editorial.accounts.sign_in import LimitedPasswordForm
from editorial.accounts.users import refuse_bulk_action, register_account_log
from editorial.articles.editing import SitePageViewSet
from editorial.articles.pages import SitePage
from editorial.review import checking, inbox, moved_sources, queue, views
from editorial.review.audit import register_decisions
from editorial.review.dashboard import DemonstrationPanel, NewsroomPanel
from editorial.review.desk import DeskView
from editorial.review.inbox import NoticeChoicePanel, NoticesPanel
from editorial.review.intervals import show_intervals
from editorial.review.menu import (
    CheckersItem,
    PageEmergencyItem,
    PageSubmitItem,
    SnippetEmergencyItem,
    SnippetSubmitItem,
    explain_review,
    name_actions,
)

page_viewset_registry.register(SitePage, SitePageViewSet())
# Hide Wagtail's own choices, which would have no effect: its mail is off, and ours replaces it.
NotificationsSettingsPanel.is_active = lambda panel: False
ChangePasswordPanel.form_class = LimitedPasswordForm
# Panels of the admin's front page that ours replace.
WAGTAILS_OWN = ("user_objects_in_workflow_moderation", "workflow_objects_to_moderate")


@hooks.register("register_admin_urls")
def register_review_urls():
    urlpatterns = [
        path("<int:kind>/<int:pk>/emergency/", views.show_emergency, name="emergency"),
        path("<int:kind>/<int:pk>/second-look/", views.show_second_look, name="second_look"),
        path("<int:kind>/<int:pk>/changes/", views.show_what_changed, name="changes"),
        path("queue/", queue.show_queue, name="queue"),
        path("queue/assign/", queue.assign_group, name="assign"),
        path("sources/<int:pk>/", checking.check_source, name="check_source"),
        path("moved-sources/", moved_sources.show_moved_sources, name="moved_sources"),
        path("checks/<uuid:entry>/<slug:group>/", checking.check_group, name="check_group"),
        path("owed-looks/", views.report_owed_looks, name="owed_looks"),
        path("desk/", DeskView.as_view(), name="desk"),
        path("intervals/", show_intervals, name="intervals"),
        path("notices/", inbox.show_notices, name="notices"),
        path("notices/read/", inbox.mark_read, name="mark_read"),
    ]
    return [path("review/", include((urlpatterns, "review")))]


@hooks.register("register_admin_urls")
def register_account_urls():
    urlpatterns = [
        *(path(f"<int:pk>/{help.name}/", show_help, {"help": help}, name=help.name) for help in HELPS),
        path("approvals/", related.show_related_approvals, name="related_approvals"),
    ]
    return [path("accounts/", include((urlpatterns, "accounts")))]


@hooks.register("before_edit_page")
@hooks.register("before_edit_snippet")
def explain_review_state(request, record) -> None:
    explain_review(request=request, record=record)


@hooks.register("before_edit_snippet")
def explain_new_address(request, record) -> None:
    moved_sources.explain_move(request=request, record=record)


@hooks.register("register_page_action_menu_item")
def register_page_emergency() -> PageEmergencyItem:
    return PageEmergencyItem()


@hooks.register("register_snippet_action_menu_item")
def register_snippet_emergency(model) -> SnippetEmergencyItem:
    return SnippetEmergencyItem()


@hooks.register("construct_page_action_menu")
def name_page_actions(menu_items, request, context) -> None:
    name_actions(menu_items, user=request.user, record=context.get("page"), submit=PageSubmitItem)


@hooks.register("construct_snippet_action_menu")
def name_snippet_actions(menu_items, request, context) -> None:
    name_actions(menu_items, user=request.user, record=context.get("instance"), submit=SnippetSubmitItem)


@hooks.register("construct_homepage_panels")
def show_newsroom(request, panels) -> None:
    # Ours show the same, and link to our own screens.
    panels[:] = [panel for panel in panels if panel.name not in WAGTAILS_OWN]
    panels.extend([NewsroomPanel(), NoticesPanel()])
    if settings.DEMO or not settings.REQUIRE_SECOND_FACTOR:
        panels.append(DemonstrationPanel())


@hooks.register("register_admin_menu_item")
def add_queue_item() -> CheckersItem:
    return CheckersItem(_("My queue"), reverse_lazy("review:queue"), icon_name="list-ul", order=150)


@hooks.register("register_reports_menu_item")
def add_owed_looks_item() -> MenuItem:
    return MenuItem(_("Second looks owed"), reverse_lazy("review:owed_looks"), icon_name="warning", order=500)


@hooks.register("register_reports_menu_item")
def add_related_approvals_item() -> related.LeadsItem:
    address = reverse_lazy("accounts:related_approvals")
    return related.LeadsItem(_("Approvals between related accounts"), address, icon_name="group", order=505)


@hooks.register("register_reports_menu_item")
def register_desk() -> MenuItem:
    return MenuItem(_("How the desk keeps up"), reverse_lazy("review:desk"), icon_name="tasks", order=510)


@hooks.register("register_reports_menu_item")
def register_intervals() -> MenuItem:
    return MenuItem(_("Intervals"), reverse_lazy("review:intervals"), icon_name="calendar-check", order=520)


@hooks.register("register_reports_menu_item")
def report_moved_sources() -> CheckersItem:
    return CheckersItem(_("Sources that moved"), reverse_lazy("review:moved_sources"), icon_name="link", order=530)


@hooks.register("register_account_settings_panel")
def register_notice_choice(request, user, profile) -> NoticeChoicePanel:
    return NoticeChoicePanel(request, user, profile)


@hooks.register("register_account_menu_item")
def offer_second_factor(request) -> dict:
    return {
        "url": reverse("mfa_index"),
        "label": _("Second factor"),
        "help_text": _("An authenticator app or a passkey, and recovery codes for when it is lost."),
    }


@hooks.register("register_account_menu_item")
def offer_sessions(request) -> dict:
    return {
        "url": reverse("usersessions_list"),
        "label": _("Sessions"),
        "help_text": _("Where this account is signed in. All other sessions can be ended there."),
    }


hooks.register("before_bulk_action", refuse_bulk_action)
hooks.register("register_log_actions", register_account_log)
hooks.register("register_log_actions", register_help_log)
# After Wagtail's own, because these replace some of its words.
hooks.register("register_log_actions", register_decisions, order=1)
