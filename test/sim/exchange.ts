// One request on its way: from the process to the server and back, or not. A watch is handed over once it is answered.

import { KubeError } from '../../src/kube/errors.ts';
import type { KubeRequest, KubeResponse } from '../../src/kube/transport.ts';
import type { Host } from './host.ts';
import type { Answer, Call, WatchCursor } from './server/types.ts';
import { failure, respond } from './server/wire.ts';
import { Stream } from './stream.ts';
import { WatchLine } from './watch-line.ts';
import { type Fate, fateOf } from './weather.ts';

const LATE_MS = [5_000, 60_000] as const;

/** What a load balancer or an overloaded server says instead. */
const SUBSTITUTES: readonly (() => Answer)[] = [
  () => failure(500, 'InternalError', 'etcdserver: leader changed'),
  () => failure(503, 'ServiceUnavailable', 'apiserver is shutting down'),
  () => ({ ...failure(503, 'ServiceUnavailable', 'no endpoints'), headers: { 'retry-after': '1' } }),
  () => ({ ...failure(429, 'TooManyRequests', 'too many requests'), headers: { 'retry-after': '1' } }),
  () => failure(504, 'Timeout', 'request did not complete within the allotted timeout'),
  () => failure(403, 'Forbidden', 'forbidden: not yet authorized'),
  () => failure(404, 'NotFound', 'the server could not find the requested resource'),
  () => ({ status: 404, body: '<html>404 page not found</html>' }),
  () => ({ status: 200, body: '<html>welcome</html>' }),
];

export class Exchange {
  readonly #host: Host;
  readonly #call: Call;
  readonly #request: KubeRequest;
  #resolve: (response: KubeResponse) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #over = false;

  constructor(host: Host, call: Call, request: KubeRequest) {
    this.#host = host;
    this.#call = call;
    this.#request = request;
  }

  begin(): Promise<KubeResponse> {
    const { signal } = this.#request;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      signal?.addEventListener('abort', () => this.#fail('called off'), { once: true });
      if (signal?.aborted) this.#fail('called off', false);
      if (this.#over) return;
      const { random } = this.#host.options;
      const { weather } = this.#host;
      this.#host.options.witness.begun(this.#host, this.#call);
      // Now and then a connection has to be made first, and the fence is asked once it stands.
      const waitMs = !random.chance(0.1)
        ? 0
        : random.chance(0.2)
          ? random.delay(100, 20_000)
          : random.delay(...weather.latencyMs);
      if (waitMs === 0) this.#send();
      else this.#host.after(waitMs, `connected for ${this.#title}`, () => this.#send());
    });
  }

  get #title(): string {
    const { verb, plural, subresource, name } = this.#call;
    return [verb, subresource === undefined ? plural : `${plural}/${subresource}`, name].filter(Boolean).join(' ');
  }

  #send(): void {
    if (this.#over || this.#request.signal?.aborted) return;
    try {
      this.#request.beforeSend?.();
    } catch (error) {
      this.#settle(() => this.#reject(error));
      return;
    }
    const { random, timeline, witness } = this.#host.options;
    const { weather } = this.#host;
    witness.sent(this.#host, this.#call);
    const fate = fateOf(weather, random);
    const ms = fate === 'late' ? random.between(...LATE_MS) : random.delay(...weather.latencyMs);
    if (fate !== 'fine') this.#host.options.trace(`${this.#host.name}: ${this.#title} will be ${fate}`);
    if (fate === 'refused' || fate === 'lost') {
      this.#host.after(ms, `${this.#title} is ${fate}`, () => this.#fail(`connection ${fate}`, fate !== 'refused'));
    } else if (fate === 'answered') {
      this.#answer(random.pick(SUBSTITUTES)());
    } else {
      // The server does not care whether the process still lives.
      timeline.after(ms, `server: ${this.#title}`, () => this.#arrive(fate));
    }
  }

  #arrive(fate: Fate): void {
    const { server } = this.#host.options;
    const answer = this.#call.verb === 'watch' ? server.watch(this.#call) : server.handle(this.#call);
    if (!('status' in answer)) {
      this.#opened(answer);
      return;
    }
    this.#host.options.trace(`  ${this.#host.name}: ${this.#title} -> ${answer.status}`);
    if (fate === 'fine' || fate === 'torn') this.#answer(answer, fate === 'torn');
    else if (fate === 'unheard') this.#host.after(1, `${this.#title} breaks`, () => this.#fail('connection reset'));
  }

  #answer(answer: Answer, torn = false): void {
    const ms = this.#host.options.random.delay(...this.#host.weather.latencyMs);
    this.#host.after(ms, `${this.#title} is answered with ${answer.status}`, () => {
      if (this.#over) return;
      if (torn) {
        this.#settle(() =>
          this.#resolve(tornResponse(answer, this.#error('the connection broke in mid-answer', true))),
        );
        return;
      }
      this.#host.options.witness.answered(this.#host, this.#call, answer);
      this.#settle(() => this.#resolve(this.#dated(respond(answer))));
    });
  }

  /** The server's clock is right, whatever the process believes. */
  #dated(response: KubeResponse): KubeResponse {
    const date = new Date(this.#host.options.timeline.now()).toUTCString();
    return { ...response, headers: new Map([...response.headers, ['date', date]]) };
  }

  #opened(cursor: WatchCursor): void {
    const ms = this.#host.options.random.delay(...this.#host.weather.latencyMs);
    this.#host.after(ms, `${this.#title} is open`, () => {
      if (this.#over) return;
      const line = new WatchLine(this.#host, cursor);
      this.#request.signal?.addEventListener('abort', () => line.fail(this.#error('called off', false)), {
        once: true,
      });
      this.#settle(() => this.#resolve(this.#dated({ status: 200, headers: new Map(), body: line.body })));
      line.open();
    });
  }

  #fail(why: string, sent = true): void {
    if (!this.#over) this.#settle(() => this.#reject(this.#error(why, sent)));
  }

  #settle(act: () => void): void {
    this.#over = true;
    this.#host.options.witness.over(this.#host, this.#call);
    act();
  }

  #error(why: string, sent: boolean): KubeError {
    const { method, path, signal } = this.#request;
    return new KubeError({
      code: signal?.aborted ? 'Aborted' : 'Network',
      verb: method,
      object: { kind: path },
      why,
      outcomeUnknown: sent && method !== 'GET',
    });
  }
}

function tornResponse(answer: Answer, error: KubeError): KubeResponse {
  const whole = respond(answer);
  const body = new Stream();
  const text = Buffer.from(JSON.stringify(answer.body));
  body.push(text.subarray(0, text.length >> 1));
  body.end(error);
  return { ...whole, body };
}
