"""The addresses of the written pages, under the language prefix."""

from django.urls import path

from editorial.articles import views

urlpatterns = [
    path("", views.show_home, name="home"),
    path("articles/", views.show_article_index, name="articles"),
    path("articles/<slug:slug>/", views.show_article, name="article"),
    path("about/", views.show_text, {"slug": "about"}, name="about"),
    path("search/", views.show_search, name="search"),
    path("search/suggest/", views.suggest, name="suggest"),
    path("<slug:slug>/", views.show_text, name="text"),
]
