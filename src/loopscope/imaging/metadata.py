"""Pictures as files that say where they came from: the prompt, the model, the seed and the lineage, in XMP and EXIF.

XMP has it for programs that manage pictures, under the names of Dublin Core, of XMP itself and of the IPTC Photo
Metadata Standard 2025.1, and all of it under names of our own. EXIF has all of it as JSON in ``UserComment``.
"""

import io
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

from PIL import Image, PngImagePlugin

from loopscope.imaging.codec import WEBP_LARGEST_SIDE

NAMESPACE: Final = "urn:loopscope:picture:1#"
LONGEST: Final = 2_000
"""Letters of a prompt that are written: JPEG has room for 64 kB of EXIF. The database has all of it."""

JPEG_LARGEST_SIDE: Final = 65_500
JPEG_QUALITY: Final = 95

ImageFormat = Literal["png", "jpeg", "webp"]

_NAMESPACES: Final = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "loopscope": NAMESPACE,
}
_IMAGE_DESCRIPTION, _SOFTWARE, _EXIF_FOLDER = 0x010E, 0x0131, 0x8769
_CREATED, _CREATED_OFFSET, _USER_COMMENT = 0x9003, 0x9011, 0x9286


@dataclass(frozen=True)
class PictureMetadata:
    """Where a picture came from.

    Attributes
    ----------
    prompt
        The text that it was made from; None where it was made from a picture.
    initial_prompt
        What its run began with.
    model
        The generator that made it.
    network
        The generators of its run in order, such as ``A→B``.
    seed
        Of its run; None where its randomness is fresh.
    experiment_uuid, run_uuid
        The public ids of its experiment and run.
    sequence_number
        Its position in its run, from 0.
    invocation_id, input_invocation_id
        The invocation that made it and the one whose output that was given; None where that was the initial prompt.
    created
        When it was made, in UTC.
    software
        What made it, such as ``Loopscope 0.1.0``.
    """

    prompt: str | None
    initial_prompt: str
    model: str
    network: str
    seed: int | None
    experiment_uuid: str
    run_uuid: str
    sequence_number: int
    invocation_id: int
    input_invocation_id: int | None
    created: datetime
    software: str


def encode_with_metadata(picture: Image.Image, metadata: PictureMetadata, image_format: ImageFormat) -> bytes:
    """Encode a picture together with where it came from.

    Parameters
    ----------
    picture
        RGB.
    image_format
        PNG and WebP keep every pixel; JPEG is of quality 95 with all its colours.

    Returns
    -------
    bytes
        The whole file, with XMP and EXIF.

    Raises
    ------
    ValueError
        If the picture is larger than the format allows.

    Examples
    --------
    >>> from datetime import UTC
    >>> made = PictureMetadata("a fox", "a fox", "Pictograms", "Pictograms→Describe", 1, "e", "r", 0, 1, None,
    ...     datetime(2026, 5, 4, tzinfo=UTC), "Loopscope 0.1.0")
    >>> data = encode_with_metadata(Image.new("RGB", (8, 8)), made, "png")
    >>> Image.open(io.BytesIO(data)).getexif()[0x0131]
    'Loopscope 0.1.0'
    """
    largest = {"webp": WEBP_LARGEST_SIDE, "jpeg": JPEG_LARGEST_SIDE}.get(image_format)
    if largest is not None and max(picture.size) > largest:
        raise ValueError(
            f"{image_format} ends at {largest:,} pixels a side, and the picture has {picture.width:,} × "
            f"{picture.height:,}; expected png"
        )
    xmp, exif = _write_xmp(metadata), _make_exif(metadata)
    file = io.BytesIO()
    if image_format == "png":
        texts = PngImagePlugin.PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", xmp)
        picture.save(file, "PNG", pnginfo=texts, exif=exif)
    elif image_format == "jpeg":
        picture.save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0, xmp=xmp.encode(), exif=exif)
    else:
        picture.save(file, "WEBP", lossless=True, method=2, xmp=xmp.encode(), exif=exif)
    return file.getvalue()


def _facts(metadata: PictureMetadata) -> dict[str, Any]:
    """Give all that is known, with long texts shortened; what is not known is left out."""
    facts = asdict(metadata) | {"created": metadata.created.isoformat()}
    shortened = {name: _shorten(value) if isinstance(value, str) else value for name, value in facts.items()}
    return {name: value for name, value in shortened.items() if value is not None}


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _write_xmp(metadata: PictureMetadata) -> str:
    facts = _facts(metadata)
    prompt = facts.get("prompt", "")
    properties = [
        _language_alternative("dc:description", prompt or facts["initial_prompt"]),
        _property("dc:source", f"run {metadata.run_uuid}, step {metadata.sequence_number}"),
        _property("xmp:CreatorTool", metadata.software),
        _property("xmp:CreateDate", facts["created"]),
        _property("Iptc4xmpExt:AISystemUsed", metadata.model),
        *([_property("Iptc4xmpExt:AIPromptInformation", prompt)] if prompt else []),
        *(_property(f"loopscope:{name}", value) for name, value in facts.items()),
    ]
    declared = " ".join(f'xmlns:{prefix}="{address}"' for prefix, address in _NAMESPACES.items())
    inner = "\n".join(f"   {line}" for line in properties)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        f'  <rdf:Description rdf:about="" {declared}>\n{inner}\n  </rdf:Description>\n'
        ' </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="r"?>'
    )


def _property(name: str, value: object) -> str:
    return f"<{name}>{_as_xml(str(value))}</{name}>"


def _language_alternative(name: str, text: str) -> str:
    return f'<{name}><rdf:Alt><rdf:li xml:lang="x-default">{_as_xml(text)}</rdf:li></rdf:Alt></{name}>'


def _as_xml(text: str) -> str:
    """Escape a text; control characters and halves of letters, which XML cannot hold, become replacement characters."""
    legal = "".join(letter if _is_legal(ord(letter)) else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return escape(legal, {"\r": "&#13;"})


def _is_legal(code: int) -> bool:
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _make_exif(metadata: PictureMetadata) -> Image.Exif:
    exif = Image.Exif()
    prompt = _shorten(metadata.prompt or metadata.initial_prompt)
    if prompt.isascii():  # this field has no other letters
        exif[_IMAGE_DESCRIPTION] = prompt
    exif[_SOFTWARE] = metadata.software
    folder = exif.get_ifd(_EXIF_FOLDER)
    folder[_CREATED] = f"{metadata.created:%Y:%m:%d %H:%M:%S}"
    folder[_CREATED_OFFSET] = f"{metadata.created:%z}"[:3] + ":00"
    folder[_USER_COMMENT] = b"ASCII\0\0\0" + json.dumps(_facts(metadata)).encode("ascii")
    return exif
