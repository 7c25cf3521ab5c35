// SPDX-License-Identifier: Apache-2.0

import { createLab, generateSigningKey } from '@keywax/stack/lab';
import type { Attempt, Bench } from './case.js';
import { CONTROLS } from './controls.js';
import { NOW } from './forge.js';

/** Sets up the instances. */
export async function createBench(): Promise<Bench> {
  const now = (): Date => NOW;
  const [lab, stranger] = await Promise.all([createLab({ now }), createLab({ now })]);
  const controls = new Map<string, Promise<Attempt>>();
  const bench: Bench = {
    lab,
    stranger,
    rsa: generateSigningKey('rsa-2048'),
    control(name) {
      const made = controls.get(name) ?? makeControl(bench, name);
      controls.set(name, made);
      return made;
    },
  };
  return bench;
}

async function makeControl(bench: Bench, name: string): Promise<Attempt> {
  const control = CONTROLS[name];
  if (control === undefined) throw new RangeError(`no control ${name}`);
  return control.make(bench);
}
