"""The key file, and the TOTP secrets that are readable only with it."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


class VaultError(Exception):
    """The key file or a secret cannot be used; the sentence says what to do."""


class Vault:
    """Encrypts and decrypts small secrets with one key."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    def __repr__(self) -> str:
        return "Vault(…)"

    @classmethod
    def open(cls, path: Path) -> Vault:
        """The vault of this key file, which is made (mode 0600) when there is none.

        Raises VaultError when others may read the file or it holds no key.
        """
        if not path.exists():
            _create_key_file(path)
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            key = path.read_bytes().strip()
        except OSError as error:
            raise VaultError(
                f"Berkas kunci {path} tidak dapat dibaca ({error.strerror}). "
                "Jalankan Siar dengan akun pemilik berkas itu."
            ) from error
        if mode & 0o077:
            raise VaultError(
                f"Berkas kunci {path} dapat dibaca orang lain (mode {mode:04o}). "
                f"Jalankan `chmod 600 {path}`, lalu coba lagi."
            )
        try:
            return cls(key)
        except ValueError as error:
            raise VaultError(
                f"Berkas kunci {path} rusak: isinya bukan kunci. Pulihkan dari cadangan; "
                "tanpa kunci yang lama, semua pegawai harus didaftarkan ulang."
            ) from error

    def encrypt(self, secret: str) -> str:
        """The secret in a form that may be stored."""
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """The secret again. Raises VaultError when it was altered or made with another key."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise VaultError(
                "Rahasia kode pegawai tidak dapat dibuka dengan berkas kunci ini. Pulihkan berkas "
                "kunci yang lama dari cadangan, atau daftarkan ulang pegawai itu."
            ) from error


def _create_key_file(path: Path) -> None:
    # Written whole under another name first: of two processes that start
    # together, the second finds the first one's complete key and uses it.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, Fernet.generate_key() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        raise VaultError(
            f"Berkas kunci {path} tidak dapat dibuat ({error.strerror}). "
            "Periksa hak akses dan ruang kosong pada folder itu."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
