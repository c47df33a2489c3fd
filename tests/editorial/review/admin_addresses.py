"""Who may open which address of the admin, and whether the address can change what the public sees.

Addresses are written as in Django's patterns, without the names of converters, and relative to `/admin/`. `{record}`
and `{label}` are replaced by each kind. If an address names an action, each action has its own line.

A new address belongs to the first group that fits. Consider what happens when its form is sent: if it could change
anything live, it must go through `approve()` and `publish()`, or `catalog/publishing/guards.py` must refuse it, and it
belongs to a group that says so.
"""

from dataclasses import dataclass

RECORDS = ("aimodel", "organization", "product", "term")
LABELS = ("segment", "modality", "layer")

# The walkers: strangers, each role, and a superuser.
WALKERS = ("anonymous", "contributor", "editor", "reviewer", "lead", "administrator", "superuser")
STAFF = WALKERS[1:]
NEWSROOM = ("contributor", "editor", "reviewer", "lead", "superuser")
EDITORS = ("editor", "reviewer", "lead", "superuser")
REVIEWERS = ("reviewer", "lead")
SETTINGS = ("administrator", "superuser")
# The parts of the fingerprint that entries and pages change.
CONTENT = frozenset({"live", "listing", "facets", "publications"})


@dataclass(frozen=True)
class Group:
    """Addresses of one kind.

    `who` gets in. `changes` is what one of these people may change in public, and does change in the walk. `is_refused`
    means that it would bypass the review, and that even a superuser is refused.
    """

    what: str
    who: tuple[str, ...]
    text: str
    changes: frozenset[str] = frozenset()
    is_refused: bool = False

    def list_addresses(self) -> list[str]:
        """Return the addresses, one for each kind."""
        addresses = []
        for line in self.text.split():
            line = "" if line == "(home)" else line
            name, kinds = ("{label}", LABELS) if "{label}" in line else ("{record}", RECORDS)
            addresses += [line.replace(name, kind) for kind in kinds] if name in line else [line]
        return addresses


GROUPS = [
    # Shows something, or changes only the user's own things ----------------------------------------------------
    Group(
        "a forgotten password",
        WALKERS,
        """
        password_reset/
        password_reset/done/
        password_reset/confirm/<uidb64>/<token>/
        password_reset/complete/
        sprite/
        jsi18n/
        """,
    ),
    Group(
        "what all who sign in have: their account, choosers, the site's log",
        STAFF,
        """
        (home)
        failwhale/
        test404/
        account/
        dismissibles/
        editing-sessions/release/<session_id>/
        api/main/pages/
        api/main/documents/
        api/main/documents/<pk>/
        api/main/images/
        api/main/images/<pk>/
        choose-page/
        choose-page/<parent_page_id>/
        choose-page/search/
        choose-page/chosen-multiple/
        choose-external-link/
        choose-email-link/
        choose-phone-link/
        choose-anchor-link/
        tag-autocomplete/
        tag-autocomplete/<app_name>/<model_name>/
        snippets/choose/catalog/{record}/
        snippets/choose/catalog/{record}/results/
        snippets/choose/catalog/{record}/chosen/<pk>/
        snippets/choose/catalog/{record}/chosen-multiple/
        snippets/choose/catalog/{label}/
        snippets/choose/catalog/{label}/results/
        snippets/choose/catalog/{label}/chosen/<pk>/
        snippets/choose/catalog/{label}/chosen-multiple/
        snippets/choose/catalog/source/
        snippets/choose/catalog/source/results/
        snippets/choose/catalog/source/chosen/<pk>/
        snippets/choose/catalog/source/chosen-multiple/
        documents/chooser/
        documents/chooser/results/
        documents/chooser/chosen-multiple/
        images/chooser/
        images/chooser/results/
        images/chooser/chosen-multiple/
        workflows/task_chooser/
        workflows/task_chooser/results/
        workflows/task_chooser/create/
        workflows/task_chooser/<task_id>/
        pages/create/<app_label>/<model_name>
        pages/<page_id>/revisions/
        reports/site-history/
        reports/site-history/results/
        """,
    ),
    Group(
        "lists, histories and previews",
        NEWSROOM,
        """
        api/main/pages/<pk>/
        pages/
        pages/<parent_page_id>/
        pages/<parent_page_id>/results/
        pages/usage/<content_type_app_name>/<content_type_model_name>/
        pages/usage/<content_type_app_name>/<content_type_model_name>/results/
        pages/<page_id>/usage/
        pages/<page_id>/view_draft/
        pages/search/
        pages/search/results/
        pages/<page_id>/revisions/<revision_id>/view/
        pages/<pk>/revisions/compare/<revision_id_a>...<revision_id_b>/
        pages/<page_id>/workflow_history/
        pages/<page_id>/workflow_history/detail/<workflow_state_id>/
        pages/<page_id>/history/
        pages/<page_id>/history/results/
        pages/<parent_page_id>/add_subpage/
        pages/add/<content_type_app_name>/<content_type_model_name>/<parent_page_id>/preview/
        pages/<page_id>/edit/preview/
        snippets/catalog/{record}/
        snippets/catalog/{record}/results/
        snippets/catalog/{record}/usage/<pk>/
        snippets/catalog/{record}/history/<pk>/
        snippets/catalog/{record}/history-results/<pk>/
        snippets/catalog/{record}/copy/<pk>/
        snippets/catalog/{record}/inspect/<pk>/
        snippets/catalog/{record}/preview/
        snippets/catalog/{record}/preview/<pk>/
        snippets/catalog/{record}/history/<pk>/revisions/<revision_id>/view/
        snippets/catalog/{record}/history/<pk>/revisions/compare/<revision_id_a>...<revision_id_b>/
        snippets/catalog/{record}/workflow_history/<pk>/
        snippets/catalog/{record}/workflow_history/<pk>/detail/<workflow_state_id>/
        snippets/catalog/source/
        snippets/catalog/source/results/
        snippets/catalog/source/history/<pk>/
        snippets/catalog/source/history-results/<pk>/
        snippets/catalog/source/inspect/<pk>/
        reports/workflow/
        reports/workflow/results/
        reports/workflow_tasks/
        reports/workflow_tasks/results/
        reports/aging-pages/
        reports/aging-pages/results/
        reports/page-types-usage/
        reports/page-types-usage/results/
        editing-sessions/ping/<app_label>/<model_name>/<object_id>/<session_id>/
        """,
    ),
    Group(
        "lists of words and files, and what shows a source as its editors see it",
        EDITORS,
        """
        snippets/catalog/source/usage/<pk>/
        snippets/catalog/source/copy/<pk>/
        snippets/catalog/source/history/<pk>/revisions/compare/<revision_id_a>...<revision_id_b>/
        snippets/catalog/{label}/
        snippets/catalog/{label}/results/
        snippets/catalog/{label}/usage/<pk>/
        snippets/catalog/{label}/history/<pk>/
        snippets/catalog/{label}/history-results/<pk>/
        snippets/catalog/{label}/copy/<pk>/
        snippets/catalog/{label}/inspect/<pk>/
        snippets/catalog/{label}/history/<pk>/revisions/compare/<revision_id_a>...<revision_id_b>/
        documents/
        documents/results/
        documents/usage/<document_id>/
        documents/chooser/chosen/<pk>/
        images/
        images/results/
        images/usage/<image_id>/
        images/<image_id>/preview/<filter_spec>/
        images/chooser/chosen/<pk>/
        images/chooser/<image_id>/select_format/
        """,
    ),
    Group(
        "what waits for a reviewer",
        REVIEWERS,
        """
        pages/workflow/preview/<page_id>/<task_id>/
        snippets/catalog/{record}/workflow/preview/<pk>/<task_id>/
        """,
    ),
    Group("what is locked", ("lead", "superuser"), "reports/locked/ reports/locked/results/"),
    # Writes drafts, or changes what needs no review ------------------------------------------------------------
    Group(
        "drafts: saved, submitted, taken back",
        NEWSROOM,
        """
        pages/add/<content_type_app_name>/<content_type_model_name>/<parent_page_id>/
        pages/<page_id>/edit/
        pages/<page_id>/revisions/<revision_id>/revert/
        api/main/pages/<pk>/action/revert_to_page_revision/
        snippets/catalog/{record}/add/
        snippets/catalog/{record}/edit/<pk>/
        snippets/catalog/{record}/history/<pk>/revisions/<revision_id>/revert/
        """,
    ),
    Group(
        "taking a version back from review: all are asked whether they mean it, the form of the editor decides",
        STAFF,
        """
        pages/workflow/confirm_cancellation/<page_id>/
        snippets/catalog/{record}/workflow/confirm_cancellation/<pk>/
        """,
    ),
    Group("new sources, which a draft needs", NEWSROOM, "snippets/catalog/source/add/"),
    Group(
        "sources, which are not under review",
        EDITORS,
        """
        snippets/catalog/source/edit/<pk>/
        snippets/catalog/source/history/<pk>/revisions/<revision_id>/revert/
        """,
    ),
    Group(
        "words, which are not under review: what carries them is indexed again",
        EDITORS,
        """
        snippets/catalog/{label}/add/
        snippets/catalog/{label}/edit/<pk>/
        snippets/catalog/{label}/history/<pk>/revisions/<revision_id>/revert/
        """,
    ),
    Group(
        "files, while nothing live shows them",
        EDITORS,
        """
        documents/add/
        documents/edit/<document_id>/
        documents/delete/<document_id>/
        documents/multiple/add/
        documents/multiple/<doc_id>/
        documents/multiple/<doc_id>/delete/
        documents/chooser/create/
        images/add/
        images/multiple/add/
        images/multiple/<image_id>/
        images/chooser/create/
        """,
    ),
    Group(
        "files in bulk: all see the screen, which leaves out what they may not change",
        STAFF,
        """
        bulk/wagtaildocs/document/add_tags/
        bulk/wagtaildocs/document/add_to_collection/
        bulk/wagtaildocs/document/delete/
        bulk/wagtailimages/image/add_tags/
        bulk/wagtailimages/image/add_to_collection/
        """,
    ),
    Group(
        "one's own uploads",
        ("editor",),
        """
        documents/multiple/create_from_uploaded_document/<uploaded_file_id>/
        documents/multiple/delete_upload/<uploaded_file_id>/
        images/multiple/create_from_uploaded_image/<uploaded_file_id>/
        images/multiple/delete_upload/<uploaded_file_id>/
        """,
    ),
    # Decides ---------------------------------------------------------------------------------------------------
    Group(
        "asking for changes",
        REVIEWERS,
        """
        pages/workflow/action/<page_id>/reject/<task_state_id>/
        pages/workflow/collect_action_data/<page_id>/reject/<task_state_id>/
        snippets/catalog/{record}/workflow/action/<pk>/reject/<task_state_id>/
        snippets/catalog/{record}/workflow/collect_action_data/<pk>/reject/<task_state_id>/
        """,
    ),
    Group(
        "locking what is in review",
        (*REVIEWERS, "superuser"),
        "pages/<page_id>/lock/ snippets/catalog/{record}/lock/<pk>/",
    ),
    Group("what a version changes, and the decision about it", NEWSROOM, "review/<kind>/<pk>/changes/"),
    Group("what is owed and done, and one's own notices", STAFF, "review/owed-looks/ review/notices/ review/desk/"),
    Group("what needs a check, and whose it is", EDITORS, "review/queue/ review/queue/assign/"),
    Group(
        "what somebody found of a value: it says how current the value is, and changes none",
        EDITORS,
        "review/sources/<pk>/ review/checks/<entry>/<group>/",
        changes=frozenset({"facets"}),
    ),
    Group(
        "how long checks hold: all try out numbers, leads save them, and dates alone become others in public",
        STAFF,
        "review/intervals/",
    ),
    Group("taking over the addresses that sources have moved to", EDITORS, "review/moved-sources/"),
    Group("marking one's own notices as read", STAFF, "review/notices/read/"),
    Group("approvals between related accounts", ("lead",), "accounts/approvals/"),
    Group("publishing alone in an emergency", ("lead",), "review/<kind>/<pk>/emergency/", changes=CONTENT),
    Group("the second look", ("reviewer", "lead"), "review/<kind>/<pk>/second-look/", changes=CONTENT),
    # Settings --------------------------------------------------------------------------------------------------
    Group(
        "users, languages and the site's record",
        SETTINGS,
        """
        users/
        users/results/
        users/new/
        users/edit/<pk>/
        accounts/<pk>/link/
        accounts/<pk>/lockout/
        accounts/<pk>/second-factor/
        users/history/<pk>/
        users/history-results/<pk>/
        users/usage/<pk>/
        bulk/auth/user/assign_role/
        bulk/auth/user/set_active_state/
        groups/
        groups/results/
        locales/
        locales/results/
        locales/edit/<pk>/
        locales/history/<pk>/
        locales/history-results/<pk>/
        locales/usage/<pk>/
        sites/
        sites/results/
        sites/new/
        sites/history/<pk>/
        sites/history-results/<pk>/
        sites/usage/<pk>/
        sites/copy/<pk>/
        """,
    ),
    Group("the address and front page of the site", SETTINGS, "sites/edit/<pk>/", changes=frozenset({"sites"})),
    Group("the way to the form of a setting, which decides who gets in", STAFF, "settings/<app_name>/<model_name>/"),
    Group(
        "publisher, contact and licence",
        SETTINGS,
        "settings/<app_name>/<model_name>/<pk>/",
        changes=frozenset({"publisher"}),
    ),
    Group("the only site", ("superuser",), "sites/delete/<pk>/", changes=frozenset({"sites"})),
    Group(
        "what is left to superusers",
        ("superuser",),
        """
        collections/
        collections/add/
        collections/<pk>/
        collections/<pk>/delete/
        collections/<collection_id>/privacy/
        groups/new/
        groups/edit/<pk>/
        groups/delete/<pk>/
        groups/history/<pk>/
        groups/history-results/<pk>/
        groups/usage/<pk>/
        locales/delete/<pk>/
        workflows/list/
        workflows/list/results/
        workflows/add/
        workflows/enable/<pk>/
        workflows/edit/<pk>/
        workflows/tasks/add/<app_label>/<model_name>/
        workflows/tasks/select_type/
        workflows/tasks/index/
        workflows/tasks/index/results/
        workflows/tasks/edit/<pk>/
        workflows/tasks/enable/<pk>/
        workflows/disable/<pk>/
        workflows/usage/<pk>/
        workflows/usage/<pk>/results/
        pages/<page_to_move_id>/move/
        pages/<page_to_move_id>/set_position/
        pages/<page_id>/privacy/
        pages/<page_id>/unlock/
        pages/<page_id>/revisions/<revision_id>/unschedule/
        snippets/catalog/{record}/unlock/<pk>/
        snippets/catalog/{record}/history/<pk>/revisions/<revision_id>/unschedule/
        """,
    ),
    # Would bypass the review -----------------------------------------------------------------------------------
    Group(
        "approving what one wrote, or putting nothing newer in its place",
        (),
        """
        pages/workflow/action/<page_id>/approve/<task_state_id>/
        pages/workflow/action/<page_id>/resubmit/<task_state_id>/
        pages/workflow/collect_action_data/<page_id>/approve/<task_state_id>/
        pages/workflow/collect_action_data/<page_id>/resubmit/<task_state_id>/
        snippets/catalog/{record}/workflow/action/<pk>/approve/<task_state_id>/
        snippets/catalog/{record}/workflow/action/<pk>/resubmit/<task_state_id>/
        snippets/catalog/{record}/workflow/collect_action_data/<pk>/approve/<task_state_id>/
        snippets/catalog/{record}/workflow/collect_action_data/<pk>/resubmit/<task_state_id>/
        """,
        is_refused=True,
    ),
    Group(
        "publishing, withdrawing, moving and deleting what is live, hiding it, and deleting what it shows",
        ("superuser",),
        """
        pages/<page_id>/delete/
        pages/<page_id>/unpublish/
        api/main/pages/<pk>/action/copy/
        api/main/pages/<pk>/action/copy_for_translation/
        api/main/pages/<pk>/action/create_alias/
        api/main/pages/<pk>/action/delete/
        api/main/pages/<pk>/action/move/
        api/main/pages/<pk>/action/publish/
        api/main/pages/<pk>/action/unpublish/
        snippets/catalog/{record}/delete/<pk>/
        snippets/catalog/{record}/unpublish/<pk>/
        snippets/catalog/{label}/delete/<pk>/
        snippets/catalog/source/delete/<pk>/
        users/delete/<pk>/
        workflows/tasks/disable/<pk>/
        """,
        is_refused=True,
    ),
    Group(
        "the same in bulk: all see the screen, which leaves out what they may not touch",
        STAFF,
        """
        bulk/wagtailcore/page/delete/
        bulk/wagtailcore/page/move/
        bulk/wagtailcore/page/publish/
        bulk/wagtailcore/page/unpublish/
        bulk/catalog/{record}/delete/
        bulk/catalog/{label}/delete/
        bulk/catalog/source/delete/
        bulk/wagtailimages/image/delete/
        pages/<page_to_move_id>/move/<destination_id>/confirm/
        """,
        is_refused=True,
    ),
    Group("the same with users", SETTINGS, "bulk/auth/user/delete/", is_refused=True),
    Group(
        "copies that are live, and aliases; all others copy as a draft",
        NEWSROOM,
        "pages/<page_id>/copy/",
        is_refused=True,
    ),
    Group(
        "a file that something live shows: another in its place, or none",
        EDITORS,
        "images/<image_id>/ images/<image_id>/delete/",
        is_refused=True,
    ),
    Group(
        "what this site has nothing for: aliases, previews of settings, addresses without a question, more languages",
        (),
        """
        api/main/pages/find/
        api/main/documents/find/
        api/main/images/find/
        pages/<page_id>/convert_alias/
        images/<image_id>/generate_url/
        images/<image_id>/generate_url/output/
        images/multiple/<image_id>/delete/
        block-preview/
        snippets/
        locales/new/
        settings/<app_name>/<model_name>/<pk>/preview/
        .*/
        """,
        is_refused=True,
    ),
    Group(
        "alias made a page of its own; there are none",
        NEWSROOM,
        "api/main/pages/<pk>/action/convert_alias/",
        is_refused=True,
    ),
    Group(
        "taking the review off the pages that it protects",
        (),
        "workflows/remove/<page_pk>/ workflows/remove/<page_pk>/<workflow_pk>/",
        is_refused=True,
    ),
    Group("signing in, which leads elsewhere, and signing out", (), "login/ logout/"),
]

# Wagtail's own faults, with the reason why we leave them.
CRASHES = {
    "failwhale/": "is there to fail, so that operators see what an error looks like",
    "documents/multiple/create_from_uploaded_document/<uploaded_file_id>/": (
        "Wagtail's form has no field for the message that it wants to show"
    ),
}
