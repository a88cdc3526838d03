// What an app has come to, as text that two runs can be compared by: all its objects, without what differs from run to run
// for no reason that matters (times, addresses, nodes, versions). UIDs are told by what they are of, and whether that was
// there before the workflow began: "claims/data-web-0 before" is the very claim, "new" is another one.
// Lacks Events.

import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Happening, Scene } from '../stage.ts';

type Kind = Happening['kind'];
const KINDS: readonly Kind[] = ['apps', 'pods', 'claims', 'services', 'revisions'];

/** What is there now, by UID. */
export function present({ history }: Scene): ReadonlyMap<string, Happening> {
  const found = new Map<string, Happening>();
  for (const told of history) {
    if (told.type === 'deleted') found.delete(told.object.metadata.uid);
    else if (KINDS.includes(told.kind)) found.set(told.object.metadata.uid, told);
  }
  return found;
}

/** UIDs of what is there now. */
export const marked = (scene: Scene): ReadonlySet<string> => new Set(present(scene).keys());

export function endState(scene: Scene, before: ReadonlySet<string>): string {
  const objects = [...present(scene).values()]
    .map(({ kind, object }) => ({ key: `${kind}/${object.metadata.name}`, object: essence(kind, object) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  let text = JSON.stringify(objects, null, 1);
  for (const { kind, object } of scene.history) {
    const { uid, name } = object.metadata;
    if (KINDS.includes(kind)) text = text.replaceAll(uid, `${kind}/${name} ${before.has(uid) ? 'before' : 'new'}`);
  }
  return (
    text
      .replaceAll(new RegExp(`\\b${scene.name}\\b`, 'g'), 'NAMESPACE')
      .replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access')
      .replaceAll(/"node-\d+"/g, '"NODE"')
      .replaceAll(/"zone-[abc]"/g, '"ZONE"')
      // A fingerprint of the volume's UID. That it is there, and no empty word, is part of the state.
      .replaceAll(/"disk": "[0-9a-f]{10}"/g, '"disk": "DISK"')
  );
}

const CHANGING = [
  'resourceVersion',
  'creationTimestamp',
  'managedFields',
  'lastTransitionTime',
  'since',
  'updateRevisionSince',
  'failedAt',
  'node',
  'nodeName',
];

function essence(kind: Kind, object: KubeObject): unknown {
  const status = object['status'];
  const kept =
    kind === 'pods'
      ? podEssence(status)
      : kind === 'claims'
        ? { phase: (status as { phase?: unknown })?.phase }
        : status;
  return stripped({ ...object, status: kept });
}

function podEssence(status: unknown): unknown {
  const { phase, conditions = [] } = (status ?? {}) as {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return { phase, ready: conditions.find(({ type }) => type === 'Ready')?.status };
}

/** Keys sorted, so that equal is equal. */
function stripped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripped);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, held]) => !CHANGING.includes(key) && held !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, held]) => [key, stripped(held)]));
}

/** The lines that only one of the two has: enough to see what is wrong. */
export function difference(expected: string, actual: string): string {
  const lines = (text: string) => text.split('\n').map((line) => line.trim());
  const only = (mine: string, others: string) => {
    const known = new Set(lines(others));
    return lines(mine).filter((line) => !known.has(line));
  };
  const told = (mark: string, found: readonly string[]) => found.slice(0, 12).map((line) => `      ${mark} ${line}`);
  return [...told('-', only(expected, actual)), ...told('+', only(actual, expected))].join('\n');
}
