# shellcheck shell=bash
# version.sh - the release, of the API and so of the programs and the package: sourced at the root of a checkout.
: "${VERSION:=$(sed -n 's/^  version: *//p' nginx/www/openapi.yaml | head -n 1)}"
[ -n "$VERSION" ] || { echo "nginx/www/openapi.yaml names no version" >&2; exit 1; }
