// SPDX-License-Identifier: Apache-2.0
// Which resources of a cluster a policy is about: by kind, and by labels as Kubernetes selects them.

import {
  type Decoder,
  arrayOf,
  decodeObject,
  decodeString,
  mapOf,
  oneOfNames,
  optional,
  required,
  transform,
} from '@keywax/core/decode';
import { configError } from '../fault.js';

/** A resource that asks to be admitted. */
export interface ClusterResource {
  readonly group: string;
  readonly version: string;
  /** The plural name, such as `deployments`. */
  readonly resource: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** What a resource must be for a policy to speak of it. Members that are absent match anything. */
export interface ResourceSelector {
  readonly group?: string;
  readonly version?: string;
  readonly resource?: string;
  readonly selector?: LabelSelector;
}

interface LabelSelector {
  readonly matchLabels: ReadonlyMap<string, string>;
  readonly matchExpressions: readonly LabelExpression[];
}

interface LabelExpression {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

type LabelOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

const MAX_LABELS = 256; // far above any selector in use
const RESOURCES = ['replicasets', 'deployments', 'pods', 'cronjobs', 'jobs', 'statefulsets', 'daemonsets'] as const;
/** Whether an expression holds for the label's value, which is absent where there is no such label. */
const OPERATORS: Readonly<Record<LabelOperator, (value: string | undefined, values: readonly string[]) => boolean>> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
};

const decodeExpression: Decoder<LabelExpression> = transform(
  decodeObject<LabelExpression>({
    key: required(decodeString),
    operator: required(oneOfNames(['In', 'NotIn', 'Exists', 'DoesNotExist'])),
    values: arrayOf(decodeString, MAX_LABELS),
  }),
  (expression, at) => {
    const wantsValues = expression.operator === 'In' || expression.operator === 'NotIn';
    if (wantsValues === expression.values.length > 0) return expression;
    throw configError(
      `${at}.values`,
      wantsValues ? `values for ${expression.operator}` : `none for ${expression.operator}`,
    );
  },
);

/** Reads one item of `spec.match`. @throws INPUT_MALFORMED, INPUT_UNSUPPORTED, CONFIG_INVALID */
export const decodeResourceSelector: Decoder<ResourceSelector> = transform(
  decodeObject<ResourceSelector>({
    group: optional(decodeString),
    version: optional(decodeString),
    resource: optional(oneOfNames(RESOURCES)),
    selector: optional(
      decodeObject<LabelSelector>({
        matchLabels: mapOf(decodeString, MAX_LABELS),
        matchExpressions: arrayOf(decodeExpression, MAX_LABELS),
      }),
    ),
  }),
  (selector, at) => {
    const { group, version, resource } = selector;
    if (selector.selector === undefined || [group, version, resource].some((name) => name !== undefined && name !== ''))
      return selector;
    throw configError(at, 'a resource beside the selector of its labels');
  },
);

/** True where the resource is one that the selector speaks of. */
export function matchResource(
  { group, version, resource, selector }: ResourceSelector,
  candidate: ClusterResource,
): boolean {
  return (
    isOpenOr(group, candidate.group) &&
    isOpenOr(version, candidate.version) &&
    isOpenOr(resource, candidate.resource) &&
    (selector === undefined || matchLabels(selector, candidate.labels))
  );
}

function isOpenOr(expected: string | undefined, actual: string): boolean {
  return expected === undefined || expected === '' || expected === actual;
}

function matchLabels(selector: LabelSelector, labels: ReadonlyMap<string, string>): boolean {
  return (
    Array.from(selector.matchLabels).every(([name, value]) => labels.get(name) === value) &&
    selector.matchExpressions.every(({ key, operator, values }) => OPERATORS[operator](labels.get(key), values))
  );
}
