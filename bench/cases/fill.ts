// Filling a cluster with pods, and the restart of a controller in a full one: what several cases stand on.
import type { Run } from '../run.ts';
import type { SideProcess, StartOptions } from '../sides/side.ts';
import { NODES } from '../site.ts';

/** Pods of one app. */
export const APP_SIZE = 100;
/** So many apps are under way at once: all of them would only measure the API server. */
const APPS_AT_ONCE = 10;

/** Apps numbered from `first` on, of APP_SIZE pods each, until all of them are Ready. */
export async function fill(run: Run, first: number, apps: number): Promise<void> {
  const { scene } = run;
  const base = scene.ready;
  for (let done = 0; done < apps; done += APPS_AT_ONCE) {
    const count = Math.min(APPS_AT_ONCE, apps - done);
    const shapes = Array.from({ length: count }, (_, index) => ({
      name: `app-${first + done + index}`,
      replicas: APP_SIZE,
      isParallel: true,
      node: (first + done + index) % NODES,
    }));
    await run.createAll(shapes);
    const wanted = base + (done + count) * APP_SIZE;
    await scene.until(`${wanted} pods to be Ready`, () => scene.ready === wanted);
    if ((done / APPS_AT_ONCE) % 5 === 4) run.say(`${wanted} pods are Ready`);
  }
}

export interface Restart {
  /** From the start of the process until the pod that was due was there. */
  readonly seconds: number;
}

/** An app of one member elsewhere, which gets one more member while nobody is there to see it. */
export const DUE = 'due';

export async function restart(run: Run, options: StartOptions = {}): Promise<Restart> {
  const { spare, process } = run;
  const members = spare.readyOf(DUE);
  await process.end('SIGKILL');
  await run.patch(DUE, { spec: { replicas: members + 1 } }, spare);
  const started = await run.start(options);
  const due = spare.until('the member that is due', () => spare.uid(`${DUE}-${members}`) !== undefined);
  const addedAtMs = await orDeath(started, due);
  await spare.until('it to be Ready', () => spare.readyOf(DUE) === members + 1);
  return { seconds: (addedAtMs - started.startedAtMs) / 1000 };
}

/** Rejects at once when the process ends before the work is done. */
export function orDeath<T>({ exited }: SideProcess, work: Promise<T>): Promise<T> {
  const death = exited.then((how): never => {
    throw new Error(`the controller ended (${how})`);
  });
  death.catch(() => {}); // it may come long after the race
  work.catch(() => {});
  return Promise.race([work, death]);
}
