// SPDX-License-Identifier: Apache-2.0

export { readAnswer } from './answer.js';
export type { HttpResponse } from './answer.js';
export type { BodyStream } from './body-source.js';
export type { HttpMethod, RequestOptions } from './call.js';
export { waitWithTimer } from './deadline.js';
export { request, requestStream } from './request.js';
export type { HttpStream } from './stream.js';
export type { Delay, Fetch, FetchBody, FetchInit, FetchResponse, Transport } from './transport.js';
export { isLoopbackHost, joinServiceUrl, parseServiceUrl } from './url.js';
