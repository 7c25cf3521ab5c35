// SPDX-License-Identifier: Apache-2.0
// Calls of the signing API of `sigstore` 5 and `@sigstore/sign` 5, to be made of both implementations.

import type { Interceptor, Stack } from '@keywax/stack';
import type * as SigstoreSign from '@sigstore/sign';
import type * as Sigstore from 'sigstore';
import type { DifferenceName } from './compat-differences.js';
import type { SIGN_DIFFERENCES } from './compat-sign-differences.js';
import { ARTIFACT, STATEMENT, STATEMENT_TYPE } from './keywax.js';

/** What both implementations offer. */
export type SigningApi = Pick<typeof Sigstore, 'sign' | 'attest'> &
  Pick<
    typeof SigstoreSign,
    | 'FulcioSigner'
    | 'RekorWitness'
    | 'TSAWitness'
    | 'DSSEBundleBuilder'
    | 'MessageSignatureBundleBuilder'
    | 'bundleBuilderFromSigningConfig'
    | 'CIContextProvider'
  >;

/** Where a call is made. */
export interface World {
  readonly stack: Stack;
  readonly token: string;
}

/** Interceptors by service, made anew for each implementation. */
export type Faults = { readonly [name in 'fulcio' | 'rekorV1' | 'rekorV2' | 'tsa']?: () => Interceptor };

/** One call. */
export interface SigningCase {
  readonly name: string;
  readonly call: (api: SigningApi, world: World) => Promise<unknown>;
  readonly faults?: Faults;
  /** What the environment holds during the call, beside a `PATH` without programs. */
  readonly environment?: (world: World) => Record<string, string>;
  /** Rows of `compat-differences.ts` that explain why the outcomes differ. */
  readonly differs?: DifferenceName | keyof typeof SIGN_DIFFERENCES;
  /** Whether the outcome is a bundle that both verifiers take; it is unless this says no. */
  readonly isBundle?: false;
}

type Options = Parameters<SigningApi['sign']>[1];

/** Options that name the services of the stack. */
function options({ stack, token }: World, more: Options = {}): Options {
  return { fulcioURL: stack.urls.fulcio, rekorURL: stack.urls.rekorV1, identityToken: token, ...more };
}

const signing = (name: string, more: (world: World) => Options, rest: Partial<SigningCase> = {}): SigningCase => ({
  name: `sign() ${name}`,
  call: (api, world) => api.sign(ARTIFACT, options(world, more(world))),
  ...rest,
});

const attesting = (name: string, more: (world: World) => Options, rest: Partial<SigningCase> = {}): SigningCase => ({
  name: `attest() ${name}`,
  call: (api, world) => api.attest(STATEMENT, STATEMENT_TYPE, options(world, more(world))),
  ...rest,
});

/** What npm hands over: all of its options, of which two have names that count here. */
const NPM_OPTIONS = {
  retry: { retries: 2, factor: 10, minTimeout: 10, maxTimeout: 60 },
  timeout: 300_000,
  ca: null,
  cache: '/nowhere',
  cert: null,
  key: null,
  offline: true,
  progress: false,
  message: '%s',
  proxy: 'http://127.0.0.1:1',
  httpsProxy: 'http://127.0.0.1:1',
  registry: 'https://registry.example/',
  tufCache: '/nowhere/_tuf',
  userAgent: 'npm/11',
  search: {},
} as Options;

const OPTION_CASES: readonly SigningCase[] = [
  signing('with the defaults', () => ({})),
  signing('with a timestamp authority by its origin', ({ stack }) => ({
    tsaServerURL: new URL(stack.urls.tsa).origin,
  })),
  signing('with a timestamp authority by its endpoint', ({ stack }) => ({ tsaServerURL: stack.urls.tsa })),
  signing('without the log', ({ stack }) => ({ tlogUpload: false, tsaServerURL: stack.urls.tsa }), {
    differs: 'entries-listed',
  }),
  signing('without any witness', () => ({ tlogUpload: false }), { differs: 'entries-listed', isBundle: false }),
  signing('with legacyCompatibility, which is for attest()', () => ({ legacyCompatibility: true })),
  signing('with a provider, which comes before the token', ({ token }) => ({
    identityToken: 'junk',
    identityProvider: { getToken: async () => token },
  })),
  ...([0, 1, false, true, { retries: 1 }, NPM_OPTIONS?.retry] as const).map((retry) =>
    signing(`with retry ${JSON.stringify(retry)}`, () => ({ retry: retry as never })),
  ),
  signing('with a timeout', () => ({ timeout: 30_000 })),
  signing('with undefined options', () => ({ retry: undefined, timeout: undefined, tlogUpload: undefined as never })),
  signing('with all the options of npm', () => NPM_OPTIONS),
  attesting('with the defaults', () => ({})),
  attesting('with all the options of npm', () => NPM_OPTIONS),
  attesting('with a timestamp authority', ({ stack }) => ({ tsaServerURL: stack.urls.tsa })),
  attesting('without the log', ({ stack }) => ({ tlogUpload: false, tsaServerURL: stack.urls.tsa }), {
    differs: 'entries-listed',
  }),
  attesting('with legacyCompatibility', () => ({ legacyCompatibility: true })),
  attesting('with legacyCompatibility and a timestamp authority', ({ stack }) => ({
    legacyCompatibility: true,
    tsaServerURL: stack.urls.tsa,
  })),
  {
    name: 'attest() of a payload that is no statement',
    call: (api, world) => api.attest(ARTIFACT, 'text/plain', options(world)),
    isBundle: false, // the engine takes statements alone unless told otherwise
  },
  {
    name: 'sign() of an empty message',
    call: (api, world) => api.sign(Buffer.alloc(0), options(world)),
    isBundle: false, // the verifiers are given the artifact
  },
  ...(['github', 'gitlab'] as const).map(
    (kind): SigningCase => ({
      name: `attest() for the identity of ${kind}`,
      call: async (api, world) => {
        const identityToken = await world.stack.mintToken({ kind });
        return api.attest(STATEMENT, STATEMENT_TYPE, options(world, { identityToken }));
      },
    }),
  ),
];

const answer = (status: number, message: string) => (): Interceptor => () =>
  Response.json({ code: status, message }, { status });
const text = (body: string, type: string) => (): Interceptor => () =>
  new Response(body, { headers: { 'content-type': type } });

/** Fails once, and then lets requests through. */
const failOnce = (status: number) => (): Interceptor => {
  let count = 0;
  return (_, next) => (count++ === 0 ? Response.json({ code: status, message: 'later' }, { status }) : next());
};

/** Does what is asked, and loses the answer, once. */
const loseAnswer = (): Interceptor => {
  let count = 0;
  return async (request, next) => {
    const response = await next();
    return count++ === 0 && request.method === 'POST' ? new Response('lost', { status: 502 }) : response;
  };
};

const hang = (): Interceptor => () => new Promise<Response>(() => {});
const failing = { isBundle: false } as const;
const once = { retry: { retries: 1, minTimeout: 1, maxTimeout: 1 } } as const;

const FAULT_CASES: readonly SigningCase[] = [
  ...[400, 401, 403, 404, 429, 500, 503].flatMap((status): SigningCase[] => [
    signing(`where Fulcio answers ${status}`, () => ({ retry: 0 }), {
      ...failing,
      faults: { fulcio: answer(status, 'There was an error processing the identity token') },
    }),
    attesting(`where Rekor answers ${status}`, () => ({ retry: 0 }), {
      ...failing,
      faults: { rekorV1: answer(status, 'no') },
    }),
    signing(
      `where the timestamp authority answers ${status}`,
      ({ stack }) => ({ retry: 0, tsaServerURL: stack.urls.tsa }),
      {
        ...failing,
        faults: { tsa: answer(status, 'no') },
      },
    ),
  ]),
  ...[408, 429, 500, 502, 503, 504].map((status) =>
    signing(`where each service first answers ${status}`, ({ stack }) => ({ ...once, tsaServerURL: stack.urls.tsa }), {
      faults: { fulcio: failOnce(status), rekorV1: failOnce(status), tsa: failOnce(status) },
    }),
  ),
  signing('where Fulcio answers HTML', () => ({ retry: 0 }), {
    ...failing,
    faults: { fulcio: text('<p>', 'text/html') },
  }),
  signing('where Fulcio answers no certificate', () => ({ retry: 0 }), {
    ...failing,
    faults: { fulcio: text('{}', 'application/json') },
  }),
  signing('where Fulcio does not answer', () => ({ retry: 0, timeout: 200 }), { ...failing, faults: { fulcio: hang } }),
  signing('where Rekor answers HTML', () => ({ retry: 0 }), {
    ...failing,
    faults: { rekorV1: text('<p>', 'text/html') },
  }),
  signing('where Rekor does not answer', () => ({ retry: 0, timeout: 200 }), { ...failing, faults: { rekorV1: hang } }),
  signing('where Rekor answers no entry', () => ({ retry: 0 }), {
    ...failing,
    faults: { rekorV1: text('{}', 'application/json') },
  }),
  signing(
    'where the timestamp authority answers something else',
    ({ stack }) => ({ retry: 0, tsaServerURL: stack.urls.tsa }),
    { ...failing, faults: { tsa: text('<p>', 'text/html') }, differs: 'answers-checked' },
  ),
  signing('where Fulcio cannot be reached', () => ({ retry: 0, fulcioURL: 'http://127.0.0.1:1' }), failing),
  signing('where Rekor cannot be reached', () => ({ retry: 0, rekorURL: 'http://127.0.0.1:1' }), failing),
  signing(
    'where the timestamp authority cannot be reached',
    () => ({ retry: 0, tsaServerURL: 'http://127.0.0.1:1' }),
    failing,
  ),
  signing('where Rekor loses its first answer', () => ({ ...once }), {
    faults: { rekorV1: loseAnswer },
    differs: 'conflict-after-retry',
  }),
  attesting('where Rekor loses its first answer', () => ({ ...once }), {
    faults: { rekorV1: loseAnswer },
    differs: 'conflict-after-retry',
  }),
];

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

const SOUND = { iss: 'https://issuer.example', sub: 'subject', aud: 'sigstore', exp: 4_000_000_000 };

const TOKEN_CASES: readonly SigningCase[] = [
  ...(
    [
      ['is junk', 'junk', 'tokens-in-messages'],
      ['has no claims', 'a.!.c', 'tokens-in-messages'],
      ['has no subject', jwt({ ...SOUND, sub: undefined }), 'tokens-in-messages'],
      ['has an address that nobody verified', jwt({ ...SOUND, email: 'a@example.com' }), 'tokens-in-messages'],
      [
        'says in text that its address is verified',
        jwt({ ...SOUND, email: 'a@example.com', email_verified: 'true' }),
        'incomplete-tokens',
      ],
      ['is of another issuer', jwt(SOUND), undefined],
      ['has expired', jwt({ ...SOUND, exp: 1 }), 'useless-tokens'],
      ['has no audience', jwt({ ...SOUND, aud: undefined }), 'incomplete-tokens'],
    ] as const
  ).map(([name, identityToken, differs]) =>
    signing(`with a token that ${name}`, () => ({ retry: 0, identityToken }), {
      ...failing,
      ...(differs === undefined ? {} : { differs }),
    }),
  ),
  {
    ...failing,
    name: 'sign() with a provider that fails',
    call: (api, world) =>
      api.sign(
        ARTIFACT,
        options(world, { identityProvider: { getToken: () => Promise.reject(new Error('no token today')) } }),
      ),
  },
  {
    ...failing,
    name: 'sign() without a token, outside of CI',
    call: (api, world) => api.sign(ARTIFACT, options(world, { identityToken: '' })),
  },
  {
    name: 'sign() with SIGSTORE_ID_TOKEN',
    call: (api, { stack }) => api.sign(ARTIFACT, { fulcioURL: stack.urls.fulcio, rekorURL: stack.urls.rekorV1 }),
    environment: ({ token }) => ({ SIGSTORE_ID_TOKEN: token }),
  },
];

const CI_CASES: readonly SigningCase[] = (
  [
    ['in an empty environment', {}],
    ['with SIGSTORE_ID_TOKEN', { SIGSTORE_ID_TOKEN: 'anything' }],
    ['with half of what GitHub sets', { ACTIONS_ID_TOKEN_REQUEST_URL: 'http://127.0.0.1:1' }],
    ['on Buildkite without its program', { BUILDKITE: 'true' }],
    ['on CircleCI', { CIRCLECI: 'true', CIRCLE_OIDC_TOKEN_V2: 'anything' }],
  ] as const
).map(([name, environment]) => ({
  ...failing,
  name: `CIContextProvider ${name}`,
  call: (api) => new api.CIContextProvider().getToken(),
  environment: () => environment,
}));

/** The calls of `sign` and `attest`, and of the provider that they use. */
export const ROOT_CASES: readonly SigningCase[] = [...OPTION_CASES, ...FAULT_CASES, ...TOKEN_CASES, ...CI_CASES];
