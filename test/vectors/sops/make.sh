#!/bin/sh
# Makes the vectors of this folder anew with the real sops: ./make.sh [SOPS [SUFFIX [FORMATS]]]
#
# encrypted/CASE.FORMAT is inputs/all.FORMAT, encrypted by sops under the rule CASE for the keys of identities.txt, which
# are test keys. expected/CASE.FORMAT.json is what `sops exec-env` gives a command: the specification of openSops.
# A SUFFIX makes those of another version beside these. The ones here are by sops 3.13.3, and
#   ./make.sh PATH/TO/sops-3.8.1 -3.8.1 'env json'
set -eu
cd "$(dirname "$0")"
newest=../../../.cache/go/bin/sops
sops=${1:-$newest}
suffix=${2:-}
formats=${3:-env json yaml}
export SOPS_AGE_KEY_FILE=identities.txt
mkdir -p encrypted expected
config=$(mktemp) environment=$(mktemp)
trap 'rm -f "$config" "$environment"' EXIT

key() { sed -n "s/^# test key $1, public: //p" identities.txt; }

# make CASE RULE [FORMAT...]: all formats unless some are named
make() {
  case=$1$suffix rule=$2
  shift 2
  printf 'creation_rules:\n  - %s\n' "$rule" >"$config"
  for format in ${*:-$formats}; do
    case " $formats " in *" $format "*) ;; *) continue ;; esac
    file=encrypted/$case.$format
    "$sops" --config "$config" --encrypt "inputs/all.$format" >"$file"
    "$newest" exec-env "$file" 'env -0' >"$environment"
    node --input-type=commonjs --eval '
      const before = new Set([...Object.keys(process.env), "_", "PWD", "OLDPWD", "SHLVL"]);
      const all = require("node:fs").readFileSync(0, "utf8").split("\0").slice(0, -1);
      const pairs = all.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]);
      const variables = pairs.filter(([name]) => !before.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
      console.log(JSON.stringify(Object.fromEntries(variables), null, 2));
    ' <"$environment" >"expected/$case.$format.json"
  done
}

a=$(key a) b=$(key b) c=$(key c)
make one-key "age: $a"
make two-keys "age: $a,$b"
make unencrypted-suffix "{age: $a, unencrypted_suffix: _HOST}"
make encrypted-suffix "{age: $a, encrypted_suffix: _PASSWORD}"
make unencrypted-regex "{age: $a, unencrypted_regex: '^(DB|PLAIN)_'}"
make encrypted-regex "{age: $a, encrypted_regex: '(?i)^api_[a-z]+\$|password'}"
[ -n "$suffix" ] || make mac-only-encrypted "{age: $a, encrypted_regex: ^API_, mac_only_encrypted: true}"
[ -n "$suffix" ] || make mac-only-encrypted-all "{age: $a, mac_only_encrypted: true}"
[ -n "$suffix" ] || make groups-2-of-3 "{shamir_threshold: 2, key_groups: [{age: [$a]}, {age: [$b]}, {age: [$c]}]}"
[ -n "$suffix" ] || make groups-3-of-3 "{key_groups: [{age: [$a]}, {age: [$b]}, {age: [$c]}]}"
[ -n "$suffix" ] || make unencrypted-comment-regex "{age: $a, unencrypted_comment_regex: API|after}" env yaml
[ -n "$suffix" ] || make encrypted-comment-regex "{age: $a, encrypted_comment_regex: API|after}" env yaml
