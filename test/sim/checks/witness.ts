// Fills what each process knows from what passes between it and the server, and asks the rules at each request, each
// commit and each start of a container.

import { LABEL } from '../../../src/api/names.ts';
import type { Host, Witness } from '../host.ts';
import type { Answer, Call, Stored } from '../server/types.ts';
import { fieldOf } from './facts.ts';
import { Knowledge, keyOf } from './knowledge.ts';

export interface Rule {
  readonly name: string;
  /** What is wrong with sending this; nothing, if all is well. */
  readonly judge: (knowledge: Knowledge, call: Call) => string | undefined;
  /** Asked about dry runs, too: they change nothing. */
  readonly trials?: true;
}

export class Onlooker implements Witness {
  readonly #rules: readonly Rule[];
  readonly #report: (rule: string, what: string) => void;
  readonly #known = new Map<Host, Knowledge>();

  constructor(rules: readonly Rule[], report: (rule: string, what: string) => void) {
    this.#rules = rules;
    this.#report = report;
  }

  of(host: Host): Knowledge {
    const knowledge = this.#known.get(host) ?? new Knowledge(host);
    this.#known.set(host, knowledge);
    return knowledge;
  }

  forget(host: Host): void {
    this.#known.delete(host);
  }

  begun(host: Host, call: Call): void {
    this.of(host).begun(call);
    if (call.verb === 'watch' && call.query['sendInitialEvents'] !== undefined)
      this.of(host).departures.lists(call.plural, host.options.timeline.now());
  }

  sent(host: Host, call: Call): void {
    const knowledge = this.of(host);
    knowledge.sent(call);
    for (const { name, judge, trials } of this.#rules) {
      if (call.query['dryRun'] !== undefined && trials !== true) continue;
      const wrong = judge(knowledge, call);
      if (wrong !== undefined)
        this.#report(name, `${host.name} ${call.verb} ${call.plural} ${titleOf(call)}: ${wrong}`);
    }
  }

  answered(host: Host, call: Call, answer: Answer): void {
    const knowledge = this.of(host);
    knowledge.answered(call, answer);
    const { plural, namespace, name, verb } = call;
    const found = answer.status >= 200 && answer.status < 300 ? answer.body : undefined;
    if (plural === 'leases') {
      const sentAtMs = knowledge.sentAtMs(call);
      if (verb === 'get' || !isStored(found) || sentAtMs === undefined) return;
      const held = (found['spec'] as { holderIdentity?: unknown }).holderIdentity === host.name;
      knowledge.renewedAtMs = held ? sentAtMs : Number.NEGATIVE_INFINITY;
      return;
    }
    // What a delete answers may be the last of an object that is gone already.
    if (call.query['dryRun'] !== undefined || verb === 'delete') return;
    if (verb === 'list' && isList(found)) {
      // In all namespaces, a list is what a watch begins with, where the server cannot tell it as events.
      const source = namespace === undefined ? 'watch' : 'read';
      if (source === 'watch') knowledge.departures.hasListed(plural);
      for (const object of found.items) {
        // Of what carries our label the operator believes its watches alone.
        const isBelieved = source === 'watch' || object.metadata.labels?.[LABEL.app] === undefined;
        if (isBelieved) knowledge.learn(keyOf(plural, object.metadata.namespace, object.metadata.name), object, source);
      }
    } else if (isStored(found)) {
      const key = keyOf(plural, namespace, found.metadata.name);
      knowledge.learn(key, found, verb === 'get' ? 'read' : 'write');
      if (verb !== 'get') knowledge.wrote(key, found);
    } else if (verb === 'get' && name !== undefined && saysAbsent(answer, name)) {
      knowledge.learn(keyOf(plural, namespace, name), undefined, 'read');
    }
  }

  over(host: Host, call: Call): void {
    this.of(host).over(call);
  }

  told(host: Host, plural: string, lines: readonly string[]): void {
    const knowledge = this.of(host);
    for (const line of lines) {
      const { type, object } = JSON.parse(line) as { type: string; object: unknown };
      if (fieldOf(object, 'metadata', 'annotations', 'k8s.io/initial-events-end') === 'true') {
        const sinceMs = knowledge.departures.hasListed(plural);
        if (sinceMs !== undefined) knowledge.listed(plural, sinceMs);
      }
      if (type === 'BOOKMARK' || type === 'ERROR' || !isStored(object)) continue;
      const key = keyOf(plural, object.metadata.namespace, object.metadata.name);
      knowledge.learn(key, type === 'DELETED' ? undefined : object, 'watch');
      if (type === 'DELETED') knowledge.departures.left(key, object, host.options.timeline.now());
    }
  }
}

/** As the store says it; any other 404 comes from whoever stands before it, and tells nothing. */
function saysAbsent({ status, body }: Answer, name: string): boolean {
  return status === 404 && fieldOf(body, 'reason') === 'NotFound' && fieldOf(body, 'details', 'name') === name;
}

function titleOf({ name, body }: Call): string {
  return name ?? (isStored(body) ? body.metadata.name : '');
}

function isStored(value: unknown): value is Stored {
  return (
    typeof value === 'object' &&
    value !== null &&
    'metadata' in value &&
    typeof (value as Stored).metadata?.name === 'string'
  );
}

function isList(value: unknown): value is { readonly items: readonly Stored[] } {
  return typeof value === 'object' && value !== null && Array.isArray((value as { items?: unknown }).items);
}
