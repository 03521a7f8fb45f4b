/** The steps of a release that are left to do by hand: keys do not belong in a build. */
import type { Commit } from './commit.ts';

export function howToSign({ version, revision }: Commit): string {
  const warning = revision.endsWith('-dirty')
    ? 'This is not a commit: the working tree has uncommitted changes. Do not publish it.\n\n'
    : '';
  return `
${warning}To sign: SHA256SUMS, which covers all files, with one of these (in dist/release):

    cosign sign-blob --yes --bundle SHA256SUMS.sigstore.json SHA256SUMS
    minisign -S -m SHA256SUMS
    gpg --armor --detach-sign SHA256SUMS

The statement in envseal-${version}.intoto.json says how they were made; signed, it is an attestation:

    cosign attest-blob --yes --statement envseal-${version}.intoto.json --bundle envseal-${version}.sigstore.json

Images, after they were pushed (npm run image -- --all prints how they are built): by digest, with their SBOM and the
license texts, which the image of one file does not hold:

    cosign sign --yes REGISTRY/envseal@sha256:…
    cosign attest --yes --type cyclonedx --predicate envseal-${version}-linux.cdx.json REGISTRY/envseal@sha256:…
    oras attach --artifact-type text/plain REGISTRY/envseal@sha256:… envseal-${version}-linux-THIRD-PARTY-LICENSES.txt

The npm packages, from a job that npm trusts, the executables first:

    npm publish --provenance --access public envseal-linux-x64-${version}.tgz
    npm publish --provenance --access public envseal-linux-arm64-${version}.tgz
    npm publish --provenance envseal-${version}.tgz
`;
}
