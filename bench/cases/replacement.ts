// B4 and what a replacement costs (B5): pods of an app of three are deleted, one after the other, each once the app is whole again. The
// clock starts when the old pod is gone: what comes before is the kubelet's.
import type { KubeObject } from '../../src/kube/objects.ts';
import { percentile } from '../report/statistics.ts';
import type { Run } from '../run.ts';
import { type Case, type Figure, type Results, type Scale, sized } from './case.ts';

interface Size extends Scale {
  readonly replacements: number;
}

const MEMBERS = 3;
/** The first ones show how a program compiles itself, and are not measured. */
const NOT_MEASURED = 9;
const APP = 'web';

const REPLACEMENT: Case<Size> = {
  name: 'replacement',
  sizes: {
    full: { replacements: 100, repeats: { ours: 5, unthrottled: 5, default: 1 } },
    quick: { replacements: 15, repeats: { ours: 1, unthrottled: 1, default: 1 } },
  },
  figures: ({ replacements }) => {
    const times = (id: string, what: string): readonly Figure[] =>
      ['p50', 'p99'].map((rank) => ({
        benchmark: 'B4',
        id: `replacement.${id}-${rank}`,
        what: `${replacements} replacements, ${what}, ${rank}`,
        unit: 'ms',
      }));
    return [
      ...times('created', 'pod gone to its successor there'),
      ...times('ready', 'pod gone to its successor Ready'),
      {
        benchmark: 'B4',
        id: 'replacement.status',
        what: `${replacements} replacements, Ready to the status that says so, p99`,
        unit: 'ms',
      },
      { benchmark: 'B5', id: 'replacement.writes', what: `writes per replacement, ${replacements} of them`, unit: '' },
      { benchmark: 'B5', id: 'replacement.reads', what: `reads per replacement, ${replacements} of them`, unit: '' },
    ];
  },
  run: measure,
};

async function measure(run: Run, { replacements }: Size): Promise<Results> {
  const { scene, site } = run;
  await run.create({ name: APP, replicas: MEMBERS });
  await run.allReady(MEMBERS);
  const watch = new StatusWatch();
  const unfollow = await site.observer.follow(run.side.resource, (object) => {
    if (object.metadata.namespace === scene.namespace) watch.hear(object);
  });
  for (let turn = 0; turn < NOT_MEASURED; turn += 1) {
    const times = await replaced(run, `${APP}-${turn % MEMBERS}`);
    await watch.until((object) => says(object, times));
  }
  await site.audit.quiet([run.process.user]);
  const meter = await run.meter();
  const [created, ready, status]: number[][] = [[], [], []];
  for (let turn = 0; turn < replacements; turn += 1) {
    const times = await replaced(run, `${APP}-${turn % MEMBERS}`);
    const trueAtMs = await watch.until((object) => says(object, times));
    created?.push(times.addedAtMs - times.goneAtMs);
    ready?.push(times.readyAtMs - times.goneAtMs);
    status?.push(Math.max(0, trueAtMs - times.readyAtMs));
  }
  unfollow();
  const { tally } = await meter.settled();
  run.record(tally, replacements);
  run.say(`there after ${percentile(created ?? [], 50).toFixed(1)} ms, ${tally.writes} writes`);
  return {
    'replacement.created-p50': percentile(created ?? [], 50),
    'replacement.created-p99': percentile(created ?? [], 99),
    'replacement.ready-p50': percentile(ready ?? [], 50),
    'replacement.ready-p99': percentile(ready ?? [], 99),
    'replacement.status': percentile(status ?? [], 99),
    'replacement.writes': tally.writes / replacements,
    'replacement.reads': (tally.reads + tally.lists) / replacements,
  };
}

interface Replacement {
  readonly name: string;
  readonly uid: string;
  readonly goneAtMs: number;
  readonly addedAtMs: number;
  readonly readyAtMs: number;
}

async function replaced(run: Run, name: string): Promise<Replacement> {
  const { scene } = run;
  const old = scene.uid(name);
  let [goneAtMs, addedAtMs, readyAtMs] = [Number.NaN, Number.NaN, Number.NaN];
  const stop = scene.listen((event) => {
    if (event.name !== name) return;
    if (event.type === 'deleted') goneAtMs = event.atMs;
    else if (event.uid === old) return;
    if (event.type === 'added') addedAtMs = event.atMs;
    if (event.isReady && Number.isNaN(readyAtMs)) readyAtMs = event.atMs;
  });
  await run.deletePod(name);
  await scene.until(`${name} to be replaced`, () => scene.uid(name) !== old && scene.ready === MEMBERS);
  stop();
  return { name, uid: scene.uid(name) ?? '', goneAtMs, addedAtMs, readyAtMs };
}

interface Status {
  readonly readyReplicas?: number;
  readonly members?: readonly { readonly podUID?: string; readonly state?: string }[];
}

/** Ours names the pod; of a StatefulSet only the count tells, and it may never have shown less. */
function says(object: KubeObject, { uid }: Replacement): boolean {
  const { readyReplicas, members } = (object['status'] ?? {}) as Status;
  const isNamed = members?.some(({ podUID, state }) => podUID === uid && state === 'Available');
  return readyReplicas === MEMBERS && isNamed !== false;
}

/** The last state of the one app that is followed, and who waits for the next. A class, since that is state. */
class StatusWatch {
  #last: KubeObject | undefined;
  #heardAtMs = 0;
  #waiting: (() => void) | undefined;

  hear(object: KubeObject): void {
    this.#last = object;
    this.#heardAtMs = performance.now();
    this.#waiting?.();
  }

  /** Resolves with when the state that passes was heard of. */
  until(test: (object: KubeObject) => boolean): Promise<number> {
    return new Promise((resolve) => {
      const check = () => {
        if (this.#last === undefined || !test(this.#last)) return;
        this.#waiting = undefined;
        resolve(this.#heardAtMs);
      };
      this.#waiting = check;
      check();
    });
  }
}

export const replacement = sized(REPLACEMENT);
