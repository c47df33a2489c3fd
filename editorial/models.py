"""Django looks for models here; they are defined in the packages below."""

from editorial.accounts.limits import SignInAttempt
from editorial.articles.pages import ArticleIndexPage, ArticlePage, ArticleSource, HomePage, TextPage
from editorial.review.notices import Notice, NoticeChoice
from editorial.review.tasks import Review, ReviewState

__all__ = [
    "ArticleIndexPage",
    "ArticlePage",
    "ArticleSource",
    "HomePage",
    "Notice",
    "NoticeChoice",
    "Review",
    "ReviewState",
    "SignInAttempt",
    "TextPage",
]
