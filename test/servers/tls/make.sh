#!/bin/sh
# Makes the test certificates again: a CA, a server certificate that it signed, and a CA that signed nothing.
# They are valid from 2020 to the end of 9999, so that no test fails because of the day it runs on
# (99991231235959Z is "no expiry": https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5).
# The keys protect nothing: they are known to everyone who can read this folder. The CA's key is not kept.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/ca.cnf" <<CNF
[ca]
default_ca = test
[test]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = @names
[names]
IP.1 = 127.0.0.1
IP.2 = ::1
DNS.1 = localhost
DNS.2 = *.localhost
DNS.3 = *.amazonaws.com
DNS.4 = s3.us-east-1.amazonaws.com
DNS.5 = *.s3.us-east-1.amazonaws.com
DNS.6 = s3.eu-west-1.amazonaws.com
DNS.7 = *.s3.eu-west-1.amazonaws.com
DNS.8 = *.s3.amazonaws.com
DNS.9 = s3.dualstack.us-east-1.amazonaws.com
DNS.10 = *.s3.dualstack.us-east-1.amazonaws.com
DNS.11 = s3-fips.us-east-1.amazonaws.com
DNS.12 = *.s3-fips.us-east-1.amazonaws.com
DNS.13 = *.s3-accesspoint.us-east-1.amazonaws.com
DNS.14 = *.s3-accesspoint.eu-west-1.amazonaws.com
DNS.15 = *.us-east-1.amazonaws.com
DNS.16 = *.eu-west-1.amazonaws.com
DNS.17 = *.googleapis.com
DNS.18 = *.storage.googleapis.com
DNS.19 = metadata.google.internal
CNF
: >"$work/index"

# request NAME COMMON_NAME
request() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1-key.pem"
  openssl req -new -config "$work/ca.cnf" -key "$work/$1-key.pem" -subj "/CN=$2" -out "$work/$1.csr"
}

# sign NAME EXTENSIONS ISSUER-OPTIONS...
sign() {
  name=$1 extensions=$2
  shift 2
  openssl ca -batch -notext -config "$work/ca.cnf" -extensions "$extensions" -preserveDN \
    -startdate 20200101000000Z -enddate 99991231235959Z -in "$work/$name.csr" -out "$name.pem" "$@" 2>"$work/log" ||
    { cat "$work/log" >&2; exit 1; }
}

request ca 'Test CA'
sign ca authority -selfsign -keyfile "$work/ca-key.pem"
request other-ca 'Other test CA'
sign other-ca authority -selfsign -keyfile "$work/other-ca-key.pem"
request server 'Test server'
sign server server -cert ca.pem -keyfile "$work/ca-key.pem"
cp "$work/server-key.pem" server-key.pem
chmod 644 server-key.pem
openssl verify -CAfile ca.pem server.pem
