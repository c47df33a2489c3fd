"""The panels that the catalog adds to a person's account settings."""

from django.forms import ModelForm
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.account import BaseSettingsPanel

from catalog.models import HistoryChoice


class HistoryChoiceForm(ModelForm):
    class Meta:
        model = HistoryChoice
        fields = ["shows_name"]


class HistoryChoicePanel(BaseSettingsPanel):
    """The choice whether public histories show the person's name."""

    name = "history"
    title = _("Public histories")
    form_class = HistoryChoiceForm
    order = 150

    def get_form(self):
        return self.form_class(
            self.request.POST if self.request.method == "POST" else None,
            instance=HistoryChoice.objects.filter(user=self.user).first() or HistoryChoice(user=self.user),
            prefix=self.name,
        )
