"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations


def image_format(data: bytes) -> str | None:
    """ "JPEG", "PNG", "WEBP" or "GIF" by the first bytes; None for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    return None


def foreign_kind(data: bytes) -> str:
    """What a file that is not one of our pictures seems to be, in words for staff."""
    head = data[:512]
    if head[4:8] == b"ftyp":
        heif = head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif")
        return "foto HEIC/AVIF (bawaan iPhone)" if heif else "video"
    known = {
        b"%PDF": "dokumen PDF",
        b"PK\x03\x04": "dokumen Office atau berkas ZIP",
        b"II*\x00": "gambar TIFF atau foto RAW",
        b"MM\x00*": "gambar TIFF atau foto RAW",
        b"BM": "gambar BMP",
        b"8BPS": "berkas Photoshop",
        b"\xd0\xcf\x11\xe0": "dokumen Office lama",
        b"\xd7\xcd\xc6\x9a": "gambar WMF",
        b"\x01\x00\x00\x00": "gambar EMF",
    }
    for magic, words in known.items():
        if head.startswith(magic):
            return words
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "gambar SVG"
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<script")):
        return "halaman web, bukan gambar"
    return "berkas yang tidak dikenal"
