/**
 * A watch whose callbacks are written down, and whose test can wait for one.
 */

import type { Clock } from '../../src/kube/clock.ts';
import type { KubeError } from '../../src/kube/errors.ts';
import type { WatchEvent } from '../../src/kube/known-objects.ts';
import type { Collection } from '../../src/kube/pages.ts';
import { RESOURCES } from '../../src/kube/resources.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { type Watch, watchResource } from '../../src/kube/watch.ts';

export interface RecordedWatch extends Watch {
  /** One short line per callback: `added a@1`, `modified a@1->2`, `deleted a@3 (watch)`, `progress 3`, `synced`, `error Gone`. */
  readonly log: readonly string[];
  readonly events: readonly WatchEvent[];
  readonly errors: readonly KubeError[];
  /** Resolves once the log has had this line so many times. */
  saw(line: string, times?: number): Promise<void>;
}

export interface RecordOptions extends Partial<Collection> {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly onLine?: (line: string) => void;
}

export function recordWatch({ onLine, random = () => 0.5, ...options }: RecordOptions): RecordedWatch {
  const log: string[] = [];
  const events: WatchEvent[] = [];
  const errors: KubeError[] = [];
  const waiting = new Set<{ line: string; times: number; resolve: () => void }>();
  const count = (line: string) => log.filter((entry) => entry === line).length;
  const write = (line: string) => {
    log.push(line);
    onLine?.(line);
    for (const waiter of waiting) {
      if (count(waiter.line) >= waiter.times && waiting.delete(waiter)) waiter.resolve();
    }
  };
  const watch = watchResource({
    resource: RESOURCES.pods,
    random,
    ...options,
    on: {
      event(event) {
        events.push(event);
        write(describeEvent(event));
      },
      synced: () => write('synced'),
      progress: (resourceVersion) => write(`progress ${resourceVersion}`),
      error(error) {
        errors.push(error);
        write(`error ${error.code}`);
      },
    },
  });
  return Object.assign(Object.create(watch) as Watch, {
    log,
    events,
    errors,
    saw(line: string, times = 1): Promise<void> {
      if (count(line) >= times) return Promise.resolve();
      return new Promise((resolve) => waiting.add({ line, times, resolve }));
    },
  });
}

function describeEvent(event: WatchEvent): string {
  const { name, resourceVersion } = event.object.metadata;
  switch (event.type) {
    case 'added':
      return `added ${name}@${resourceVersion}`;
    case 'modified':
      return `modified ${name}@${event.previous.metadata.resourceVersion}->${resourceVersion}`;
    case 'deleted':
      return `deleted ${name}@${resourceVersion} (${event.observed})`;
  }
}
