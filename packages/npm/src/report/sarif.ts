// SPDX-License-Identifier: Apache-2.0
// An audit as SARIF 2.1.0, which code scanning reads. https://docs.oasis-open.org/sarif/sarif/v2.1.0/

import type { AuditReport } from '../audit/audited-package.js';
import { AUDIT_RULES, type AuditDemands, type AuditRule, type Finding, listFindings } from './findings.js';

/** The part of SARIF that is written. */
export interface SarifLog {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly [SarifRun];
}

/** One run of the audit. */
export interface SarifRun {
  readonly tool: {
    readonly driver: {
      readonly name: string;
      readonly version?: string;
      readonly informationUri: string;
      readonly rules: readonly { readonly id: AuditRule; readonly shortDescription: { readonly text: string } }[];
    };
  };
  readonly results: readonly SarifResult[];
}

/** One finding. */
export interface SarifResult {
  readonly ruleId: AuditRule;
  readonly ruleIndex: number;
  readonly level: Finding['level'];
  readonly message: { readonly text: string };
  readonly locations: readonly object[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
}

/** What a log says beside the findings. */
export interface SarifOptions extends AuditDemands {
  /** Path of the lock file within the repository; the one of the report unless given. */
  readonly lockFile?: string;
  /** Version of the program. */
  readonly version?: string;
}

const RULE_IDS = Object.keys(AUDIT_RULES) as AuditRule[];

/** The findings of an audit as a SARIF log. */
export function encodeSarif(report: AuditReport, options: SarifOptions = {}): SarifLog {
  const { lockFile = report.lockFile.path ?? '', version } = options;
  // SARIF locations are URIs; outside of a character set of them a path is percent-encoded.
  const uri = lockFile.split(/[\\/]/).map(encodeURIComponent).join('/');
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'keywax npm audit',
            ...(version === undefined ? {} : { version }),
            informationUri: 'https://github.com/keywax/keywax',
            rules: RULE_IDS.map((id) => ({ id, shortDescription: { text: AUDIT_RULES[id] } })),
          },
        },
        results: listFindings(report, options).map((finding) => encodeResult(finding, uri)),
      },
    ],
  };
}

function encodeResult({ rule, level, subject, message, at }: Finding, uri: string): SarifResult {
  return {
    ruleId: rule,
    ruleIndex: RULE_IDS.indexOf(rule),
    level,
    message: { text: `${subject}: ${message}` },
    locations: [
      {
        // Code scanning shows nothing without a line; the place itself is a path within the file.
        physicalLocation: { artifactLocation: { uri }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: at, kind: 'member' }],
      },
    ],
    partialFingerprints: { 'package/v1': `${rule} ${subject}` },
  };
}
