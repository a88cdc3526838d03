// Of an app and a StatefulSet of its name, both would own the same pods and claims: nothing is made or removed for the app
// while the StatefulSet is there, unless a human says that nobody runs it. An operator looks when it learns of a new
// generation, so only a StatefulSet that was there before the generation counts.

import { ANNOTATION } from '../../../src/api/names.ts';
import type { SimServer } from '../server/server.ts';
import type { Call, Change } from '../server/types.ts';
import { isStatus, isWrite, OWNED } from './calls.ts';
import { appNameOf, appsKnown } from './facts.ts';
import type { Knowledge } from './knowledge.ts';
import type { Rule } from './witness.ts';

/** Which version began what. */
class Beginnings {
  readonly #versions = new Map<string, number>();

  constructor(server: SimServer) {
    // It begins with the first request of an operator: what is there then is as it was made.
    for (const plural of ['statefulapps', 'statefulsets'])
      for (const object of server.all(plural))
        this.#hear({ plural, type: 'ADDED', object, version: Number(object.metadata.resourceVersion) });
    server.onCommit((change) => this.#hear(change));
  }

  ofGeneration(uid: string, generation: number): number {
    return this.#versions.get(`${uid}/${generation}`) ?? Number.NEGATIVE_INFINITY;
  }

  ofSet(uid: string): number {
    return this.#versions.get(uid) ?? Number.POSITIVE_INFINITY;
  }

  #hear({ plural, type, object, version }: Pick<Change, 'plural' | 'type' | 'object' | 'version'>): void {
    const { uid, generation } = object.metadata;
    if (plural === 'statefulsets' && type === 'ADDED') this.#versions.set(uid, version);
    const key = `${uid}/${generation}`;
    if (plural === 'statefulapps' && !this.#versions.has(key)) this.#versions.set(key, version);
  }
}

export function shadowRule(): Rule {
  const all = new WeakMap<SimServer, Beginnings>();
  return {
    name: 'shadow',
    judge: (knowledge, call) => {
      const { server } = knowledge.host.options;
      const beginnings = all.get(server) ?? new Beginnings(server);
      all.set(server, beginnings);
      return shadowed(knowledge, call, beginnings);
    },
  };
}

function shadowed(knowledge: Knowledge, call: Call, beginnings: Beginnings): string | undefined {
  if (!isWrite(call) || isStatus(call) || !OWNED.includes(call.plural)) return undefined;
  const name = appNameOf(knowledge, call);
  const set = name && knowledge.host.options.server.find('statefulsets', call.namespace, name);
  if (!name || !set) return undefined;
  const apps = appsKnown(knowledge, call.namespace, name);
  const isBlocked = apps.every(({ metadata }) => {
    const isIgnored = metadata.annotations?.[ANNOTATION.ignoreStatefulSet] === set.metadata.uid;
    const began = beginnings.ofGeneration(metadata.uid, metadata.generation ?? 0);
    return !isIgnored && began > beginnings.ofSet(set.metadata.uid);
  });
  return apps.length > 0 && isBlocked ? `StatefulSet ${name} was there before its app's generation` : undefined;
}
