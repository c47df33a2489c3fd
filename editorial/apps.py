from django.apps import AppConfig
from django.db.models.signals import post_migrate, post_save, pre_save
from django.utils.translation import gettext_lazy as _


class EditorialConfig(AppConfig):
    """What we write, and how we keep the catalog true."""

    name = "editorial"
    verbose_name = _("Editorial")

    def ready(self) -> None:
        from wagtail.models import Comment, CommentReply, ModelLogEntry, PageLogEntry
        from wagtail.signals import workflow_cancelled
        from wagtail.users.models import UserProfile

        from catalog.public.articles import register_article_finder
        from catalog.publishing.effects import fill
        from editorial.accounts.sign_in import connect_sign_in_notices
        from editorial.accounts.users import connect_role_log
        from editorial.articles.mentions import find_mentioning_articles
        from editorial.review.audit import name_resubmitted_version
        from editorial.review.guards import connect_review_guards
        from editorial.review.notices import create_notices, follow_comment, silence_wagtail, tell_taken_out
        from editorial.review.record_rights import grant_rights

        post_migrate.connect(grant_rights, sender=self)
        for model in (ModelLogEntry, PageLogEntry):
            pre_save.connect(name_resubmitted_version, sender=model)
        workflow_cancelled.connect(tell_taken_out)
        connect_review_guards()
        connect_role_log()
        connect_sign_in_notices()
        fill("notices", create_notices)
        register_article_finder(find_mentioning_articles)
        for model in (Comment, CommentReply):
            post_save.connect(follow_comment, sender=model)
        pre_save.connect(silence_wagtail, sender=UserProfile)
