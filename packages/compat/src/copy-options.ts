// SPDX-License-Identifier: Apache-2.0
// Loaded with the package itself, so that it needs nothing else.

/**
 * The members of a record of options as they are now, each read once. What it has from its class, or from defaults that it
 * derives from, is among them, so that no demand is lost; what every object has decides nothing (ATTACKS AP-011).
 * @throws TypeError for anything that is not a record
 */
export function copyOptions<T extends object>(options: T, at = 'options'): T {
  if (!isRecord(options)) throw new TypeError(`${at}: expected a record`);
  const copy = Object.create(null) as T;
  for (const name of listNames(options)) copy[name as keyof T] = options[name as keyof T];
  return copy;
}

/** False for lists, bytes, maps, promises and the like, in which no option would be found. */
function isRecord(value: unknown): boolean {
  return typeof value === 'object' && Object.prototype.toString.call(value) === '[object Object]';
}

function listNames(options: object): ReadonlySet<string> {
  const names = new Set(Object.getOwnPropertyNames(options));
  for (let from = parentOf(options); from !== null && !isEveryObject(from); from = parentOf(from))
    for (const name of Object.getOwnPropertyNames(from)) if (name !== 'constructor') names.add(name);
  return names;
}

function parentOf(value: object): object | null {
  return Object.getPrototypeOf(value) as object | null;
}

/** True for what `Object.prototype` is, in whatever realm. */
function isEveryObject(value: object): boolean {
  return parentOf(value) === null && Object.hasOwn(value, 'isPrototypeOf');
}
