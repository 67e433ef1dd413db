"""What the rehearsal pretends to be, and the sample credentials it accepts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StaffCode:
    """A sample person and the code that is valid for them right now."""

    name: str
    nip: str
    roles: tuple[str, ...]
    code: str
    seconds_left: int


@dataclass(frozen=True, slots=True)
class RehearsalSettings:
    """Accounts of the rehearsal.

    Every value here is a fixed sample and not a secret: the application listens
    on the loopback address only and holds nothing but rehearsed posts.
    `wp_role` is "author", "contributor" or "editor"; with `wp_pages` the account may
    publish pages too, as a site may let an author. `slug_race_seconds` opens the
    gap in which a real WordPress lets parallel creates of one slug through.
    `wp_cron` False leaves scheduled posts unpublished, as a missed WP-cron does.
    `ig_processing_seconds` is how long a container stays IN_PROGRESS.
    `retired_metrics` are names of insights that the rehearsal no longer knows.
    `fault_plan` is a JSON file with a list of faults, loaded at start.
    """

    office: str = "BKK Kelas I Palembang"
    timezone: str = "Asia/Jakarta"
    public_base_url: str = ""

    wp_username: str = "humas"
    wp_application_password: str = "gladi gladi gladi gladi gladi gladi"  # noqa: S105
    wp_role: str = "author"
    wp_pages: bool = True
    wp_categories: tuple[str, ...] = ("Berita", "Edukasi", "Pengumuman")
    wp_cron: bool = True
    slug_race_seconds: float = 0.0

    x_consumer_key: str = "gladi-kunci-konsumen"
    x_consumer_secret: str = "gladi-bukan-rahasia-konsumen"  # noqa: S105
    x_access_token: str = "1900000000000000001-gladi-token"  # noqa: S105
    x_access_token_secret: str = "gladi-bukan-rahasia-token"  # noqa: S105
    x_user_id: str = "1900000000000000001"
    x_username: str = "bkk_gladi"
    x_post_limit: int = 100

    fb_app_id: str = "1010101010101010"
    fb_app_secret: str = "gladi-bukan-rahasia-aplikasi"  # noqa: S105
    fb_page_id: str = "100064000000001"
    fb_page_token: str = "EAAGgladiTokenHalaman"  # noqa: S105
    require_appsecret_proof: bool = False

    ig_user_id: str = "17841400000000001"
    ig_username: str = "bkk.gladi"
    ig_processing_seconds: float = 0.2
    ig_daily_quota: int = 100

    retired_metrics: frozenset[str] = frozenset()
    fault_plan: Path | None = None
