"""The blocks that articles are made of."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import blocks
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock
from wagtail.images.blocks import ImageChooserBlock
from wagtail.snippets.blocks import SnippetChooserBlock

from catalog.models.kinds import list_kinds

TEXT_FEATURES = ["bold", "italic", "ol", "ul", "link", "superscript", "subscript"]


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock(label=_("Quotation"), help_text=_("Word for word; short."))
    attribution = blocks.CharBlock(label=_("Who said it, and where"), required=False)

    class Meta:
        icon = "openquote"
        label = _("Quote")
        template = "editorial/blocks/quote.html"


class ImageBlock(blocks.StructBlock):
    image = ImageChooserBlock(label=_("Image"))
    caption = blocks.CharBlock(label=_("Caption"), required=False)
    credit = blocks.CharBlock(label=_("Credit"), help_text=_("Who made it, and under which licence."))

    class Meta:
        icon = "image"
        label = _("Image")
        template = "editorial/blocks/image.html"


class TableBlock(blocks.StructBlock):
    caption = blocks.CharBlock(label=_("Caption"))
    table = TypedTableBlock([("text", blocks.CharBlock(label=_("Text"), required=False))], label=_("Table"))

    class Meta:
        icon = "table"
        label = _("Table")
        template = "editorial/blocks/table.html"


class CalloutBlock(blocks.StructBlock):
    kind = blocks.ChoiceBlock(
        label=_("Kind"),
        choices=[("note", pgettext_lazy("callout", "Note")), ("disputed", _("Sources differ"))],
        default="note",
    )
    text = blocks.TextBlock(label=_("Text"))

    class Meta:
        icon = "warning"
        label = _("Callout")
        template = "editorial/blocks/callout.html"


class EntryBlock(blocks.StreamBlock):
    """One entry or term of the catalog; Wagtail's reference index records it."""

    def __init__(self, local_blocks=(), **kwargs) -> None:
        choosers = [
            (kind.key.value, SnippetChooserBlock(kind.model_label, label=kind.key.label)) for kind in list_kinds()
        ]
        super().__init__([*choosers, *local_blocks], **kwargs)


class CardBlock(EntryBlock):
    class Meta:
        icon = "doc-full"
        label = _("Entry card")
        template = "editorial/blocks/card.html"
        min_num = 1
        max_num = 1


class ArticleBody(blocks.StreamBlock):
    heading = blocks.CharBlock(label=_("Heading"), icon="title", template="editorial/blocks/heading.html")
    text = blocks.RichTextBlock(label=_("Text"), features=TEXT_FEATURES, template="editorial/blocks/text.html")
    quote = QuoteBlock()
    image = ImageBlock()
    table = TableBlock()
    callout = CalloutBlock()
    card = CardBlock()
