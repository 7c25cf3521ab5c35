// SPDX-License-Identifier: Apache-2.0
// Whole-string regular expressions that take linear time: a Thompson automaton over code points, because a pattern of
// the host's engine can be made to run for ever by a subject that an attacker chose.
// Understood: literals, `.`, classes with ranges, `\d \w \s` and their negations, groups, `|`, `? * + {n} {n,} {n,m}`,
// and `^` first or `$` last, which a whole-string match implies. Refused: everything else (back references, look-around, flags, Unicode
// properties), patterns above 512 characters, and repetitions that expand to more than 2,048 steps. Subjects above
// 4,096 characters never match.

import { KeywaxError, quoteText } from '@keywax/core/errors';

const MAX_PATTERN_CHARS = 512; // ATTACKS 4.3
const MAX_STEPS = 2_048; // bounds the work per character of the subject
const MAX_SUBJECT_CHARS = 4_096; // longer than any identity in use; bounds the work of one match

/** Matches whole strings. */
export interface Pattern {
  readonly source: string;
  /** True when the whole of `text` matches; takes time linear in its length. */
  matches(text: string): boolean;
}

type Range = readonly [number, number];
type Node =
  | { readonly kind: 'set'; readonly ranges: readonly Range[] }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number };

const LAST_CODE_POINT = 0x10ffff;
const CLASSES: Readonly<Record<string, readonly Range[]>> = {
  d: [[0x30, 0x39]],
  w: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
  ],
  s: [
    [0x09, 0x0d],
    [0x20, 0x20],
    [0xa0, 0xa0],
    [0x1680, 0x1680],
    [0x2000, 0x200a],
    [0x2028, 0x2029],
    [0x202f, 0x202f],
    [0x205f, 0x205f],
    [0x3000, 0x3000],
    [0xfeff, 0xfeff],
  ],
};
const ESCAPES: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09 };

/** @throws CONFIG_INVALID for a pattern that is not understood */
export function compilePattern(source: string, at: string): Pattern {
  if (source.length > MAX_PATTERN_CHARS) throw refuse(at, source, `at most ${MAX_PATTERN_CHARS} characters`);
  const program = compileNode(parsePattern(source, at), at, source);
  return Object.freeze({ source, matches: (text: string) => runProgram(program, text) });
}

function parsePattern(source: string, at: string): Node {
  const chars = [...source];
  let position = 0;
  if (chars[0] === '^') position++;
  if (chars[chars.length - 1] === '$' && chars[chars.length - 2] !== '\\') chars.pop();
  const peek = (): string | undefined => chars[position];
  const fail = (expected: string): KeywaxError => refuse(at, source, expected);

  const choice = (): Node => {
    const parts = [sequence()];
    while (peek() === '|') {
      position++;
      parts.push(sequence());
    }
    return parts.length === 1 ? (parts[0] as Node) : { kind: 'choice', parts };
  };
  const sequence = (): Node => {
    const parts: Node[] = [];
    for (let next = peek(); next !== undefined && next !== '|' && next !== ')'; next = peek()) parts.push(repetition());
    return { kind: 'sequence', parts };
  };
  const repetition = (): Node => {
    const part = atom();
    const bounds = quantifier();
    if (bounds === undefined) return part;
    if (['?', '*', '+', '{'].includes(peek() ?? '')) throw fail('a single quantifier');
    return { kind: 'repeat', part, min: bounds[0], max: bounds[1] };
  };
  const quantifier = (): readonly [number, number] | undefined => {
    const simple = { '?': [0, 1], '*': [0, Infinity], '+': [1, Infinity] } as const;
    const next = peek();
    if (next === '?' || next === '*' || next === '+') {
      position++;
      return simple[next];
    }
    if (next !== '{') return undefined;
    const match = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(chars.slice(position, position + 12).join(''));
    if (match === null) throw fail('a quantifier such as {2}, {2,} or {2,3}');
    position += match[0].length;
    const min = decimal(match[1]);
    const max = match[2] === undefined ? min : match[3] === undefined ? Infinity : decimal(match[3]);
    if (max < min) throw fail('a quantifier whose bounds ascend');
    return [min, max];
  };
  const atom = (): Node => {
    const char = chars[position++] as string;
    switch (char) {
      case '(':
        return group();
      case '[':
        return characterClass();
      case '.':
        return {
          kind: 'set',
          ranges: negate([
            [0x0a, 0x0a],
            [0x0d, 0x0d],
            [0x2028, 0x2029],
          ]),
        };
      case '\\':
        return { kind: 'set', ranges: escape() };
      case '^':
      case '$':
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ']':
        throw fail(`${char} escaped or in its place`);
      default:
        return { kind: 'set', ranges: [single(char)] };
    }
  };
  const group = (): Node => {
    if (peek() === '?') {
      position++;
      if (chars[position++] !== ':') throw fail('groups without look-around, names or flags');
    }
    const inner = choice();
    if (chars[position++] !== ')') throw fail('balanced parentheses');
    return inner;
  };
  const escape = (): readonly Range[] => {
    const char = chars[position++];
    if (char === undefined) throw fail('a character after the backslash');
    const lower = char.toLowerCase();
    if (Object.hasOwn(CLASSES, lower)) {
      const ranges = CLASSES[lower] as readonly Range[];
      return char === lower ? ranges : negate(ranges);
    }
    if (Object.hasOwn(ESCAPES, char)) return [[ESCAPES[char] as number, ESCAPES[char] as number]];
    if (/[A-Za-z0-9]/.test(char)) throw fail(`no escape \\${char}`);
    return [single(char)];
  };
  const characterClass = (): Node => {
    const negated = peek() === '^';
    if (negated) position++;
    const ranges: Range[] = [];
    while (peek() !== ']') {
      if (peek() === undefined) throw fail('a closed character class');
      const start = classAtom();
      if (peek() !== '-' || chars[position + 1] === ']') {
        ranges.push(...start);
        continue;
      }
      position++;
      const end = classAtom();
      const bounds = [...start, ...end];
      const [from, to] = bounds.map(([code]) => code) as unknown as Range;
      if (bounds.length !== 2 || bounds.some(([low, high]) => low !== high) || to < from)
        throw fail('an ascending range of single characters');
      ranges.push([from, to]);
    }
    position++;
    if (ranges.length === 0) throw fail('a character class with members');
    return { kind: 'set', ranges: negated ? negate(ranges) : ranges };
  };
  const classAtom = (): readonly Range[] => {
    const char = chars[position++];
    if (char === undefined) throw fail('a closed character class');
    return char === '\\' ? escape() : [single(char)];
  };

  const tree = choice();
  if (position < chars.length) throw fail('balanced parentheses');
  return tree;
}

function single(char: string): Range {
  const code = char.codePointAt(0) as number;
  return [code, code];
}

function decimal(digits: string | undefined): number {
  return [...(digits ?? '')].reduce((value, digit) => value * 10 + digit.charCodeAt(0) - 0x30, 0);
}

function negate(ranges: readonly Range[]): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const gaps: Range[] = [];
  let next = 0;
  for (const [from, to] of sorted) {
    if (from > next) gaps.push([next, from - 1]);
    next = Math.max(next, to + 1);
  }
  if (next <= LAST_CODE_POINT) gaps.push([next, LAST_CODE_POINT]);
  return gaps;
}

/** `set`: consume one code point and go on; `split`: go on at both; the end of the program is the match. */
type Step = { readonly ranges: readonly Range[] } | { readonly targets: number[] };

function compileNode(tree: Node, at: string, source: string): readonly Step[] {
  const steps: Step[] = [];
  const push = (step: Step): Step => {
    if (steps.length >= MAX_STEPS) throw refuse(at, source, `repetitions of at most ${MAX_STEPS} steps in all`);
    steps.push(step);
    return step;
  };
  const jump = (...targets: number[]): { readonly targets: number[] } => {
    const step = { targets };
    push(step);
    return step;
  };
  const emit = (node: Node): void => {
    switch (node.kind) {
      case 'set':
        push({ ranges: node.ranges });
        return;
      case 'sequence':
        for (const part of node.parts) emit(part);
        return;
      case 'choice': {
        const exits: { readonly targets: number[] }[] = [];
        for (const part of node.parts.slice(0, -1)) {
          const split = jump(steps.length + 1);
          emit(part);
          exits.push(jump());
          split.targets.push(steps.length);
        }
        emit(node.parts[node.parts.length - 1] as Node);
        for (const exit of exits) exit.targets.push(steps.length);
        return;
      }
      case 'repeat':
        emitRepeat(node.part, node.min, node.max);
    }
  };
  const emitRepeat = (part: Node, min: number, max: number): void => {
    for (let i = 0; i < min; i++) {
      const before = steps.length;
      emit(part);
      if (steps.length === before) return; // an empty part, however often: without this, nested ones take for ever
    }
    if (max === Infinity) {
      const start = steps.length;
      const split = jump(start + 1);
      emit(part);
      jump(start);
      split.targets.push(steps.length);
      return;
    }
    const skips: { readonly targets: number[] }[] = [];
    for (let i = min; i < max; i++) {
      skips.push(jump(steps.length + 1));
      emit(part);
    }
    for (const skip of skips) skip.targets.push(steps.length);
  };
  emit(tree);
  return steps;
}

function runProgram(program: readonly Step[], text: string): boolean {
  if (text.length > MAX_SUBJECT_CHARS) return false;
  const reachedAt = new Uint32Array(program.length + 1); // after which character each step was last reached, from 1
  let position = 1;
  let current = closure(program, [0], { reachedAt, position });
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    const next: number[] = [];
    for (const index of current) {
      const step = program[index];
      if (step !== undefined && 'ranges' in step && step.ranges.some(([from, to]) => code >= from && code <= to))
        next.push(index + 1);
    }
    if (next.length === 0) return false;
    current = closure(program, next, { reachedAt, position: ++position });
  }
  return reachedAt[program.length] === position;
}

/** All steps that are reached from `starts` without consuming anything, each once. */
function closure(
  program: readonly Step[],
  starts: readonly number[],
  { reachedAt, position }: { readonly reachedAt: Uint32Array; readonly position: number },
): readonly number[] {
  const reached: number[] = [];
  const open = [...starts];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reachedAt[index] === position) continue;
    reachedAt[index] = position;
    reached.push(index);
    const step = program[index];
    if (step !== undefined && 'targets' in step) open.push(...step.targets);
  }
  return reached;
}

function refuse(at: string, source: string, expected: string): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `${at}: expected a pattern with ${expected}, found ${quoteText(source)}`, {
    details: { at, expected },
  });
}
