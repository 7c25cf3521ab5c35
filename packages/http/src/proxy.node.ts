// SPDX-License-Identifier: Apache-2.0
// Which proxy a request goes through: what the caller says, or else the environment.
// Refused: proxies that are neither http nor SOCKS, and user information that cannot be decoded; neither is ever quoted.

import { encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';

/** Where proxies are; each member that is absent is taken from the environment. */
export interface ProxyOptions {
  /** URL of the proxy of all requests; `HTTPS_PROXY` unless given, and for plain http `HTTP_PROXY` or `PROXY` too. */
  readonly proxy?: string;
  /** URL of the proxy of requests over plain http; `proxy` unless given. */
  readonly httpProxy?: string;
  /**
   * Hosts that are reached without one, with all below them, separated by commas; `*` is all of them, and a port may
   * follow. `NO_PROXY` unless given.
   */
  readonly noProxy?: string;
}

/** A proxy, and what to say to it. */
export interface Proxy {
  readonly kind: 'http' | 'socks';
  readonly url: URL;
  /** The value of `Proxy-Authorization`. */
  readonly authorization: string | undefined;
  /** What no error may hold. */
  readonly secrets: readonly string[];
}

/** The proxy for a URL, where it is to go through one. */
export type ProxyRule = (target: URL) => Proxy | undefined;

type Environment = Readonly<Record<string, string | undefined>>;

const KINDS: Readonly<Record<string, Proxy['kind']>> = {
  'http:': 'http',
  'https:': 'http',
  'socks:': 'socks',
  'socks4:': 'socks',
  'socks4a:': 'socks',
  'socks5:': 'socks',
  'socks5h:': 'socks',
};

/** Reads the options and the environment, once. @throws CONFIG_INVALID */
export function readProxyRule({ proxy, httpProxy, noProxy }: ProxyOptions, environment: Environment): ProxyRule {
  const read = (name: string): string | undefined =>
    notEmpty(environment[name]) ?? notEmpty(environment[name.toUpperCase()]);
  const forHttps = parseProxy(notEmpty(proxy) ?? read('https_proxy'));
  const plain = notEmpty(httpProxy) ?? notEmpty(proxy);
  const forHttp = parseProxy(plain ?? read('https_proxy') ?? read('http_proxy') ?? read('proxy'));
  const isDirect = readNoProxy(notEmpty(noProxy) ?? read('no_proxy') ?? '');
  return (target) => (isDirect(target) ? undefined : target.protocol === 'https:' ? forHttps : forHttp);
}

function notEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

function parseProxy(text: string | undefined): Proxy | undefined {
  if (text === undefined) return undefined;
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`);
    const kind = KINDS[url.protocol];
    const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    if (kind !== undefined && url.hostname !== '') return describeProxy({ kind, url, user, password });
  } catch {
    // A foreign message would quote the password.
  }
  throw new KeywaxError('CONFIG_INVALID', 'the proxy: expected the URL of an http, https or SOCKS proxy');
}

function describeProxy({
  kind,
  url,
  user,
  password,
}: Pick<Proxy, 'kind' | 'url'> & Readonly<Record<'user' | 'password', string>>): Proxy {
  if (user === '' && password === '') return { kind, url, authorization: undefined, secrets: [] };
  const encoded = encodeBase64(encodeUtf8(`${user}:${password}`));
  return { kind, url, authorization: `Basic ${encoded}`, secrets: [encoded, password, url.password] };
}

function readNoProxy(list: string): (target: URL) => boolean {
  const entries = list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(parseEntry);
  return (target) => {
    const [host, port] = [bare(target.hostname), target.port || (target.protocol === 'https:' ? '443' : '80')];
    return entries.some(
      (entry) =>
        (entry.port === undefined || entry.port === port) &&
        (entry.host === '*' || entry.host === host || host.endsWith(`.${entry.host}`)),
    );
  };
}

/** A name, an address, or either with a port; an address of IPv6 with a port is in brackets. */
function parseEntry(entry: string): { readonly host: string; readonly port: string | undefined } {
  const [, host = entry, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
  return { host: bare(host).replace(/^(?:\*?\.)+(?=.)/, ''), port };
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
