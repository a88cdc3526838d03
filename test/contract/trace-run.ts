// Runs a trace against a server and tells what it answered, comparable from server to server.
import type { Transport } from '../../src/kube/transport.ts';
import { mergePatch } from '../sim/server/patches.ts';
import { Normaliser } from './normal.ts';
import { markerOf, type Plural, ROOTS } from './trace-content.ts';
import type { Reference } from './trace-draw.ts';
import type { Step, Trace } from './trace-steps.ts';
import { ask, type Event, type Json, type Reply, watchUntil } from './wire-call.ts';

/** One entry for each step, then one for each watch. */
export async function runTrace(transport: Transport, trace: Trace, namespace: string): Promise<readonly Json[]> {
  const runner = new Runner(transport, namespace);
  const answers: Json[] = [];
  for (const step of trace.steps) answers.push(await runner.step(step));
  const marked = new Set<Plural>();
  for (const watch of trace.watches) {
    if (!marked.has(watch.plural)) await runner.mark(watch.plural);
    marked.add(watch.plural);
    answers.push(await runner.watch(watch));
  }
  return answers;
}

/** A uid of nothing that exists; another one for each name. */
const stranger = (what: string) => `00000000-0000-4000-8000-00000000000${'abc'.indexOf(what.slice(-1)) + 1}`;

class Runner {
  readonly #transport: Transport;
  readonly #namespace: string;
  readonly #normal: Normaliser;
  readonly #last = new Map<string, Json>();
  readonly #first = new Map<string, string>();
  readonly #continue = new Map<Plural, string>();

  constructor(transport: Transport, namespace: string) {
    this.#transport = transport;
    this.#namespace = namespace;
    this.#normal = new Normaliser(namespace);
  }

  async step(step: Step): Promise<Json> {
    const { method, plural, name, subresource, contentType } = step;
    const query = new URLSearchParams(step.query);
    const token = this.#continue.get(plural);
    if (step.goOn === true && token) query.set('continue', token);
    const body = this.#body(step);
    const path = `${this.#path(plural, name, subresource)}?${query}`;
    const reply = await ask(this.#transport, {
      method,
      path,
      ...(body === undefined ? {} : { body }),
      ...(contentType ? { contentType } : {}),
    });
    if (step.query?.['dryRun'] === undefined) this.#learn(plural, reply);
    return this.#normal.reply(reply);
  }

  async mark(plural: Plural): Promise<void> {
    const { status, body } = await ask(this.#transport, {
      method: 'POST',
      path: this.#path(plural),
      body: markerOf(plural),
    });
    if (status !== 201) throw new Error(`the marker of ${plural} was refused: ${JSON.stringify(body)}`);
  }

  async watch({ plural, from, selector }: Trace['watches'][number]): Promise<Json> {
    const version = this.#first.get(from) ?? [...this.#first.values()][0];
    const query = new URLSearchParams({
      watch: 'true',
      ...(version ? { resourceVersion: version } : {}),
      ...(selector ? { labelSelector: selector } : {}),
    });
    const told = await watchUntil(this.#transport, `${this.#path(plural)}?${query}`, (events) => events.some(isMarker));
    if ('status' in told) return this.#normal.reply(told);
    // Without a version the watch begins with what there is, in any order of its own: nothing to compare.
    return version === undefined
      ? {}
      : { events: told.filter((event) => !isMarker(event)).map((event) => this.#normal.event(event)) };
  }

  #path(plural: Plural, name?: string, subresource?: string): string {
    const tail = [name, subresource].filter((part) => part !== undefined).join('/');
    return `${ROOTS[plural]}/namespaces/${this.#namespace}/${plural}${tail === '' ? '' : `/${tail}`}`;
  }

  #body(step: Step): unknown {
    const filled = this.#fill(step.body);
    if (step.onLast !== true) return filled;
    return mergePatch(this.#last.get(`${step.plural}/${step.name}`) ?? {}, filled);
  }

  #fill(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#fill(item));
    if (typeof value !== 'object' || value === null) return value;
    if ('$' in value) return this.#resolve(value as Reference);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#fill(item)]));
  }

  #resolve({ $, what }: Reference): unknown {
    const metadata = (this.#last.get(what)?.['metadata'] ?? {}) as Json;
    if ($ === 'stranger') return stranger(what);
    if ($ === 'uid') return metadata['uid'] ?? stranger(what);
    return $ === 'version' ? (metadata['resourceVersion'] ?? '1') : (this.#first.get(what) ?? '1');
  }

  #learn(plural: Plural, { status, body }: Reply): void {
    const metadata = (body['metadata'] ?? {}) as Json;
    if (status >= 300 || body['kind'] === 'Status' || body['kind'] === 'Scale') return;
    if (Array.isArray(body['items'])) {
      this.#continue.set(plural, String(metadata['continue'] ?? ''));
      return;
    }
    const what = `${plural}/${String(metadata['name'])}`;
    // As the operator's client has it: without managedFields.
    const { managedFields: _managed, ...rest } = metadata;
    this.#last.set(what, { ...body, metadata: rest });
    const version = String(metadata['resourceVersion']);
    if (!this.#first.has(what)) this.#first.set(what, version);
  }
}

const isMarker = ({ type, object }: Event) =>
  type === 'ADDED' && (object['metadata'] as Json | undefined)?.['name'] === 'marker';
