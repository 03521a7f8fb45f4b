#!/bin/sh
# Makes the vectors of this folder anew with the real age: ./make.sh [AGE [AGE-KEYGEN]]
#
# *.age hold the 32 bytes of data-key, armored, as SOPS keeps a data key; identities.txt and pq-identity.txt are by
# age-keygen, and test keys. The ones here are by age 1.3.2:
#   go install filippo.io/age/cmd/...@v1.3.2
#
# cctv/ has those of https://github.com/C2SP/CCTV/tree/main/age that are for an X25519 or a post-quantum identity and not
# compressed, at 4448f2097b2d; their license asks for nothing.
set -eu
cd "$(dirname "$0")"
age=${1:-age}
keygen=${2:-age-keygen}
rm -f ./*.txt ./*.age
for file in identities.txt pq-identity.txt; do
  echo '# TEST KEYS, published with the tests: never use them for anything else.' >$file
done
"$keygen" >>identities.txt 2>/dev/null
"$keygen" >>identities.txt 2>/dev/null
"$keygen" -pq >>pq-identity.txt 2>/dev/null
one=$("$keygen" -y identities.txt | head -n 1)
two=$("$keygen" -y identities.txt | tail -n 1)
pq=$("$keygen" -y pq-identity.txt)
printf 'a data key of thirty-two bytes..' >data-key
"$age" --armor --recipient "$one" --output one.age data-key
"$age" --armor --recipient "$one" --recipient "$two" --output both.age data-key
"$age" --armor --recipient "$pq" --output pq.age data-key
