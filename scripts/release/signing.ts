/** What is left to do by hand with a release: keys are no business of a build. */
import type { Commit } from './commit.ts';

export function howToSign({ version, revision }: Commit): string {
  const warning = revision.endsWith('-dirty')
    ? 'This is no commit: the working tree has other files. Do not publish it.\n\n'
    : '';
  return `
${warning}To sign: SHA256SUMS, which covers all files, and with one of these (in dist/release):

    cosign sign-blob --yes --bundle SHA256SUMS.sigstore.json SHA256SUMS
    minisign -S -m SHA256SUMS
    gpg --armor --detach-sign SHA256SUMS

The statement in envseal-${version}.intoto.json says how they were made; signed, it is an attestation:

    cosign attest-blob --yes --statement envseal-${version}.intoto.json --bundle envseal-${version}.sigstore.json

Images, after they were pushed (npm run image -- --all prints how they are built): by digest, and their SBOM with them:

    cosign sign --yes REGISTRY/envseal@sha256:…
    cosign attest --yes --type cyclonedx --predicate envseal-portable-${version}.cdx.json REGISTRY/envseal@sha256:…

The npm package, from a job that npm trusts:  npm publish --provenance envseal-${version}.tgz
macOS, on a Mac:  codesign --force --sign 'Developer ID Application: …' --options runtime envseal-${version}-darwin-*
`;
}
