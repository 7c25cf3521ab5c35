// SPDX-License-Identifier: Apache-2.0

import { describeExamples } from '../../../test/readme.js';

const root = new URL('../', import.meta.url);

// The registry does not keep the process alive: it ends once the example has.
describeExamples(root, new URL('README.md', root), {
  before: `
import { startStack } from '@keywax/stack';
import { startOciRegistry } from '@keywax/stack/oci-registry';
import { MEDIA_TYPES, encodeManifest, openRepository as open, parseReference as parse } from '@keywax/oci';
import { Server } from 'node:net';
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  return listen.apply(this.on('connection', (socket) => socket.unref()), args).unref();
};
const { host } = await startOciRegistry();
const pushed = open(parse(host + '/app'));
const config = await pushed.uploadBlob(new TextEncoder().encode('{}'), MEDIA_TYPES.ociConfig);
const manifest = { kind: 'manifest', mediaType: MEDIA_TYPES.ociManifest, config, layers: [config], annotations: {} };
await pushed.putManifest(encodeManifest(manifest), manifest.mediaType, 'v1');
const stack = await startStack();
const instance = { trustConfig: stack.clientTrustConfig() };
const identityToken = await stack.mintToken({ kind: 'email' });
const issuer = stack.urls.oidc;
`,
});
