"""Who may change which account: no administrator gives rights to themselves, or gets into another account."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry

from catalog.models import Organization
from editorial.models import Notice, NoticeChoice, Review
from editorial.review.roles import Role
from tests.editorial.review.support import create, decide, url
from tests.editorial.review.support import sign_in as sign_in_as

pytestmark = [pytest.mark.django_db, pytest.mark.admin]


def make_user(name: str, *roles: str, **values) -> User:
    user = User.objects.create_user(
        name, f"{name}@example.org", "A long pass phrase", first_name=name.title(), last_name="Tester", **values
    )
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def sign_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def send_form(client: Client, user: User, **changes):
    """Send the form of an account as a browser does, with all fields that it shows and `changes`."""
    groups = [group.pk for group in user.groups.all()]
    fields = {
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "groups": groups,
        "is_active": "on",
    }
    return client.post(reverse("wagtailusers_users:edit", args=[user.pk]), {**fields, **changes})


def roles_of(user: User) -> set[str]:
    return set(Group.objects.filter(user=user).values_list("name", flat=True))


def submitted(by: str) -> Organization:
    """Return an organization that waits for review."""
    assert create(sign_in_as(by), Organization, action="submit").status_code == 302
    return Organization.objects.get()


def ids_of(*names: str) -> list[int]:
    return [Group.objects.get(name=name).pk for name in names]


@pytest.fixture
def admin() -> User:
    return make_user("admin", Role.ADMINISTRATOR)


@pytest.fixture
def root() -> User:
    return make_user("root", is_superuser=True)


@pytest.fixture
def editor() -> User:
    return make_user("editor", Role.EDITOR)


class TestSuperusers:
    def test_an_administrator_cannot_change_a_superuser(self, admin, root):
        client, before = sign_in(admin), User.objects.get(pk=root.pk)
        changes = {"password1": "Another pass phrase", "password2": "Another pass phrase", "email": "mine@example.org"}
        send_form(client, root, **changes)
        after = User.objects.get(pk=root.pk)
        assert (after.password, after.email, after.is_active) == (before.password, before.email, True)

    def test_an_administrator_does_not_see_the_form_of_a_superuser(self, admin, root):
        response = sign_in(admin).get(reverse("wagtailusers_users:edit", args=[root.pk]))
        assert response.status_code == 302
        assert response.headers["Location"] == reverse("wagtailadmin_home")

    def test_an_administrator_makes_no_superuser(self, admin, editor):
        client = sign_in(admin)
        send_form(client, editor, is_superuser="on")
        client.post(
            reverse("wagtailusers_users:add"),
            {
                "username": "new",
                "email": "new@example.org",
                "first_name": "New",
                "last_name": "Person",
                "password1": "Another pass phrase",
                "password2": "Another pass phrase",
                "is_superuser": "on",
            },
        )
        assert User.objects.filter(username="new").exists()
        assert not User.objects.filter(is_superuser=True).exists()

    def test_an_administrator_cannot_copy_an_account_with_its_rights(self, admin, root):
        response = sign_in(admin).post(
            f"/admin/users/copy/{root.pk}/",
            {"username": "twin", "email": "twin@example.org", "is_superuser": "on"},
            follow=True,
        )
        assert response.status_code == 404
        assert not User.objects.filter(username="twin").exists()

    @pytest.mark.parametrize(
        ("action", "fields"),
        [
            ("assign_role", lambda: {"role": ids_of(Role.ADMINISTRATOR)[0]}),
            ("set_active_state", lambda: {"mark_as_active": "False"}),
            ("delete", lambda: {}),
        ],
    )
    def test_an_administrator_does_nothing_to_many_accounts_with_a_superuser_among_them(
        self, action, fields, admin, root, editor
    ):
        address = reverse("wagtail_bulk_action", args=["auth", "user", action])
        sign_in(admin).post(f"{address}?id={editor.pk}&id={root.pk}", fields())
        assert User.objects.get(pk=root.pk).is_active
        assert User.objects.get(pk=editor.pk).is_active
        assert (roles_of(root), roles_of(editor)) == (set(), {Role.EDITOR})

    def test_a_superuser_makes_and_unmakes_superusers_but_not_themselves(self, root, editor):
        client = sign_in(root)
        send_form(client, editor, is_superuser="on")
        assert User.objects.get(pk=editor.pk).is_superuser
        send_form(client, User.objects.get(pk=editor.pk))
        assert not User.objects.get(pk=editor.pk).is_superuser
        send_form(client, root)
        assert User.objects.get(pk=root.pk).is_superuser


class TestRoles:
    @pytest.mark.parametrize("who", ["admin", "root"])
    def test_nobody_changes_their_own_roles(self, who, request):
        user = request.getfixturevalue(who)
        before = roles_of(user)
        form = sign_in(user).get(reverse("wagtailusers_users:edit", args=[user.pk])).content.decode()
        assert "Nobody changes their own roles" in form
        response = send_form(sign_in(user), user, groups=ids_of(Role.REVIEWER, Role.LEAD), first_name="Changed")
        assert response.status_code == 302
        assert User.objects.get(pk=user.pk).first_name == "Changed"
        assert roles_of(user) == before

    @pytest.mark.parametrize("who", ["admin", "root"])
    def test_nobody_gives_themselves_a_role_among_others(self, who, request, editor):
        user = request.getfixturevalue(who)
        before = roles_of(user)
        address = reverse("wagtail_bulk_action", args=["auth", "user", "assign_role"])
        sign_in(user).post(f"{address}?id={editor.pk}&id={user.pk}", {"role": ids_of(Role.LEAD)[0]})
        assert (roles_of(user), roles_of(editor)) == (before, {Role.EDITOR})

    def test_an_administrator_changes_the_roles_of_others_by_form_and_by_list(self, admin, editor):
        client, other = sign_in(admin), make_user("other")
        assert send_form(client, editor, groups=ids_of(Role.REVIEWER)).status_code == 302
        assert roles_of(editor) == {Role.REVIEWER}
        address = reverse("wagtail_bulk_action", args=["auth", "user", "assign_role"])
        client.post(f"{address}?id={editor.pk}&id={other.pk}", {"role": ids_of(Role.CONTRIBUTOR)[0]})
        assert (roles_of(editor), roles_of(other)) == ({Role.REVIEWER, Role.CONTRIBUTOR}, {Role.CONTRIBUTOR})

    def test_each_change_of_a_role_is_logged_with_before_and_after(self, admin, editor):
        send_form(sign_in(admin), editor, groups=ids_of(Role.EDITOR, Role.LEAD))
        entry = ModelLogEntry.objects.filter(action="accounts.roles", object_id=str(editor.pk)).first()
        assert (entry.user, entry.data) == (admin, {"before": ["Editor"], "after": ["Editor", "Lead"]})
        history = sign_in(admin).get(reverse("wagtailusers_users:history", args=[editor.pk])).content.decode()
        assert "Roles changed from “Editor” to “Editor, Lead”" in history

    def test_each_change_of_a_role_is_told_to_all_leads(self, admin, editor):
        leads = [make_user("first", Role.LEAD), make_user("second", Role.LEAD)]
        Notice.objects.all().delete()
        send_form(sign_in(admin), editor, groups=ids_of(Role.EDITOR, Role.REVIEWER))
        told = {notice.recipient: notice for notice in Notice.objects.all()}
        assert set(told) == set(leads)
        assert all(
            (it.actor, it.text, it.by_mail) == (admin, "Editor → Editor, Reviewer", True) for it in told.values()
        )
        page = sign_in(leads[0]).get(told[leads[0]].address).content.decode()
        assert "Admin Tester changed the roles of “editor”" in page
        assert "Editor → Editor, Reviewer" in page

    def test_nobody_chooses_not_to_be_told_of_roles(self, admin, editor):
        lead = make_user("lead", Role.LEAD)
        assert "Roles changed" not in sign_in(lead).get("/admin/account/").content.decode()
        NoticeChoice.objects.create(user=lead, in_admin=[], by_mail=[])
        Notice.objects.all().delete()
        send_form(sign_in(admin), editor, groups=[])
        assert Notice.objects.filter(recipient=lead, in_admin=True, by_mail=True).exists()

    def test_superusers_are_logged_and_told_as_roles(self, root, editor):
        lead = make_user("lead", Role.LEAD)
        send_form(sign_in(root), editor, is_superuser="on")
        send_form(sign_in(root), User.objects.get(pk=editor.pk))
        make_user("third", is_superuser=True)
        texts = Notice.objects.filter(recipient=lead, kind="roles").order_by("pk").values_list("text", flat=True)
        assert list(texts)[-3:] == ["Editor → Editor, Superuser", "Editor, Superuser → Editor", "– → Superuser"]
        logged = ModelLogEntry.objects.filter(action="accounts.roles", object_id=str(editor.pk), user=root)
        assert [entry.data["after"] for entry in logged.order_by("pk")] == [["Editor", "Superuser"], ["Editor"]]

    def test_what_accounts_lose_with_a_group_is_logged_and_told(self, editor):
        lead = make_user("lead", Role.LEAD)
        Notice.objects.all().delete()
        Group.objects.get(name=Role.EDITOR).delete()
        assert Notice.objects.get().recipient == lead
        assert Notice.objects.get().text == "Editor → –"
        assert not User.objects.get(pk=editor.pk).groups.exists()

    def test_a_sign_in_is_no_change_of_roles(self, root):
        before = ModelLogEntry.objects.filter(action="accounts.roles").count()
        sign_in(root)
        assert ModelLogEntry.objects.filter(action="accounts.roles").count() == before

    def test_a_form_that_changes_no_role_logs_none(self, admin, editor):
        before = ModelLogEntry.objects.filter(action="accounts.roles").count()
        send_form(sign_in(admin), editor, first_name="Changed")
        assert ModelLogEntry.objects.filter(action="accounts.roles").count() == before

    def test_a_change_in_a_shell_is_logged_too(self, editor):
        editor.groups.clear()
        entry = ModelLogEntry.objects.filter(action="accounts.roles", object_id=str(editor.pk)).first()
        assert (entry.user, entry.data) == (None, {"before": ["Editor"], "after": []})


class TestReview:
    """Who decides about versions follows from roles alone, not from groups that somebody can choose for the task."""

    def test_a_superuser_without_a_role_approves_nothing(self, root):
        record = submitted(by="Editor")
        boss = sign_in(root)
        assert "action-approve" not in boss.get(url(record, "edit")).content.decode()
        decide(boss, record)
        assert not Organization.objects.get().live
        root.groups.add(Group.objects.get(name=Role.REVIEWER))
        decide(boss, record)
        assert Organization.objects.get().live

    def test_groups_of_the_task_give_nobody_a_right_to_approve(self):
        Review.objects.get().groups.add(Group.objects.get(name=Role.CONTRIBUTOR))
        record = submitted(by="Editor")
        decide(sign_in_as("Contributor"), record)
        assert not Organization.objects.get().live

    def test_reviewers_approve_whatever_the_groups_of_the_task_are(self):
        Review.objects.get().groups.clear()
        record = submitted(by="Editor")
        decide(sign_in_as("Reviewer"), record)
        assert Organization.objects.get().live

    @pytest.mark.parametrize("name", ["workflows/list/", "workflows/add/", "workflows/tasks/index/"])
    def test_an_administrator_does_not_change_the_review(self, name, admin):
        response = sign_in(admin).get(f"/admin/{name}")
        assert response.status_code in (302, 403)
