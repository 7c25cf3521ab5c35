// SPDX-License-Identifier: Apache-2.0

import { decodeUtf8 } from '@keywax/core/bytes';
import { type Command, defineCommand } from '../command.js';
import { CLUSTER_POLICY_FLAGS, readClusterPolicies } from '../cluster-policy-flags.js';
import { readDocument } from '../document-file.js';
import { EXIT } from '../exit.js';
import { usageError } from '../flags.js';
import { untilStopped } from '../host.js';
import { TRUST_FLAGS } from '../instance-flags.js';
import { REGISTRY_FLAGS, readRegistryFlags } from '../registry-flags.js';
import { createStyle, encodeJsonText } from '../render/text.js';

const MAX_PEM_BYTES = 262_144; // a chain of certificates, or one key
/** One name and password would not do for several registries; those that `docker login` has left do. */
const WEBHOOK_REGISTRY_FLAGS = {
  'registry-cacert': REGISTRY_FLAGS['registry-cacert'],
  'allow-http-registry': REGISTRY_FLAGS['allow-http-registry'],
  'allow-insecure-registry': REGISTRY_FLAGS['allow-insecure-registry'],
};
const LISTEN = '0.0.0.0:8443';

/** `keywax admission serve`. */
export const admissionServeCommand: Command = defineCommand({
  operands: '[FLAGS]',
  about: `Answers the admission reviews of a Kubernetes cluster over HTTPS: /mutate writes the images of workloads in full, by digest,
/validate holds them against cluster policies. Whatever is not understood, cannot be reached or takes too long is denied.
A manifest that installs it comes with @keywax/oci, in deploy/admission.yaml.`,
  flags: {
    ...CLUSTER_POLICY_FLAGS,
    listen: { value: 'HOST:PORT', help: `where to listen (${LISTEN}, unless given)` },
    'tls-certificate': { value: 'FILE', help: "the server's certificate, and those between it and its authority" },
    'tls-key': { value: 'FILE', help: 'the private key of the certificate' },
    'tls-client-authority': { value: 'FILE', help: 'answer only clients that one of these certificates vouches for' },
    ...TRUST_FLAGS,
    ...WEBHOOK_REGISTRY_FLAGS,
    json: { help: 'print where it listens as JSON' },
  },
  async run({ flags, operands }, host) {
    if (operands.length > 0) throw usageError('admission serve takes flags alone');
    if (flags.policy === undefined) throw usageError('which policies? --policy names a file of them');
    const { 'tls-certificate': certificate, 'tls-key': key, 'tls-client-authority': authority } = flags;
    if (certificate === undefined || key === undefined)
      throw usageError('webhooks are spoken to over TLS alone; --tls-certificate and --tls-key say with what');
    const address = readAddress(flags.listen ?? LISTEN);
    const [tls, evaluation, registry] = [
      {
        certificate: await readText(certificate),
        key: await readText(key),
        ...(authority === undefined ? {} : { clientAuthority: await readText(authority) }),
      },
      await readClusterPolicies(flags, host),
      await readRegistryFlags(flags, 'any', host),
    ];
    const { createAdmissionController, serveAdmission } = await import('@keywax/oci');
    const controller = createAdmissionController({ ...evaluation, registry });
    await using server = await serveAdmission({ controller, ...tls, ...address });
    if (flags.json === true) await host.out.write(encodeJsonText({ url: server.url }));
    await host.err.write(createStyle(host.err).good(`The webhook listens at ${server.url}; Ctrl-C stops it.`) + '\n');
    await untilStopped(host);
    return EXIT.ok;
  },
});

function readAddress(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, name, port] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? name;
  if (host === undefined || Number(port) > 65_535) throw usageError('--listen is HOST:PORT');
  return { host, port: Number(port) };
}

async function readText(path: string): Promise<string> {
  return decodeUtf8(await readDocument(path, MAX_PEM_BYTES), path);
}
