"""The key file and what is encrypted with it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.vault import Vault, VaultError


def test_the_key_file_is_made_on_first_use_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "baru" / "siar.key"
    secret = Vault.open(path).encrypt("JBSWY3DP")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Vault.open(path).decrypt(secret) == "JBSWY3DP"
    assert "JBSWY3DP" not in secret
    assert [one.name for one in path.parent.iterdir()] == ["siar.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "siar.key"
    Vault.open(path)
    path.chmod(mode)
    with pytest.raises(VaultError, match="chmod 600"):
        Vault.open(path)


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "siar.key"
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(Vault.open, [path] * 8))
    secret = vaults[0].encrypt("rahasia")
    assert {vault.decrypt(secret) for vault in vaults} == {"rahasia"}


@pytest.mark.parametrize("content", [b"", b"bukan kunci", b"\xff" * 44])
def test_a_damaged_key_file_is_refused_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "siar.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(VaultError, match="cadangan"):
        Vault.open(path)


def test_a_secret_of_another_key_cannot_be_read(tmp_path: Path) -> None:
    secret = Vault.open(tmp_path / "a.key").encrypt("rahasia")
    with pytest.raises(VaultError, match="berkas kunci"):
        Vault.open(tmp_path / "b.key").decrypt(secret)


def test_the_key_does_not_show_when_a_vault_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "siar.key"
    assert path.name
    assert Vault.open(path).__repr__() == "Vault(…)"
