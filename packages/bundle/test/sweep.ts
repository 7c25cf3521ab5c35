// SPDX-License-Identifier: Apache-2.0
// Every way to spoil one member of a JSON document: delete it, make it null or empty, swap its type, write it twice.

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** One spoilt document. */
export interface Mutant {
  /** What was done and where, with indexes left out: `delete a.b[].c`. */
  readonly name: string;
  readonly text: string;
}

/** All mutants of a document. */
export function* sweepMembers(document: unknown): Generator<Mutant> {
  const root = document as Json;
  for (const path of paths(root)) {
    const value = path.reduce<Json>((parent, step) => (parent as Record<string | number, Json>)[step] ?? null, root);
    const place = path
      .map((step) => (typeof step === 'number' ? '[]' : `.${step}`))
      .join('')
      .slice(1);
    const replace = (member: Json | undefined): string =>
      write(root, path, (text) =>
        member === undefined ? undefined : text === undefined ? text : JSON.stringify(member),
      );
    if (typeof path.at(-1) === 'string') {
      yield { name: `delete ${place}`, text: write(root, path, () => undefined) };
      yield {
        name: `duplicate ${place}`,
        text: write(root, path, (text, name) => `${text},${JSON.stringify(name)}:${text}`),
      };
    }
    yield { name: `null ${place}`, text: replace(null) };
    for (const member of emptied(value)) yield { name: `empty ${place}`, text: replace(member) };
    for (const member of swapped(value)) yield { name: `swap ${place}`, text: replace(member) };
  }
}

type Path = readonly (string | number)[];

function* paths(value: Json, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* paths(item, [...path, i]);
  else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) yield* paths(member, [...path, name]);
}

function emptied(value: Json): readonly Json[] {
  if (value === null) return [];
  if (typeof value === 'string') return value === '' ? [] : [''];
  if (Array.isArray(value)) return value.length === 0 ? [] : [[]];
  return typeof value === 'object' ? [{}] : [];
}

function swapped(value: Json): readonly Json[] {
  const all: readonly Json[] = [true, 1, 'x', ['x'], { x: 'x' }];
  return all.filter((other) => kindOf(other) !== kindOf(value));
}

function kindOf(value: Json): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

/** The document as text, with the text of the value at `path` replaced, or its member left out. */
function write(
  value: Json,
  path: Path,
  edit: (text: string, name: string | number) => string | undefined,
  depth = 0,
): string {
  const step = path[depth];
  const child = (name: string | number, member: Json): string | undefined => {
    if (name !== step) return JSON.stringify(member);
    const text = depth === path.length - 1 ? edit(JSON.stringify(member), name) : write(member, path, edit, depth + 1);
    return text;
  };
  if (Array.isArray(value))
    return `[${value
      .map((item, i) => child(i, item))
      .filter((text) => text !== undefined)
      .join(',')}]`;
  const members = Object.entries(value as { [name: string]: Json }).map(([name, member]) => {
    const text = child(name, member);
    return text === undefined ? undefined : `${JSON.stringify(name)}:${text}`;
  });
  return `{${members.filter((text) => text !== undefined).join(',')}}`;
}
