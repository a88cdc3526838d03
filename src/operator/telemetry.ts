// What the daemon says about itself: JSON logs and Prometheus metrics. Metrics carry controller-runtime's names, so that
// existing dashboards and alerts work, plus our own `statefulapp_*`. Lacks Events on objects (events.ts).

import { type Logger, pino } from 'pino';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Observation } from '../kube/session.ts';
import type { QueueMeter } from './queue.ts';

const CONTROLLER = 'statefulapp';
const LATENCIES = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export type { Logger } from 'pino';

/** What is logged of an error. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function createLogger(level: string): Logger {
  return pino({
    level,
    base: {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}

export class Telemetry {
  readonly registry = new Registry();
  readonly #counters = {
    reconciles: this.#counter('controller_runtime_reconcile_total', 'Passes over an app, by result.', [
      'controller',
      'result',
    ]),
    reconcileErrors: this.#counter('controller_runtime_reconcile_errors_total', 'Passes that failed.', ['controller']),
    adds: this.#counter('workqueue_adds_total', 'Keys added to the queue.', ['name']),
    retries: this.#counter('workqueue_retries_total', 'Passes that are tried again with backoff.', ['name']),
    requests: this.#counter('rest_client_requests_total', 'Requests to the API server.', [
      'code',
      'method',
      'resource',
    ]),
    watchErrors: this.#counter(
      'statefulapp_watch_errors_total',
      'Errors of watches; each is followed by another try.',
      ['resource', 'code'],
    ),
    actions: this.#counter('statefulapp_actions_total', 'Actions carried out, by type and result.', ['type', 'result']),
    assertions: this.#counter('statefulapp_assertions_total', 'Programmer errors caught; each stopped one app.', []),
  };
  readonly #gauges = {
    depth: this.#gauge('workqueue_depth', 'Keys that wait to be worked on.', ['name']),
    master: this.#gauge('leader_election_master_status', '1 while this process leads.', ['name']),
    workers: this.#gauge('controller_runtime_max_concurrent_reconciles', 'Workers.', ['controller']),
  };
  readonly #histograms = {
    reconcile: this.#histogram('controller_runtime_reconcile_time_seconds', 'Length of a pass.', ['controller']),
    waited: this.#histogram('workqueue_queue_duration_seconds', 'How long a key waited.', ['name']),
    worked: this.#histogram('workqueue_work_duration_seconds', 'How long a key was worked on.', ['name']),
    requests: this.#histogram('rest_client_request_duration_seconds', 'Length of requests to the API server.', [
      'verb',
      'resource',
    ]),
  };

  constructor(workers: number) {
    collectDefaultMetrics({ register: this.registry });
    this.#gauges.workers.set({ controller: CONTROLLER }, workers);
    this.leading(false);
  }

  /** The queue's ear. */
  get queue(): QueueMeter {
    const name = { name: CONTROLLER };
    return {
      depth: (keys) => this.#gauges.depth.set(name, keys),
      added: () => this.#counters.adds.inc(name),
      waited: (ms) => this.#histograms.waited.observe(name, ms / 1000),
      worked: (ms) => this.#histograms.worked.observe(name, ms / 1000),
      retried: () => this.#counters.retries.inc(name),
    };
  }

  requested = ({ verb, resource, code, durationMs }: Observation): void => {
    this.#counters.requests.inc({ code, method: verb.toUpperCase(), resource: resource.plural });
    this.#histograms.requests.observe({ verb: verb.toUpperCase(), resource: resource.plural }, durationMs / 1000);
  };

  reconciled(result: 'success' | 'error' | 'requeue_after', ms: number): void {
    this.#counters.reconciles.inc({ controller: CONTROLLER, result });
    if (result === 'error') this.#counters.reconcileErrors.inc({ controller: CONTROLLER });
    this.#histograms.reconcile.observe({ controller: CONTROLLER }, ms / 1000);
  }

  acted(type: string, result: 'done' | 'refused' | 'stale' | 'failed'): void {
    this.#counters.actions.inc({ type, result });
  }

  watchFailed(resource: string, code: string): void {
    this.#counters.watchErrors.inc({ resource, code });
  }

  asserted(): void {
    this.#counters.assertions.inc();
  }

  leading(yes: boolean): void {
    this.#gauges.master.set({ name: CONTROLLER }, yes ? 1 : 0);
  }

  #counter(name: string, help: string, labelNames: readonly string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: readonly string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram(name: string, help: string, labelNames: readonly string[]): Histogram {
    return new Histogram({ name, help, labelNames, buckets: LATENCIES, registers: [this.registry] });
  }
}
