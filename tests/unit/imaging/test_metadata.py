import io
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from loopscope.imaging.metadata import LONGEST, NAMESPACE, PictureMetadata, encode_with_metadata

MADE = PictureMetadata(
    prompt="ein rötlicher Fuchs → “狐” & <b>",
    initial_prompt="a fox",
    model="Pictograms",
    network="Pictograms→Describe",
    seed=7,
    experiment_uuid="00000000-0000-0000-0000-000000000001",
    run_uuid="00000000-0000-0000-0000-000000000002",
    sequence_number=12,
    invocation_id=34,
    input_invocation_id=33,
    created=datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC),
    software="Loopscope 0.1.0",
)
FORMATS = ("png", "jpeg", "webp")


def picture():
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8))


def read(metadata, image_format):
    image = Image.open(io.BytesIO(encode_with_metadata(picture(), metadata, image_format)))
    image.load()
    comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert comment.startswith(b"ASCII\0\0\0")
    return image, json.loads(comment[8:]), ElementTree.fromstring(image.info["xmp"])


def said(tree, name, namespace=NAMESPACE):
    [element] = tree.iter(f"{{{namespace}}}{name}")
    return "".join(element.itertext())


@pytest.mark.parametrize("image_format", FORMATS)
def test_what_is_written_is_read_back(image_format):
    image, exif, xmp = read(MADE, image_format)
    assert image.format.lower() == image_format
    expected = asdict(MADE) | {"created": "2026-05-04T03:02:01+00:00"}
    assert exif == expected
    assert {name: said(xmp, name) for name in expected} == {name: str(value) for name, value in expected.items()}
    folder = image.getexif().get_ifd(0x8769)
    assert (folder[0x9003], folder[0x9011]) == ("2026:05:04 03:02:01", "+00:00")
    assert image.getexif()[0x0131] == "Loopscope 0.1.0"


def test_programs_that_know_only_the_standards_find_prompt_and_model():
    _, _, xmp = read(MADE, "png")
    iptc, dublin_core = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "http://purl.org/dc/elements/1.1/"
    assert said(xmp, "AIPromptInformation", iptc) == said(xmp, "description", dublin_core) == MADE.prompt
    assert said(xmp, "AISystemUsed", iptc) == "Pictograms"
    assert said(xmp, "CreatorTool", "http://ns.adobe.com/xap/1.0/") == "Loopscope 0.1.0"


def test_the_description_in_exif_is_exact_or_not_there():
    ascii_only = read(replace(MADE, prompt="a fox"), "jpeg")[0]
    assert ascii_only.getexif()[0x010E] == "a fox"
    assert 0x010E not in read(MADE, "jpeg")[0].getexif()


@pytest.mark.parametrize("image_format", FORMATS)
def test_what_is_not_known_is_left_out(image_format):
    _, exif, xmp = read(replace(MADE, prompt=None, seed=None, input_invocation_id=None), image_format)
    assert not {"prompt", "seed", "input_invocation_id"} & set(exif)
    assert exif["initial_prompt"] == "a fox"
    assert not list(xmp.iter(f"{{{NAMESPACE}}}seed"))


@pytest.mark.parametrize("letter", ["a", "\\", "\U0001f98a", "é"])
def test_a_prompt_longer_than_jpeg_has_room_for_is_shortened(letter):
    _, exif, xmp = read(replace(MADE, prompt=letter * 100_000, initial_prompt=letter * 100_000), "jpeg")
    assert exif["prompt"] == said(xmp, "prompt") == letter * (LONGEST - 1) + "…"


@pytest.mark.parametrize("prompt", ["]]>", "<?xpacket?>", "a\x01b\ud800c\ufffe", "tab\tand\r\nline", "&amp;", ' " '])
def test_no_prompt_breaks_the_xml(prompt):
    _, _, xmp = read(replace(MADE, prompt=prompt), "png")
    legal = prompt
    for illegal in ("\x01", "\ud800", "\ufffe"):
        legal = legal.replace(illegal, "\ufffd")
    assert said(xmp, "prompt") == legal


@pytest.mark.parametrize("image_format", ["png", "webp"])
def test_every_pixel_is_kept(image_format):
    assert read(MADE, image_format)[0].convert("RGB").tobytes() == picture().tobytes()


def test_a_picture_too_large_for_its_format_is_refused():
    with pytest.raises(ValueError, match=r"webp ends at 16,383.*expected png"):
        encode_with_metadata(Image.new("RGB", (16_384, 1)), MADE, "webp")
