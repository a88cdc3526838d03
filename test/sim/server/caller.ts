// How an actor in the simulated cluster talks to the server: no JSON text, no promises, no network.
//   const kubelet = callerOf(server, 'kubelet node-a');
//   const pod = kubelet.get('pods', 'prod', 'web-0');                       // undefined: there is none
//   const done = kubelet.update('pods', 'prod', 'web-0', (pod) => ({ ...pod, status: { phase: 'Running' } }), 'status');
//   if (!done.ok) console.log(done.reason, done.message);                   // else done.object is what is stored now
// Reads throw a Refused when they are refused (by a rule, say); writes answer refusals. Lacks watches: use onCommit.

import { isObject, textAt } from './json.ts';
import { apiVersionOf, kindNamed } from './kinds.ts';
import type { SimServer } from './server.ts';
import type { Answer, Call, Raw, Stored } from './types.ts';

export interface Done {
  readonly ok: true;
  /** What is stored now; after a delete, what it was last. */
  readonly object: Stored;
  /** After a delete: the object is gone. False: it waits for its grace or its finalizers. */
  readonly gone: boolean;
}
export interface NotDone {
  readonly ok: false;
  readonly status: number;
  /** NotFound, Conflict, AlreadyExists, Invalid, Forbidden … */
  readonly reason: string;
  readonly message: string;
  readonly answer: Answer;
}
export type Outcome = Done | NotDone;

/** Thrown by reads only. */
export class Refused extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super(`the API server answers ${answer.status}: ${textAt(answer.body, 'message') ?? ''}`);
    this.answer = answer;
  }
}

export interface DeleteChoice {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined;
}
export interface ListChoice {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}
type Namespace = string | undefined;

export interface Caller {
  get(plural: string, namespace: Namespace, name: string): Stored | undefined;
  list(plural: string, choice?: ListChoice): readonly Stored[];
  /** The namespace is the object's; apiVersion and kind may be left out. */
  create(plural: string, object: Raw): Outcome;
  /** Reads, changes and writes back; undefined from `edit`, or an absent object, writes nothing. */
  update(plural: string, namespace: Namespace, name: string, edit: Edit, subresource?: string): Outcome;
  /** A merge patch. */
  patch(plural: string, namespace: Namespace, name: string, body: Raw, subresource?: string): Outcome;
  delete(plural: string, namespace: Namespace, name: string, choice?: DeleteChoice): Outcome;
  /** The scheduler's write: spec.nodeName of an unbound pod. */
  bind(namespace: string, pod: string, uid: string, node: string): Outcome;
}
export type Edit = (object: Stored) => Raw | undefined;

type Asked = Partial<Call> & Pick<Call, 'verb' | 'plural'>;

export function callerOf(server: SimServer, actor: string): Caller {
  const ask = (asked: Asked): Answer =>
    server.handle({ ...EMPTY, group: kindNamed(asked.plural).group, actor, ...asked });
  const read = (plural: string, namespace: Namespace, name: string): Stored | undefined => {
    const answer = ask({ verb: 'get', plural, namespace, name });
    if (answer.status === 404) return undefined;
    if (answer.status >= 300) throw new Refused(answer);
    return answer.body as Stored;
  };
  const outcome = (answer: Answer, asked: Asked, before?: Stored): Outcome => {
    if (answer.status >= 300) return notDone(answer);
    const object = textAt(answer.body, 'kind') === 'Status' ? before : (answer.body as Stored);
    if (object === undefined) throw new TypeError('the answer names no object');
    const gone =
      asked.verb === 'delete' &&
      server.find(asked.plural, asked.namespace, object.metadata.name)?.metadata.uid !== object.metadata.uid;
    return { ok: true, object, gone };
  };
  return {
    get: read,
    list(plural, { namespace, ...selectors } = {}) {
      const query = Object.fromEntries(
        Object.entries(selectors).filter((entry): entry is [string, string] => entry[1] !== undefined),
      );
      const answer = ask({ verb: 'list', plural, namespace, query });
      if (answer.status >= 300) throw new Refused(answer);
      return (answer.body as { readonly items: readonly Stored[] }).items;
    },
    create(plural, object) {
      const namespace = isObject(object['metadata']) ? textAt(object['metadata'], 'namespace') : undefined;
      const kind = kindNamed(plural);
      const body = { apiVersion: apiVersionOf(kind), kind: kind.kind, ...object };
      const asked: Asked = { verb: 'create', plural, namespace, body };
      return outcome(ask(asked), asked);
    },
    update(plural, namespace, name, edit, subresource) {
      const answer = ask({ verb: 'get', plural, namespace, name });
      if (answer.status >= 300) return notDone(answer);
      const before = answer.body as Stored;
      const body = edit(before);
      if (body === undefined) return { ok: true, object: before, gone: false };
      const asked: Asked = { verb: 'update', plural, namespace, name, subresource, body };
      return outcome(ask(asked), asked);
    },
    patch(plural, namespace, name, body, subresource) {
      const contentType = 'application/merge-patch+json';
      const asked: Asked = { verb: 'patch', plural, namespace, name, subresource, contentType, body };
      return outcome(ask(asked), asked);
    },
    delete(plural, namespace, name, { uid, resourceVersion, ...rest } = {}) {
      const asked: Asked = {
        verb: 'delete',
        plural,
        namespace,
        name,
        body: { ...rest, preconditions: { uid, resourceVersion } },
      };
      const before = server.find(plural, namespace, name);
      return outcome(ask(asked), asked, before);
    },
    bind(namespace, pod, uid, node) {
      const body = { metadata: { name: pod, uid }, target: { kind: 'Node', name: node } };
      const asked: Asked = { verb: 'create', plural: 'pods', namespace, name: pod, subresource: 'binding', body };
      const answer = ask(asked);
      if (answer.status >= 300) return notDone(answer);
      const object = server.find('pods', namespace, pod);
      if (object === undefined) throw new TypeError('the pod was bound and is gone');
      return { ok: true, object, gone: false };
    },
  };
}

const EMPTY = {
  namespace: undefined,
  name: undefined,
  subresource: undefined,
  query: {},
  contentType: 'application/json',
  body: undefined,
};

function notDone(answer: Answer): NotDone {
  const { status, body } = answer;
  return { ok: false, status, reason: textAt(body, 'reason') ?? '', message: textAt(body, 'message') ?? '', answer };
}
