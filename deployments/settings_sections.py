"""The sections of the settings file: one class per `[table]`.

Docstrings, descriptions and examples are Indonesian: the administrator reads
them in `docs/pengaturan.md` and in messages. How they become the connectors'
own settings is `deployments.wiring`'s business.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


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
    worker_query_seconds: Seconds = Field(
        1.0, description="Jeda pekerja menanyakan tugas baru, dalam detik.", examples=[1.0]
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


class _Remote(Section):
    connect_timeout: Seconds = Field(
        10.0, description="Batas waktu menyambung, dalam detik.", examples=[10.0]
    )
    read_timeout: Seconds = Field(
        60.0, description="Batas waktu menunggu jawaban, dalam detik.", examples=[60.0]
    )


class Website(_Remote):
    """Situs web kantor (WordPress)."""

    base_url: WebAddress = Field(
        description="Alamat situs, tanpa /wp-json.", examples=["https://kantor.example"]
    )
    username: str = Field(
        description="Akun WordPress dengan peran Penulis (author).", examples=["siar"]
    )
    application_password: SecretStr = Field(
        description="Sandi aplikasi dari profil akun itu.", examples=["abcd efgh ijkl mnop"]
    )
    default_category: str = Field(
        "",
        description="Kategori yang dipakai bila naskah tidak menyebutnya.",
        examples=["Berita"],
    )


class X(_Remote):
    """Akun X."""

    consumer_key: SecretStr = Field(description="API key aplikasi X.", examples=["…"])
    consumer_secret: SecretStr = Field(description="API key secret aplikasi X.", examples=["…"])
    access_token: SecretStr = Field(description="Access token akun kantor.", examples=["…"])
    access_token_secret: SecretStr = Field(
        description="Access token secret akun kantor.", examples=["…"]
    )
    username: str = Field("", description="Nama akun tanpa @.", examples=["bkkpalembang"])
    link: bool = Field(
        False,
        description="Sertakan tautan artikel. Kiriman bertautan dikenai biaya lebih tinggi.",
        examples=[False],
    )
    host: WebAddress = Field(
        "https://api.x.com", description="Alamat API.", examples=["https://api.x.com"]
    )


class Facebook(_Remote):
    """Halaman Facebook."""

    page_id: str = Field(description="Nomor Halaman.", examples=["100000000000000"])
    page_access_token: SecretStr = Field(description="Token Halaman.", examples=["…"])
    app_secret: SecretStr | None = Field(
        None, description="App secret, untuk menandatangani panggilan.", examples=["…"]
    )
    page_url: str = Field(
        "",
        description="Alamat Halaman yang dibaca umum.",
        examples=["https://facebook.example/bkk"],
    )
    link: bool = Field(True, description="Sertakan tautan artikel.", examples=[True])
    host: WebAddress = Field(
        "https://graph.facebook.com",
        description="Alamat API.",
        examples=["https://graph.facebook.com"],
    )


class Instagram(_Remote):
    """Akun Instagram profesional; memerlukan saluran website untuk alamat gambar."""

    ig_user_id: str = Field(description="Nomor akun Instagram.", examples=["17840000000000000"])
    access_token: SecretStr = Field(description="Token akses.", examples=["…"])
    app_secret: SecretStr | None = Field(
        None, description="App secret, untuk menandatangani panggilan.", examples=["…"]
    )
    host: WebAddress = Field(
        "https://graph.facebook.com",
        description="Alamat API.",
        examples=["https://graph.facebook.com"],
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

    website: Website | None = Field(None, description="Situs web kantor.")
    x: X | None = Field(None, description="Akun X.")
    facebook: Facebook | None = Field(None, description="Halaman Facebook.")
    instagram: Instagram | None = Field(None, description="Akun Instagram.")
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
