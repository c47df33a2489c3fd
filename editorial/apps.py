from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_save, pre_delete, pre_save
from django.utils.translation import gettext_lazy as _


class EditorialConfig(AppConfig):
    """What we write, and how the catalog is kept true."""

    name = "editorial"
    verbose_name = _("Editorial")

    def ready(self) -> None:
        from wagtail.models import Comment, CommentReply, ModelLogEntry, PageLogEntry
        from wagtail.signals import workflow_cancelled
        from wagtail.users.models import UserProfile

        from catalog.models import Approval
        from catalog.public.articles import register_article_finder
        from editorial.articles.mentions import find_articles
        from editorial.review.audit import name_resubmitted_version
        from editorial.review.notices import follow_approval, follow_comment, silence_wagtail, tell_taken_out
        from editorial.review.protection import connect_protection
        from editorial.review.roles import refuse_deletion

        for model in (ModelLogEntry, PageLogEntry):
            pre_save.connect(name_resubmitted_version, sender=model)
        pre_delete.connect(refuse_deletion, sender=settings.AUTH_USER_MODEL)
        post_save.connect(follow_approval, sender=Approval)
        workflow_cancelled.connect(tell_taken_out)
        connect_protection()
        register_article_finder(find_articles)
        for model in (Comment, CommentReply):
            post_save.connect(follow_comment, sender=model)
        pre_save.connect(silence_wagtail, sender=UserProfile)
