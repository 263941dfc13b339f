"""Parts of InsightFace .bin files."""

from __future__ import annotations

import io

from PIL import Image


def encoded_image(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (shade, shade, shade)).save(file, "PNG")
    return file.getvalue()


PARTS = (
    *(bytes([code]) for code in b"](ea0Nbsu}tR.\x85\x86\x88\x89\x93\x94"),
    *(b"\x80\x02", b"K\x01", b"q\x00", b"h\x00", b"r\xff\xff\xff\x7f", b"\x8a\x08" + b"\xff" * 8),
    *(b"U\x02b1", b"X\x02\x00\x00\x00u1", b"T\x03\x00\x00\x00abc", b"C\x03abc"),
    *(b"c_codecs\nencode\n", b"cnumpy\nndarray\n", b"cnumpy\ndtype\n", b"cos\nmkdir\n"),
    *(b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy.core.multiarray\nscalar\n"),
)
