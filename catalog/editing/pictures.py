"""Uploaded pictures: how many pixels they may have.

Decoding takes memory and time by the number of pixels, and a file of a few kilobytes can have a hundred million.
Wagtail checks their number only after decoding the picture.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm


class PictureField(WagtailImageField):
    """An uploaded picture of at most WAGTAILIMAGES_MAX_IMAGE_PIXELS, counted before it is decoded."""

    def check_image_pixel_size(self, f: Any) -> None:
        """Raise ValidationError if an uploaded picture has too many pixels, or can't be decoded."""
        try:
            # This reads only the header; Wagtail's own check decodes the picture.
            width, height = Image.open(f.image.f).size
            if width * height <= self.max_image_pixels:
                return super().check_image_pixel_size(f)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            # So many pixels that Pillow does not even say how many.
            pass
        except (OSError, SyntaxError, ValueError) as error:
            raise ValidationError(self.error_messages["invalid_image"], code="invalid_image") from error
        raise ValidationError(
            _(
                "This picture has too many pixels. Make it smaller, to at most %(most)d million pixels, "
                "and upload it again."
            )
            % {"most": self.max_image_pixels // 1_000_000},
            code="file_too_many_pixels",
        )


class PictureForm(BaseImageForm):
    """Wagtail's form of a picture, which all its screens use, with our field for the file."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if file := self.fields.get("file"):
            self.fields["file"] = PictureField(label=file.label, required=file.required, widget=file.widget)
