// SPDX-License-Identifier: Apache-2.0
// The rows of `compat-differences.ts` about images in registries.

export const OCI_DIFFERENCES = {
  'registry-open': {
    where: 'oci',
    theirs: 'A registry that asks for no credentials is an `OCIError` where some are given.',
    ours: 'It is not told them, and the call goes on.',
  },
  'registry-read': {
    where: 'oci',
    theirs: '`getImageDigest` begins an upload, and asks for the right to write.',
    ours: 'It reads, and asks for the right to read.',
  },
  'digest-computed': {
    where: 'oci',
    theirs:
      'The digest and size of an image are what the headers of the registry say, even of other content, and empty text where they say nothing.',
    ours: 'They are computed from its manifest; headers that contradict it are an `OCIError`.',
  },
  'digest-demanded': {
    where: 'oci',
    theirs: '`imageDigest` may be a tag, and `imageTag` any path.',
    ours: 'They are a digest, and a tag or a digest: `OCIError`.',
  },
  'media-type-demanded': {
    where: 'oci',
    theirs: '`mediaType` may be any text.',
    ours: 'It is a media type: `OCIError`.',
  },
  'image-names': {
    where: 'oci',
    theirs:
      'The first part of a name is its registry whatever it looks like, names that end in `docker.io` are at Docker Hub, and `docker.io/name` is not below `library/`.',
    ours: 'A registry has a dot or a port or is `localhost`, in lower case; Docker Hub has its own names alone, and its defaults. Other names are the same plain `Error`.',
  },
  'identity-tokens': {
    where: 'oci',
    theirs: 'The identity token of the user `<token>` is sent as a password.',
    ours: 'It is exchanged as the refresh token that it is, and sent as a password where that is refused.',
  },
  'token-hosts': {
    where: 'oci',
    theirs: 'The password goes to whatever token service the registry names.',
    ours: 'It goes to one at the registry itself, at the host that Docker Hub has for it, and at those in `fetchOpts.tokenHosts`: `OCIError`.',
  },
  redirects: {
    where: 'oci',
    theirs: 'Redirects are followed anywhere, and so are uploads.',
    ours: 'Uploads stay with the registry, and manifests too: `OCIError`.',
  },
  'list-kept': {
    where: 'oci',
    theirs:
      'Of artifacts that are attached at the same time some are missing in the list of a registry without the referrers API.',
    ours: 'All are in the list once the calls resolve.',
  },
  'size-in-bytes': {
    where: 'oci',
    theirs: 'Sizes of manifests are counted in characters: annotations outside of ASCII make them wrong.',
    ours: 'They are counted in bytes.',
  },
  'subject-digest': {
    where: 'oci',
    theirs: 'The descriptor has a member `subjectDigest` that its type does not have.',
    ours: 'It has the members of its type.',
  },
  'registry-cause': {
    where: 'oci',
    theirs: 'The cause of an `OCIError` is an `HTTPError` with `statusCode`, or an error of a parser.',
    ours: 'It is a `KeywaxError` with a code, which holds nothing of credentials. A `signal` that fired is `OPERATION_ABORTED`.',
  },
  'registry-bounds': {
    where: 'oci',
    theirs: 'Answers have no bound, and calls without `timeout` wait for ever.',
    ours: 'A manifest has at most 4 MiB; calls wait at most 30 s for an attempt.',
  },
  'registry-proxy': {
    where: 'oci',
    theirs: '`proxy` and `noProxy` name a proxy.',
    ours: 'They are an `OCIError`: the variables `HTTPS_PROXY` and `NO_PROXY` hold, and `fetch` sends requests in place of the host.',
  },
  'docker-folder': {
    where: 'oci',
    theirs: '`DOCKER_CONFIG` is ignored.',
    ours: 'It names the folder of `config.json`, as it does for Docker.',
  },
  'docker-names': {
    where: 'oci',
    theirs: 'Schemes and paths of names in `config.json` are ignored.',
    ours: "A name is the registry's in every character; Docker Hub has `https://index.docker.io/v1/` too.",
  },
  'docker-errors': {
    where: 'oci',
    theirs: 'An entry without `auth` is a `TypeError`, and a file that is no JSON a `SyntaxError` that quotes it.',
    ours: 'They are an `Error` that holds nothing of the file. `username` and `password` are read, and so is `identitytoken` alone.',
  },
  'docker-base64': {
    where: 'oci',
    theirs: '`auth` may be anything, and is read as far as it goes.',
    ours: 'It is base64 of `user:password`: `Error`.',
  },
} as const;
