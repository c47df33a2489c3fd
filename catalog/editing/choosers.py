"""Choosers of entries, terms, sources and vocabularies."""

from wagtail.admin.forms.choosers import BaseFilterForm, SearchFilterMixin
from wagtail.snippets.views import chooser

from catalog.editing.searching import find_meant_among
from catalog.listing.search import search


class SearchForm(SearchFilterMixin, BaseFilterForm):
    """Searches as the lists do. Wagtail's own search refuses a queryset filtered by a field that is not indexed."""

    meant: str | None = None

    def filter(self, objects):
        self.search_query = self.cleaned_data.get("q")
        self.is_searching = bool(self.search_query)
        if not self.is_searching:
            return objects
        self.meant = find_meant_among(objects, self.search_query)
        return search(objects, self.meant or self.search_query)


class ChooserSearch:
    """Uses `SearchForm`, and tells the editor if it searched for a corrected spelling."""

    filter_form_class = SearchForm
    results_template_name = "wagtailadmin/catalog/chooser_results.html"


class CatalogChooseView(ChooserSearch, chooser.ChooseView):
    pass


class CatalogChooseResultsView(ChooserSearch, chooser.ChooseResultsView):
    pass
