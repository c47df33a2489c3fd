"""Uploading pictures: how many pixels they may have, by each way of uploading."""

import struct
import zlib
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from wagtail.images import get_image_model

from tests.editorial.review.support import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
Image = get_image_model()
TOO_LARGE = "This picture has too many pixels. Make it smaller, to at most 25 million pixels, and upload it again."


def write_png(width: int, height: int, rows: bytes | None = None) -> bytes:
    """Return a white picture of one bit per pixel; with `rows`, its header followed by these compressed rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    if rows is None:
        rows = zlib.compress((b"\0" + b"\xff" * ((width + 7) // 8)) * height, 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


SMALL = write_png(40, 30)


def file_of(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("picture.png", content, content_type="image/png")


def add(client: Client, content: bytes) -> HttpResponse:
    return client.post(reverse("wagtailimages:add"), {"title": "A picture", "file": file_of(content)})


def add_several(client: Client, content: bytes) -> HttpResponse:
    return client.post(reverse("wagtailimages:add_multiple"), {"title": "A picture", "files[]": file_of(content)})


def add_in_chooser(client: Client, content: bytes) -> HttpResponse:
    values = {"image-chooser-upload-title": "A picture", "image-chooser-upload-file": file_of(content)}
    return client.post(reverse("wagtailimages_chooser:create"), values)


def replace(client: Client, content: bytes) -> HttpResponse:
    picture = Image.objects.create(title="A picture", file=file_of(SMALL), uploaded_by_user=client.user)
    return client.post(reverse("wagtailimages:edit", args=(picture.pk,)), {"title": "Other", "file": file_of(content)})


def read_words(response: HttpResponse) -> str:
    """Return what an answer says, also if it is JSON."""
    if response.headers["Content-Type"].startswith("application/json"):
        return str(response.json())
    return response.content.decode()


WAYS = pytest.mark.parametrize("upload", [add, add_several, add_in_chooser, replace])


@WAYS
def test_a_picture_of_too_many_pixels_is_refused_by_each_way(upload: Callable[[Client, bytes], HttpResponse]) -> None:
    editor, content = sign_in("Editor"), write_png(11_300, 11_300)
    assert len(content) < 30_000

    response = upload(editor, content)

    assert response.status_code == 200
    assert TOO_LARGE in read_words(response)
    assert not Image.objects.exclude(width=40).exists()


@WAYS
def test_a_picture_of_as_many_pixels_as_it_may_have_is_taken(upload: Callable[[Client, bytes], HttpResponse]) -> None:
    upload(sign_in("Editor"), write_png(5000, 5000))
    assert [(picture.width, picture.height) for picture in Image.objects.all()] == [(5000, 5000)]


@pytest.mark.parametrize(("width", "height"), [(5001, 5000), (1, 25_000_001), (20_000, 20_000), (200_000, 200_000)])
def test_pixels_are_counted_before_anything_is_decoded(width: int, height: int) -> None:
    # Decoding these rows would fail.
    content = write_png(width, height, b"no rows at all")
    assert TOO_LARGE in read_words(add(sign_in("Editor"), content))
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    "content",
    [b"\x89PNG\r\n\x1a\n" + b"no picture" * 10, write_png(40, 30, b"no rows at all")],
    ids=["no header", "no rows"],
)
def test_a_picture_that_cannot_be_decoded_is_refused_with_words(content: bytes) -> None:
    response = add(sign_in("Editor"), content)
    assert response.status_code == 200
    assert "Upload a valid image." in read_words(response)
    assert not Image.objects.exists()
