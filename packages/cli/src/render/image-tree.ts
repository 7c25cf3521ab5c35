// SPDX-License-Identifier: Apache-2.0
// The tree of an image for people.

import type { ImageTree, ImageTreeNode } from '@keywax/oci';
import { formatBytes } from './transfer.js';
import { type Style, escapeText } from './text.js';

/** Draws a tree, one line for each node. */
export function drawTree(tree: ImageTree, style: Style): string {
  const title = `${style.strong(escapeText(tree.reference))} ${style.careful('(nothing below is verified)')}`;
  return [title, ...drawChildren(tree.children, ''), ''].join('\n');
}

function drawChildren(nodes: readonly ImageTreeNode[], indent: string): readonly string[] {
  return nodes.flatMap((node, i) => {
    const isLast = i === nodes.length - 1;
    const line = `${indent}${isLast ? '└─' : '├─'} ${describeNode(node)}`;
    return [line, ...drawChildren(node.children, `${indent}${isLast ? '   ' : '│  '}`)];
  });
}

function describeNode({ kind, digest, size, type, predicateType, tag, platform }: ImageTreeNode): string {
  const details = [
    platform === undefined ? undefined : `${platform.os}/${platform.architecture}`,
    predicateType ?? (kind === 'artifact' || kind === 'document' ? type : undefined),
    tag === undefined ? undefined : `by tag ${tag}`,
    formatBytes(size),
  ];
  return escapeText(`${kind} ${digest} ${details.filter((detail) => detail !== undefined).join(', ')}`);
}
