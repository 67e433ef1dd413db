"""The sections of the settings file: one class per `[table]`.

Docstrings, descriptions and examples are Indonesian: the administrator reads
them in `docs/pengaturan.md` and in messages. The channels' tables are the
connectors' own settings; what their keys are for is said in `CHANNEL_KEYS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.facebook_page import FacebookPageSettings
from connectors.instagram import InstagramSettings
from connectors.notifications import is_address_like
from connectors.wordpress_settings import WordPressSettings
from connectors.x import XSettings


class Section(BaseModel):
    """A table of the file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Seconds = Annotated[float, Field(gt=0, le=600)]
Port = Annotated[int, Field(ge=0, le=65535)]
WebAddress = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+[^\s?#]*$")]


class Office(Section):
    """Kantor yang memakai Siar."""

    name: str = Field(
        "BKK Kelas I Palembang",
        description="Nama kantor seperti tertulis di formulir dan laporan.",
        examples=["BKK Kelas I Palembang"],
    )
    units: tuple[str, ...] = Field(
        ("Subbagian Administrasi Umum", "Tim Kerja 1", "Tim Kerja 2", "Tim Kerja 3"),
        description="Daftar Subbag/Tim Kerja yang boleh dipilih saat memulai publikasi.",
        examples=[["Subbagian Administrasi Umum", "Tim Kerja 1"]],
        min_length=1,
    )
    email_domains: tuple[str, ...] = Field(
        (),
        description="Domain surel milik kantor; alamat di domain ini tidak dianggap data pribadi.",
        examples=[["kemkes.go.id"]],
    )
    ministry: str = Field(
        "Kementerian Kesehatan Republik Indonesia",
        description="Baris pertama kop laporan monev.",
        examples=["Kementerian Kesehatan Republik Indonesia"],
    )
    directorate: str = Field(
        "Direktorat Jenderal Penanggulangan Penyakit",
        description="Baris kedua kop laporan monev.",
        examples=["Direktorat Jenderal Penanggulangan Penyakit"],
    )
    full_name: str = Field(
        "Balai Kekarantinaan Kesehatan Kelas I Palembang",
        description="Nama lengkap kantor pada kop laporan monev.",
        examples=["Balai Kekarantinaan Kesehatan Kelas I Palembang"],
    )
    address: str = Field(
        "",
        description="Alamat kantor pada kop laporan monev; tanpa isian, baris itu tidak dicetak.",
        examples=["Jalan Contoh Nomor 1, Palembang"],
    )
    place: str = Field(
        "Palembang",
        description="Tempat pada tanda tangan laporan monev.",
        examples=["Palembang"],
    )


class Prefect(Section):
    """Peladen Prefect: tempat formulir dibuka dan alur dijalankan."""

    host: str = Field(
        "127.0.0.1",
        description="Alamat yang didengarkan. Selain loopback hanya dipakai bila ditulis di sini.",
        examples=["127.0.0.1"],
    )
    port: Port = Field(
        4200, description="Porta peladen Prefect; 0 memilih porta bebas.", examples=[4200]
    )
    public_url: WebAddress | None = Field(
        None,
        description="Alamat yang dibuka pegawai bila ada proksi di depan peladen.",
        examples=["https://siar.kantor.example"],
    )
    auth: SecretStr | None = Field(
        None,
        description="Nama dan kata sandi API, dipisah titik dua. Wajib di mode produksi.",
        examples=["admin:kata-sandi-yang-panjang"],
    )
    csrf: bool = Field(
        True,
        description="Perlindungan CSRF pada API. Wajib menyala di mode produksi.",
        examples=[True],
    )
    database_url: SecretStr | None = Field(
        None,
        description="Basis data Prefect; tanpa isian dipakai SQLite di dalam data_dir.",
        examples=["postgresql+asyncpg://siar:sandi@127.0.0.1/prefect"],
    )
    warm_worker: bool = Field(
        True,
        description="Jalankan alur dari proses yang sudah siap (cepat). false: pekerja proses "
        "bawaan Prefect, tiga detik lebih lambat tiap formulir.",
        examples=[True],
    )
    worker_query_seconds: Seconds = Field(
        2.0,
        description="Jeda pekerja menanyakan tugas baru, dalam detik. Pekerja di mesin peladen "
        "diberi tahu seketika; jeda ini untuk pekerja di mesin lain.",
        examples=[0.5],
    )
    settling_seconds: Seconds = Field(
        20.0,
        description="Berapa detik sebuah run boleh berdiri tanpa proses sebelum dianggap mati dan "
        "dijalankan kembali.",
        examples=[20.0],
    )
    worker_limit: int = Field(
        4, ge=1, le=64, description="Jumlah tugas yang boleh berjalan bersamaan.", examples=[4]
    )

    @field_validator("auth")
    @classmethod
    def _has_name_and_password(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        name, _, password = value.get_secret_value().partition(":")
        if not name or len(password) < 8:
            raise ValueError("tulis nama:kata-sandi, dan kata sandinya paling sedikit 8 huruf")
        return value


class Rehearsal(Section):
    """Saluran gladi: situs dan media sosial tiruan di komputer ini saja."""

    port: Port = Field(
        4280, description="Porta saluran gladi; 0 memilih porta bebas.", examples=[0]
    )


class Delivery(Section):
    """Berapa lama Siar menunggu bila suatu saluran terganggu."""

    first_wait_seconds: Seconds = Field(
        5.0,
        description="Jeda pertama sebelum saluran dicoba atau dibaca lagi; sesudahnya makin lama, "
        "sampai 360 kali jeda ini.",
        examples=[5.0],
    )
    resend_after_seconds: float = Field(
        300.0,
        gt=0,
        le=86_400,
        description="Kiriman yang hasilnya tidak diketahui baru dikirim lagi bila selama ini "
        "dibaca berulang kali dan tetap tidak ada. Harus lebih lama daripada satu panggilan.",
        examples=[300.0],
    )
    ask_after_seconds: float = Field(
        7200.0,
        gt=0,
        le=604_800,
        description="Sesudah terganggu selama ini, petugas PPID ditanya juga.",
        examples=[7200.0],
    )


class Manual(Section):
    """Saluran tanpa API: petugas mengunggah sendiri lalu menuliskan alamatnya."""

    code: str = Field(
        pattern=r"^[a-z][a-z0-9-]{1,19}$",
        description="Kode singkat, huruf kecil.",
        examples=["tiktok"],
    )
    label: str = Field(description="Nama yang dibaca pegawai.", examples=["TikTok"])


class Channels(Section):
    """Saluran publikasi. Di mode gladi, saluran yang tidak diisi ditirukan."""

    website: WordPressSettings | None = Field(None, description="Situs web kantor.")
    x: XSettings | None = Field(None, description="Akun X.")
    facebook: FacebookPageSettings | None = Field(None, description="Halaman Facebook.")
    instagram: InstagramSettings | None = Field(None, description="Akun Instagram.")
    manual: tuple[Manual, ...] = Field((), description="Saluran yang diunggah dengan tangan.")

    @property
    def hosts(self) -> dict[str, str]:
        """The address that each configured channel with an API is called at."""
        found: dict[str, str] = {}
        if self.website:
            found["website"] = self.website.base_url
        if self.x:
            found["x"] = self.x.host
        if self.facebook:
            found["facebook"] = self.facebook.host
        if self.instagram:
            found["instagram"] = self.instagram.host
        return found

    @property
    def any_real(self) -> bool:
        """Whether anything would reach readers outside this machine."""
        return bool(self.hosts or self.manual)


class RetentionRule(Section):
    """Satu baris jadwal retensi arsip (JRA) kantor; tahun dihitung sejak paket disegel."""

    classification: str = Field(
        description='Klasifikasi informasi, atau "semua" untuk yang tidak disebut.',
        examples=["berkala"],
    )
    code: str = Field("", description="Kode klasifikasi arsip.", examples=["HM.01.02"])
    active_years: int = Field(ge=0, le=100, description="Retensi aktif, dalam tahun.", examples=[2])
    inactive_years: int = Field(
        ge=0, le=100, description="Retensi inaktif sesudahnya, dalam tahun.", examples=[3]
    )
    disposition: str = Field("", description="Nasib akhir menurut JRA.", examples=["permanen"])


class Archive(Section):
    """Arsip: paket yang disegel pada langkah 8 SOP."""

    retention: tuple[RetentionRule, ...] = Field(
        (),
        description="Jadwal retensi arsip. Tanpa isian, paket mencatat “belum ditetapkan”.",
    )


PublicSummary = Literal["tidak", "halaman", "artikel"]


class Monev(Section):
    """Laporan monitoring dan evaluasi (langkah 9 SOP)."""

    public_summary: PublicSummary = Field(
        "tidak",
        description="Ringkasan tiap laporan untuk masyarakat di website: tidak, halaman (akun "
        "website memerlukan peran Editor), atau artikel (cukup peran Penulis). Isinya hanya angka "
        "gabungan, dan tiap laporan baru tayang sesudah Kepala menjawab ya.",
        examples=["halaman"],
    )


NotificationAddresses = tuple[SecretStr, ...]


class Notifications(Section):
    """Pemberitahuan kepada pegawai lewat surel, Telegram, WhatsApp, dan lain-lain (Apprise)."""

    urls: NotificationAddresses = Field(
        (),
        description="Alamat Apprise yang menerima semua pemberitahuan, misalnya grup tim.",
        examples=[["tgram://token-bot/nomor-grup"]],
    )
    roles: Mapping[str, NotificationAddresses] = Field(
        {},
        description="Alamat Apprise untuk tiap kode peran menurut SOP.",
        examples=[{"kepala": ["mailto://siar:sandi@surel.example?to=kepala@surel.example"]}],
    )
    people: Mapping[str, NotificationAddresses] = Field(
        {},
        description="Alamat Apprise untuk tiap NIP; ia menerima apa yang menjadi urusan perannya "
        "hari itu, juga sebagai Plh./Plt.",
        examples=[{"190001012000014002": ["tgram://token-bot/nomor-orang"]}],
    )
    timeout_seconds: Seconds = Field(
        10.0,
        le=60,
        description="Batas waktu mengirim satu pemberitahuan, dalam detik.",
        examples=[10.0],
    )

    @field_validator("urls", "roles", "people")
    @classmethod
    def _are_addresses(cls, value: Any) -> Any:
        lists = value.values() if isinstance(value, Mapping) else [value]
        if not all(is_address_like(one.get_secret_value()) for each in lists for one in each):
            # The address itself is a secret and stays out of the sentence.
            raise ValueError("tiap alamat diawali nama layanan dan ://, misalnya mailto://")
        return value

    @property
    def any_configured(self) -> bool:
        """Whether anybody would be told of anything."""
        return bool(self.urls or any(self.roles.values()) or any(self.people.values()))


@dataclass(frozen=True, slots=True)
class Hint:
    """What a key is for, and a value as it could stand in the file."""

    description: str
    example: Any


_CONNECT = Hint("Batas waktu menyambung, dalam detik.", 10.0)
_READ = Hint("Batas waktu menunggu jawaban, dalam detik.", 60.0)
_APP_ID = Hint("Nomor aplikasi Meta, untuk memeriksa masa berlaku token.", "1234")
_APP_SECRET = Hint("App secret aplikasi Meta, untuk menandatangani panggilan.", "…")
_GRAPH = Hint("Alamat API.", "https://graph.facebook.com")

CHANNEL_KEYS: Mapping[type[BaseModel], Mapping[str, Hint]] = {
    WordPressSettings: {
        "base_url": Hint("Alamat halaman depan situs.", "https://kantor.example"),
        "username": Hint("Akun WordPress dengan peran Penulis (author).", "siar"),
        "application_password": Hint("Sandi aplikasi dari profil akun itu.", "abcd efgh ijkl mnop"),
        "rest_path": Hint("Jalur API di situs itu.", "/wp-json"),
        "connect_timeout": _CONNECT,
        "read_timeout": _READ,
        "upload_timeout": Hint("Batas waktu mengunggah satu berkas, dalam detik.", 120.0),
        "categories": Hint("Nama kategori ke nomornya, bila namanya berbeda.", {"Berita": 3}),
        "default_category": Hint("Kategori bila naskah tidak menyebutnya.", "Berita"),
        "max_upload_bytes": Hint("Ukuran unggahan terbesar, dalam bita.", 67108864),
        "featured_in_body": Hint("Tampilkan gambar utama juga di dalam isi artikel.", False),
        "verify_media": Hint("Baca kembali tiap gambar dan bandingkan isinya.", True),
    },
    XSettings: {
        "consumer_key": Hint("API key aplikasi X.", "…"),
        "consumer_secret": Hint("API key secret aplikasi X.", "…"),
        "access_token": Hint("Access token akun kantor.", "…"),
        "access_token_secret": Hint("Access token secret akun kantor.", "…"),
        "username": Hint("Nama akun tanpa @.", "kantor"),
        "link": Hint("Sertakan tautan artikel. Kiriman bertautan lebih mahal.", False),
        "host": Hint("Alamat API.", "https://api.x.com"),
        "public_url": Hint("Alamat yang dibuka pembaca.", "https://x.com"),
        "connect_timeout": _CONNECT,
        "read_timeout": _READ,
    },
    FacebookPageSettings: {
        "page_id": Hint("Nomor Halaman.", "100000000000000"),
        "page_access_token": Hint("Token Halaman.", "…"),
        "app_id": _APP_ID,
        "app_secret": _APP_SECRET,
        "page_url": Hint("Alamat Halaman yang dibuka pembaca.", "https://facebook.example/kantor"),
        "link": Hint("Sertakan tautan artikel.", True),
        "host": _GRAPH,
        "connect_timeout": _CONNECT,
        "read_timeout": _READ,
    },
    InstagramSettings: {
        "ig_user_id": Hint("Nomor akun Instagram profesional.", "17840000000000000"),
        "access_token": Hint("Token akses.", "…"),
        "app_id": _APP_ID,
        "app_secret": _APP_SECRET,
        "host": _GRAPH,
        "connect_timeout": _CONNECT,
        "read_timeout": _READ,
    },
}


def hint(model: type[BaseModel], key: str) -> Hint:
    """What is known about a key, wherever it is described."""
    described = CHANNEL_KEYS.get(model, {}).get(key)
    if described is not None:
        return described
    info = model.model_fields[key]
    return Hint(info.description or "", info.examples[0] if info.examples else None)
