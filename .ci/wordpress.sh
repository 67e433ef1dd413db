#!/usr/bin/env bash
# Fetches the real WordPress that the contract tests run against:
#
#     bash .ci/wordpress.sh
#
# WordPress comes from a newer Debian suite, unpacked and never installed, so the
# machine stays what it is; the mirror is the one that this machine's apt already
# uses. The SQLite drop-in ships inside an npm package. Nothing else is fetched,
# and nothing is done when the tree is there already.
#
#   SIAR_WORDPRESS_DIR      where the tree goes (default: ~/.cache/siar/wordpress)
#   SIAR_WORDPRESS_SUITE    Debian suite to take it from (default: trixie, 6.8)
set -euo pipefail

suite=${SIAR_WORDPRESS_SUITE:-trixie}
target=${SIAR_WORDPRESS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/siar/wordpress}
dropin="@wp-playground/cli@3.1.56"
packages=(
  wordpress wordpress-theme-twentytwentyfive
  php-getid3 libjs-cropper libjs-lodash libjs-underscore
)
wanted="2 $suite $dropin ${packages[*]}"

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_what_php_and_npm_need() {
  local missing=()
  command -v php >/dev/null ||
    missing+=(php-cli php-gd php-mbstring php-xml php-curl php-sqlite3)
  command -v npm >/dev/null || missing+=(npm)
  if [ "${#missing[@]}" -gt 0 ]; then
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -q -y --no-install-recommends "${missing[@]}"
  fi
}

# The address of the Debian archive as configured here (not -security, not a third party).
debian_archive() {
  apt-get indextargets --format '$(REPO_URI)|$(ORIGIN)|$(LABEL)' 'Created-By: Packages' |
    awk -F'|' '$2 == "Debian" && $3 == "Debian" && !seen { print $1; seen = 1 }'
}

# Downloads the packages of the newer suite into $1, with apt lists of its own.
download_packages() {
  local into=$1 archive
  archive=$(debian_archive)
  if [ -z "$archive" ]; then # the machine's lists were never fetched
    as_root apt-get update -q
    archive=$(debian_archive)
  fi
  if [ -z "$archive" ]; then
    echo "wordpress: apt has no Debian archive configured on this machine" >&2
    return 1
  fi
  mkdir -p "$into/lists/partial" "$into/cache/archives/partial" "$into/debs"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main" \
    >"$into/sources.list"
  local options=(
    -qq
    -o "Dir::Etc::sourcelist=$into/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$into/lists" -o "Dir::Cache=$into/cache"
    -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User=root
  )
  apt-get "${options[@]}" update
  (cd "$into/debs" && apt-get "${options[@]}" download "${packages[@]}")
}

# Makes a tree that stands alone at $1/site out of what was downloaded.
assemble() {
  local scratch=$1 package content
  for package in "$scratch"/debs/*.deb; do dpkg-deb -x "$package" "$scratch/unpacked"; done
  rm -f "$scratch"/unpacked/usr/share/wordpress/{.htaccess,wp-config.php}
  cp -rL "$scratch/unpacked/usr/share/wordpress" "$scratch/site" # Debian links shared libraries into it
  content="$scratch/site/wp-content"
  (cd "$scratch" && npm pack --silent "$dropin" >/dev/null && tar xzf ./*.tgz)
  python3 -m zipfile -e "$scratch/package/sqlite-database-integration.zip" "$scratch/plugin"
  mv "$scratch"/plugin/*sqlite-database-integration* "$content/plugins/sqlite-database-integration"
  cp "$content/plugins/sqlite-database-integration/db.copy" "$content/db.php"
  test -f "$content/themes/twentytwentyfive/style.css"
  test -f "$scratch/site/wp-includes/js/underscore.js"
  echo "$wanted" >"$scratch/site/READY"
}

mkdir -p "$target"
exec 9>"$target/lock"
flock 9
if [ -f "$target/site/READY" ] && [ "$(cat "$target/site/READY")" = "$wanted" ]; then
  echo "WordPress is there already."
  exit 0
fi
install_what_php_and_npm_need
scratch=$(mktemp -d "$target/making.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
download_packages "$scratch"
assemble "$scratch"
rm -rf "$target/site"
mv "$scratch/site" "$target/site"
echo "WordPress is ready."
