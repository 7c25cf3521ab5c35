// SPDX-License-Identifier: Apache-2.0
// Agents of Node's own, direct and through tunnels: those of make-fetch-happen leave a connection open that is aborted
// while it is made, take a proxy's refusal for the server's answer, and show a client's certificate to a proxy.

import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { Proxy } from './proxy.node.js';
import { CONNECT_TIMEOUT_MS, openTunnel } from './tunnel.node.js';

/** Connections, kept for further requests. */
export interface Agents {
  /** The agent of one request; `undefined` where make-fetch-happen has to make it. */
  choose(target: URL, proxy: Proxy | undefined): Agent | undefined;
  /** Runs what makes the request: a tunnel that it asks for is given up with it. */
  run<T>(signal: AbortSignal, send: () => T): T;
}

/** Makes agents that share these authorities and versions of TLS. */
export function createAgents(tls: SecureContextOptions): Agents {
  const signals = new AsyncLocalStorage<AbortSignal>();
  const tunnels = new Map<string, Agent>();
  const direct = { http: limitConnecting(new Agent({ keepAlive: true }), 'connect'), https: createTlsAgent(tls) };
  return {
    choose(target, proxy) {
      const isTls = target.protocol === 'https:';
      if (proxy === undefined) return isTls ? direct.https : direct.http;
      // SOCKS, and plain http, which a proxy is asked for by its whole URL.
      if (proxy.kind === 'socks' || !isTls) return undefined;
      const agent = tunnels.get(proxy.url.href) ?? createTunnelAgent(proxy, tls, signals);
      tunnels.set(proxy.url.href, agent);
      return agent;
    },
    run: (signal, send) => signals.run(signal, send),
  };
}

function createTlsAgent(tls: SecureContextOptions): TlsAgent {
  return limitConnecting(new TlsAgent({ ...tls, keepAlive: true, rejectUnauthorized: true }), 'secureConnect');
}

/** Connections of a TLS agent come about inside of tunnels. */
function createTunnelAgent(proxy: Proxy, tls: SecureContextOptions, signals: AsyncLocalStorage<AbortSignal>): TlsAgent {
  const agent = createTlsAgent(tls);
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const { host, port } = options;
    openTunnel({ proxy, host: host ?? '', port: port ?? 443, tls, signal: signals.getStore() })
      .then((socket) => {
        // An agent of TLS hands its options on to `tls.connect`, which knows this one.
        const made = createConnection({ ...options, socket } as typeof options);
        if (made !== null && made !== undefined) callback?.(null, made);
      })
      .catch((error: Error) => callback?.(error, undefined as never));
    return undefined;
  };
  return agent;
}

/** Gives up on a connection that has not come about in time, which Node itself leaves to the operating system. */
function limitConnecting<T extends Agent>(agent: T, connected: 'connect' | 'secureConnect'): T {
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = createConnection(options, callback);
    if (socket === null || socket === undefined) return socket;
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('the connection was not made in time'), { code: 'ECONNECTIONTIMEOUT' }));
    }, CONNECT_TIMEOUT_MS);
    const stop = (): void => clearTimeout(timer);
    socket.once(connected, stop).once('close', stop);
    return socket;
  };
  return agent;
}
