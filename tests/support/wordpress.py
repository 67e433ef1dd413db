"""A real WordPress on a free loopback port, one per test module that asks for it.

`.ci/wordpress.sh` fetches the tree. Here it is set up once (users, application
passwords, a category) and kept as a template beside the tree; each server gets
its own copy with its own SQLite database, so servers do not know each other.
Sample passwords below are made by WordPress for a site that only tests can reach.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.support.waiting import soon

PHP_MODULES = ("gd", "mbstring", "xml", "curl", "pdo_sqlite")
CATEGORY = "Berita"
START_SECONDS = 20.0

_CONFIG = """<?php
define('DB_NAME', 'wp'); define('DB_USER', ''); define('DB_PASSWORD', ''); define('DB_HOST', '');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('DB_DIR', __DIR__ . '/wp-content/database/');
$siar_home = 'http://' . ($_SERVER['HTTP_HOST'] ?? '127.0.0.1');
define('WP_HOME', $siar_home); define('WP_SITEURL', $siar_home);
define('WP_ENVIRONMENT_TYPE', 'local');
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_DEBUG', false);
foreach (['AUTH_KEY','SECURE_AUTH_KEY','LOGGED_IN_KEY','NONCE_KEY',
          'AUTH_SALT','SECURE_AUTH_SALT','LOGGED_IN_SALT','NONCE_SALT'] as $name) {
    define($name, 'contoh-untuk-uji-' . $name);
}
$table_prefix = 'wp_';
defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');
require ABSPATH . 'wp-settings.php';
"""

# What nginx or Apache does in front of PHP: files as they are, a limit on the
# body, everything else to WordPress.
_ROUTER = """<?php
$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
$limit = @file_get_contents(__DIR__ . '/siar-body-limit');
if ($limit && (int) ($_SERVER['CONTENT_LENGTH'] ?? 0) > (int) $limit) {
    http_response_code(413);
    header('Content-Type: text/html');
    echo '<html><head><title>413 Request Entity Too Large</title></head></html>';
    return true;
}
$file = realpath(__DIR__ . $path);
if ($file && str_starts_with($file, __DIR__) && is_file($file)) {
    if (!str_ends_with($file, '.php')) { return false; }
    require $file;
    return true;
}
$_SERVER['SCRIPT_NAME'] = '/index.php';
require __DIR__ . '/index.php';
"""

_INSTALL = """<?php
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1';
require __DIR__ . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
function wp_install_defaults($user_id) {}
function wp_new_blog_notification() {}
wp_install('Balai Contoh', 'pengelola', 'pengelola@example.test', true, '', 'sandi-contoh');
switch_theme('twentytwentyfive');
update_option('permalink_structure', '/%postname%/');
update_option('timezone_string', 'Asia/Jakarta');
update_option('blogdescription', '');
wp_insert_term('Umum', 'category');
update_option('default_category', get_cat_ID('Umum'));
wp_insert_term('Berita', 'category');
$roles = ['pengelola' => 'administrator', 'penyunting' => 'editor',
          'penulis' => 'author', 'kontributor' => 'contributor'];
$made = [];
foreach ($roles as $login => $role) {
    $user = get_user_by('login', $login);
    $id = $user ? $user->ID : wp_insert_user([
        'user_login' => $login, 'user_pass' => wp_generate_password(),
        'user_email' => $login . '@example.test', 'role' => $role]);
    $made[$login] = ['id' => $id, 'role' => $role, 'password' =>
        WP_Application_Passwords::create_new_application_password($id, ['name' => 'siar'])[0]];
}
echo "\\n" . json_encode($made);
"""


class NotAvailable(Exception):
    """What is missing on this machine to run a real WordPress."""


@dataclass(frozen=True)
class Account:
    id: int
    username: str
    role: str
    password: str


@dataclass
class WordPressServer:
    """A running site. `site` is its document root, private to this server."""

    base_url: str
    site: Path
    accounts: dict[str, Account]

    @property
    def author(self) -> Account:
        return self.accounts["penulis"]

    @property
    def contributor(self) -> Account:
        return self.accounts["kontributor"]

    @property
    def editor(self) -> Account:
        return self.accounts["penyunting"]

    @property
    def admin(self) -> Account:
        return self.accounts["pengelola"]

    def api(self, method: str, path: str, **request: Any) -> Any:
        """A REST call as administrator, outside the code under test."""
        answer = requests.request(
            method,
            f"{self.base_url}/wp-json/wp/v2/{path}",
            auth=(self.admin.username, self.admin.password),
            timeout=30,
            **request,
        )
        answer.raise_for_status()
        return answer.json()

    def posts(self, *, status: str = "publish") -> list[dict[str, Any]]:
        """All posts with a status, or with several joined by commas, newest first."""
        found: list[dict[str, Any]] = self.api(
            "GET", "posts", params={"context": "edit", "status": status, "per_page": 100}
        )
        return found

    def media(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api(
            "GET", "media", params={"context": "edit", "per_page": 100}
        )
        return found

    def page(self, url: str) -> requests.Response:
        """What a reader who is not logged in gets."""
        return requests.get(url, timeout=30)

    def php(self, code: str) -> str:
        """Runs PHP inside this WordPress and returns what it prints."""
        return _run_php(
            self.site,
            "<?php $_SERVER['HTTP_HOST'] = '127.0.0.1'; require __DIR__ . '/wp-load.php';\n" + code,
        )

    def lapse_passwords(self, account: Account) -> None:
        """Revokes every application password of an account, as an administrator can."""
        self.php(f"WP_Application_Passwords::delete_all_application_passwords({account.id});")

    def new_password(self, account: Account) -> Account:
        """Gives the account one more application password."""
        password = self.php(
            "echo WP_Application_Passwords::create_new_application_password("
            f"{account.id}, ['name' => 'siar ' . wp_generate_uuid4()])[0];"
        )
        return Account(account.id, account.username, account.role, password.strip())

    @contextmanager
    def plugin(self, code: str) -> Iterator[None]:
        """A must-use plug-in for the length of a block; `code` has no opening tag."""
        folder = self.site / "wp-content" / "mu-plugins"
        folder.mkdir(exist_ok=True)
        # A new name each time: PHP keeps what it compiled, and looks at the clock's seconds.
        file = folder / f"uji-{uuid.uuid4().hex}.php"
        file.write_text("<?php\n" + code)
        try:
            yield
        finally:
            file.unlink()

    @contextmanager
    def maintenance(self) -> Iterator[None]:
        """WordPress' own maintenance page, as during an update."""
        file = self.site / ".maintenance"
        file.write_text(f"<?php $upgrading = {int(time.time())};")
        try:
            yield
        finally:
            file.unlink()

    @contextmanager
    def body_limit(self, size: int) -> Iterator[None]:
        """The web server in front refuses request bodies over `size` bytes with 413."""
        file = self.site / "siar-body-limit"
        file.write_text(str(size))
        try:
            yield
        finally:
            file.unlink()


def wordpress_dir() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("SIAR_WORDPRESS_DIR") or cache / "siar" / "wordpress")


@contextmanager
def running_wordpress(folder: Path) -> Iterator[WordPressServer]:
    """Starts a WordPress in `folder`; raises NotAvailable when something is missing."""
    site = folder / "wordpress"
    accounts = _copy_template(site)
    # The database is the one file that is written in place: it must be a copy.
    _unshare(site / "wp-content" / "database")
    base_url, server = _started(folder, site)
    try:
        yield WordPressServer(base_url, site, accounts)
    finally:
        _end(server)


def _started(folder: Path, site: Path) -> tuple[str, subprocess.Popen[bytes]]:
    """A server that answers. Another program may take the free port first: try again."""
    for attempt in range(5):
        port = _free_port()
        base_url = f"http://127.0.0.1:{port}"
        log_file = folder / f"php-{attempt}.log"
        with log_file.open("wb") as log:
            server = subprocess.Popen(
                ["php", *_ini(folder), "-S", f"127.0.0.1:{port}", "-t", str(site), "router.php"],
                cwd=site,
                stdout=log,
                stderr=log,
                env={**os.environ, "PHP_CLI_SERVER_WORKERS": "4"},
                start_new_session=True,
            )
        if _answers(base_url, server):
            return base_url, server
        _end(server)
    raise RuntimeError(f"WordPress did not start:\n{log_file.read_text()[-3000:]}")


def _end(server: subprocess.Popen[bytes]) -> None:
    """php -S forks its workers into the session that was made for it: end that."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def _copy_template(site: Path) -> dict[str, Account]:
    """Copies the installed site, which is made on first use, and tells its accounts."""
    if shutil.which("php") is None:
        raise NotAvailable("PHP is not installed (Debian: php-cli and others, see .ci/run)")
    loaded = subprocess.run(
        ["php", "-m"], capture_output=True, text=True, check=True
    ).stdout.split()
    if missing := [name for name in PHP_MODULES if name not in loaded]:
        raise NotAvailable(f"PHP lacks {', '.join(missing)} (see .ci/run)")
    tree = wordpress_dir() / "site"
    if not (tree / "READY").is_file():
        raise NotAvailable("there is no WordPress to run: `bash .ci/wordpress.sh` fetches it")
    recipe = (tree / "READY").read_bytes() + (_CONFIG + _ROUTER + _INSTALL).encode()
    template = tree.parent / f"template-{hashlib.sha256(recipe).hexdigest()[:16]}"
    with (tree.parent / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (template / "accounts.json").is_file():
            _install(tree, template)
        shutil.copytree(template, site, copy_function=_link_or_copy)
    accounts = json.loads((site / "accounts.json").read_text())
    return {
        name: Account(made["id"], name, made["role"], made["password"])
        for name, made in accounts.items()
    }


def _install(tree: Path, template: Path) -> None:
    for old in tree.parent.glob("template-*"):
        shutil.rmtree(old)
    with tempfile.TemporaryDirectory(dir=tree.parent, prefix="installing-") as work:
        site = Path(work) / "site"
        shutil.copytree(tree, site, copy_function=_link_or_copy)
        (site / "wp-config.php").write_text(_CONFIG)
        (site / "router.php").write_text(_ROUTER)
        printed = _run_php(site, _INSTALL)
        (site / "accounts.json").write_text(printed.splitlines()[-1])
        site.rename(template)


def _run_php(site: Path, code: str) -> str:
    with _script(site, code) as file:
        done = subprocess.run(
            ["php", str(file)], cwd=site, capture_output=True, text=True, timeout=120, check=False
        )
    if done.returncode != 0:
        raise RuntimeError(f"PHP failed: {done.stdout}\n{done.stderr}")
    return done.stdout


@contextmanager
def _script(site: Path, code: str) -> Iterator[Path]:
    """A file in the document root, for a moment: `__DIR__` is the site."""
    descriptor, name = tempfile.mkstemp(suffix=".php", dir=site)
    os.close(descriptor)
    file = Path(name)
    file.write_text(code)
    try:
        yield file
    finally:
        file.unlink()


def _ini(folder: Path) -> list[str]:
    uploads = folder / "php-tmp"
    uploads.mkdir(exist_ok=True)
    settings = {
        "upload_tmp_dir": uploads,
        "sys_temp_dir": uploads,
        "memory_limit": "512M",
        "display_errors": "0",
        "opcache.enable_cli": "1",
    }
    return [part for name, value in settings.items() for part in ("-d", f"{name}={value}")]


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _unshare(folder: Path) -> None:
    for file in folder.iterdir():
        content = file.read_bytes()
        file.unlink()
        file.write_bytes(content)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(base_url: str, server: subprocess.Popen[bytes]) -> bool:
    answers: list[requests.Response] = []

    def is_answered() -> bool:
        try:
            answers.append(requests.get(f"{base_url}/wp-json/", timeout=10))
        except requests.ConnectionError:
            return server.poll() is not None
        return True

    soon(is_answered, "an answer of WordPress", START_SECONDS)
    return any(one.status_code == 200 and "Balai Contoh" in one.text for one in answers)
