// What is known of the cluster's nodes: those with which something is the matter, by the watch, and those of which a read
// said that there is none. Nodes that are well are known by name alone. Lacks any judgement of what follows for a pod:
// identity/death.ts.

import { listAt, objectAt, sameJson, stringAt } from '../identity/json.ts';
import { isSound, type NodesSeen, type NodeView, readNode } from '../identity/node-view.ts';
import type { WatchEvent } from '../kube/known-objects.ts';
import type { KubeObject } from '../kube/objects.ts';

/** What is kept of a Node: the rest of it is long, and changes with every heartbeat. */
export function essentialsOf(node: KubeObject): KubeObject {
  const { name, uid, resourceVersion } = node.metadata;
  const ready = listAt(objectAt(node, 'status'), 'conditions').filter((one) => stringAt(one, 'type') === 'Ready');
  return {
    ...node,
    metadata: { name, uid, resourceVersion },
    spec: { taints: listAt(objectAt(node, 'spec'), 'taints') },
    status: { conditions: ready },
  };
}

export class Nodes {
  readonly #fencingTaints: readonly string[];
  readonly #sound = new Set<string>();
  readonly #troubled = new Map<string, NodeView>();
  /** Names that a read did not find. */
  readonly #gone = new Set<string>();
  #known = false;

  constructor(fencingTaints: readonly string[]) {
    this.#fencingTaints = fencingTaints;
  }

  /** The watch has told its first list: what it does not show is not there, or came a moment ago. */
  synced(): void {
    this.#known = true;
  }

  /** Takes an event in; returns whether members on this node have something new to decide on. */
  apply({ type, object }: WatchEvent): boolean {
    const { name } = object.metadata;
    if (type !== 'deleted') return this.#keep(this.#view(object));
    this.#sound.delete(name);
    this.#troubled.delete(name);
    return true;
  }

  /** What was read by name: undefined when the server said that there is none. */
  read(name: string, object: KubeObject | undefined): NodeView | null {
    if (object !== undefined) {
      const view = this.#view(object);
      this.#keep(view);
      return view;
    }
    this.#sound.delete(name);
    this.#troubled.delete(name);
    this.#gone.add(name);
    return null;
  }

  /** What is known of these nodes. */
  seen(names: ReadonlySet<string>): NodesSeen {
    if (!this.#known) return UNKNOWN;
    const others = [...names].filter((name) => !this.#sound.has(name));
    if (others.length === 0) return ALL_SOUND;
    return {
      known: true,
      troubled: others.flatMap((name) => this.#troubled.get(name) ?? []),
      absent: others.filter((name) => !this.#troubled.has(name)).map((name) => ({ name, gone: this.#gone.has(name) })),
    };
  }

  /** Forgets those that nobody is bound to any more. */
  prune(bound: ReadonlySet<string>): void {
    for (const name of this.#gone) if (!bound.has(name)) this.#gone.delete(name);
  }

  #view(object: KubeObject): NodeView {
    return readNode(object, this.#fencingTaints);
  }

  #keep(view: NodeView): boolean {
    const { name } = view;
    const wasGone = this.#gone.delete(name);
    const before = this.#troubled.get(name);
    if (isSound(view)) {
      this.#troubled.delete(name);
      this.#sound.add(name);
      return wasGone || before !== undefined;
    }
    this.#sound.delete(name);
    this.#troubled.set(name, view);
    return before === undefined || !sameJson(before, view);
  }
}

const UNKNOWN: NodesSeen = { known: false, troubled: [], absent: [] };
const ALL_SOUND: NodesSeen = { known: true, troubled: [], absent: [] };
