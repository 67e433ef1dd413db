"""Videos as phones write them."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymediainfo import MediaInfo

from connectors.imaging import take_media
from connectors.intake.errors import IntakeError
from connectors.video import INSTAGRAM_VIDEO, X_VIDEO, VideoLimits, check_video, clean_video

from .samples import MemoryBlobs, box, full_box, mp4, track

PLACE = b"-02.9761+104.7754/"
XYZ = box(b"\xa9xyz", struct.pack(">HH", len(PLACE), 0x15C7), PLACE)
MAKER = box(b"\xa9mak", struct.pack(">HH", 14, 0x15C7), b"KameraKarangan")


def test_a_video_is_measured_by_its_content() -> None:
    facts = check_video(mp4(track(seconds=12.5, width=1920, height=1080), seconds=12.5), "a.bin")
    assert (facts.mime, facts.width, facts.height) == ("video/mp4", 1920, 1080)
    assert facts.duration == pytest.approx(12.5)
    assert facts.codec == "AVC"


@pytest.mark.parametrize(
    "video",
    [
        mp4(),
        mp4(track(turned=True)),
        mp4(track(seconds=9, width=640, height=480), seconds=9),
        mp4(track(coding=b"hvc1"), brand=b"qt  "),
    ],
)
def test_an_independent_reader_measures_the_same(video: bytes) -> None:
    facts = check_video(video, "a.mp4")
    general, *_ = tracks = MediaInfo.parse(io.BytesIO(video)).tracks
    seen = next(t for t in tracks if t.track_type == "Video")
    turned = float(seen.rotation or 0) % 180 == 90
    sides = (seen.height, seen.width) if turned else (seen.width, seen.height)
    assert (facts.width, facts.height) == sides
    assert facts.duration * 1000 == pytest.approx(float(general.duration))
    assert facts.codec == seen.format


def test_a_table_that_claims_two_thousand_million_samples_costs_nothing() -> None:
    data = mp4()
    at = data.index(b"stts") + 8
    video = data[:at] + struct.pack(">II", 0x7F99FFED, 0x7F99FFED) + data[at + 8 :]
    assert check_video(clean_video(video, "a.mp4"), "a.mp4").duration == pytest.approx(2)


def test_an_upright_phone_video_is_measured_as_it_is_seen() -> None:
    facts = check_video(mp4(track(turned=True)), "a.mp4")
    assert (facts.width, facts.height) == (720, 1280)


@pytest.mark.parametrize(
    "video",
    [
        mp4(inside=box(b"udta", XYZ, MAKER)),
        mp4(inside=box(b"udta", XYZ, MAKER, b"\0\0\0\0")),
        mp4(inside=full_box(b"meta", box(b"keys", b"com.apple.quicktime.location.ISO6709", PLACE))),
        mp4(track(inside=box(b"udta", XYZ, MAKER))),
        mp4() + box(b"uuid", b"<x:xmpmeta>" + PLACE + b"KameraKarangan"),
    ],
)
def test_place_and_device_are_gone_and_the_recording_is_not(video: bytes) -> None:
    assert PLACE in video
    clean = clean_video(video, "a.mp4")
    assert PLACE not in clean
    assert b"KameraKarangan" not in clean
    assert len(clean) == len(video)
    assert check_video(clean, "a.mp4") == check_video(video, "a.mp4")
    tracks = MediaInfo.parse(io.BytesIO(clean)).tracks
    assert "xyz" not in tracks[0].to_data()


def test_a_video_without_anything_to_hide_is_left_alone() -> None:
    assert clean_video(mp4(), "a.mp4") == mp4()


def test_motion_tracks_of_phones_fall_silent_and_gps_tracks_are_refused() -> None:
    phone = mp4(track(), track(b"meta", coding=b"mebx"))
    assert b"mebx" not in clean_video(phone, "a.mov")
    for hostile in (
        mp4(track(), track(b"meta", coding=b"gpmd")),
        mp4(track(), track(b"camm", coding=b"camm")),
        mp4(track(), track(b"meta", coding=b"mebx", inside=box(b"keys", b"location.ISO6709"))),
    ):
        with pytest.raises(IntakeError, match="jejak lokasi"):
            clean_video(hostile, "aksi.mp4")


@pytest.mark.parametrize(
    ("video", "limits", "words"),
    [
        (mp4(seconds=141), X_VIDEO, "141 detik, melebihi batas 140 detik untuk X"),
        (mp4(seconds=1), INSTAGRAM_VIDEO, "terlalu pendek untuk Instagram"),
        (mp4(), VideoLimits("X", 100, 140), "MB untuk X"),
        (mp4(track(coding=b"mp4v")), X_VIDEO, "kodek"),
    ],
)
def test_a_channels_limits_are_said_with_both_numbers(
    video: bytes, limits: VideoLimits, words: str
) -> None:
    with pytest.raises(IntakeError, match=words):
        check_video(video, "a.mp4", limits)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "kosong"),
        (b"RIFF\0\0\0\0AVI LIST", "bukan video MP4"),
        (b"<html>" * 9, "bukan video MP4"),
        (mp4()[:-40], "rusak"),
        (mp4()[:60], "rusak"),
        (box(b"ftyp", b"isom\0\0\2\0") + box(b"mdat", b"x" * 90), "rusak"),
        (box(b"ftyp", b"isom\0\0\2\0") + box(b"moov", b"\0\0\0\2abcd"), "rusak"),
    ],
)
def test_what_is_no_video_or_half_of_one_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(IntakeError, match=words) as caught:
        check_video(clean_video(data, "a.mp4"), "a.mp4")
    assert "a.mp4" in caught.value.sentence


@settings(max_examples=400, deadline=None)
@given(at=st.integers(0, 900), junk=st.binary(min_size=1, max_size=9))
def test_any_damage_ends_in_a_video_or_a_sentence(at: int, junk: bytes) -> None:
    data = bytearray(mp4(inside=box(b"udta", XYZ)))
    at %= len(data)
    data[at : at + len(junk)] = junk
    try:
        check_video(clean_video(bytes(data), "a.mp4"), "a.mp4")
    except IntakeError as caught:
        assert "a.mp4" in caught.sentence  # noqa: PT017


def test_a_taken_video_is_kept_as_received_and_as_cleaned() -> None:
    blobs = MemoryBlobs()
    data = mp4(inside=box(b"udta", XYZ), brand=b"qt  ")
    media = take_media(blobs, "rekaman.mp4", data, "Kapal merapat", "Tim")
    assert (media.filename, media.mime) == ("rekaman.mov", "video/quicktime")
    assert (media.alt, media.credit) == ("Kapal merapat", "Tim")
    assert blobs.get(media.received_sha256) == data
    assert PLACE not in blobs.get(media.sha256)
    assert media.duration == pytest.approx(2)
