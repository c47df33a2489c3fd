"""Choosers of entries, terms, sources and vocabularies."""

from wagtail.admin.forms.choosers import BaseFilterForm, SearchFilterMixin
from wagtail.snippets.views import chooser

from catalog.listing.search import search


class SearchForm(SearchFilterMixin, BaseFilterForm):
    """Searches as lists do. Wagtail's own refuses a list narrowed by a field that the index does not have."""

    def filter(self, objects):
        self.search_query = self.cleaned_data.get("q")
        self.is_searching = bool(self.search_query)
        return search(objects, self.search_query) if self.is_searching else objects


class ChooserSearch:
    """Uses `SearchForm`."""

    filter_form_class = SearchForm


class CatalogChooseView(ChooserSearch, chooser.ChooseView):
    pass


class CatalogChooseResultsView(ChooserSearch, chooser.ChooseResultsView):
    pass
