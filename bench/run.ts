// One run of one case on one side: the side's process alone, warm, in a namespace of its own, and beside it who binds claims, where the
// case wants that; afterwards nothing of it is left.
import { logTail } from '../e2e/cluster/logs.ts';
import { RESOURCES } from '../src/kube/resources.ts';
import { clean } from './cleaning.ts';
import { Meter } from './measure/meter.ts';
import type { Scene } from './measure/scene.ts';
import type { Tally } from './measure/tally.ts';
import type { Requests } from './report/requests.ts';
import { BINDER, BINDS, startBinder } from './sides/binder.ts';
import { type AppShape, manifestOf } from './sides/manifest.ts';
import type { Side, SideProcess, StartOptions } from './sides/side.ts';
import type { Site } from './site.ts';

/** Programs that compile while they run are measured as they are after the first minute of their life, not in their first second. */
const WARM_UP = { name: 'warm-up', replicas: 60, isParallel: true };
/** So many requests of our own at once. */
const LANES = 16;

export class Run {
  readonly side: Side;
  readonly site: Site;
  readonly scene: Scene;
  /** Another namespace, for work whose requests are not to be counted with those of the case. */
  readonly spare: Scene;
  readonly say: (line: string) => void;
  /** What was asked for, to be shown by verb and resource. */
  readonly requests: Omit<Requests, 'case' | 'side'>[] = [];
  #processes: SideProcess[] = [];
  #binder: SideProcess | undefined;

  constructor({ side, site, scene, spare, say }: Pick<Run, 'side' | 'site' | 'scene' | 'spare' | 'say'>) {
    this.side = side;
    this.site = site;
    this.scene = scene;
    this.spare = spare;
    this.say = say;
  }

  /** The one that was started last. */
  get process(): SideProcess {
    const last = this.#processes.at(-1);
    if (last === undefined) throw new Error(`${this.side.title} was not started`);
    return last;
  }

  async start(options: StartOptions = {}): Promise<SideProcess> {
    const started = await this.side.start(this.site.place, options);
    this.#processes.push(started);
    return started;
  }

  /** From here on claims are bound. */
  async bindClaims(): Promise<void> {
    this.#binder = await startBinder(this.site.place);
    await this.#binder.said(BINDS);
  }

  /** Rejects when claims that should have been bound were not. */
  checkBinder(): void {
    const how = this.#binder?.ended();
    if (how !== undefined) throw new Error(`${BINDER} ended (${how}) before the run did.`);
  }

  async endAll(): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.end('SIGTERM')));
    await this.#binder?.end('SIGTERM');
  }

  /** For errors: what became of the processes, and the ends of their logs, which go with the cluster. */
  lastWords(): string {
    const last = [this.#processes.at(-1), this.#binder].filter((one) => one !== undefined);
    if (last.length === 0) return 'Nothing was started.';
    return last.map(wordsOf).join('\n');
  }

  async create(shape: AppShape, { namespace } = this.scene): Promise<void> {
    const { metadata, spec } = manifestOf(shape);
    await this.site.client.create(this.side.resource, { metadata: { ...metadata, namespace }, spec });
  }

  /** `asking`: called right before each is created. */
  createAll(shapes: readonly AppShape[], asking: (shape: AppShape) => void = () => {}): Promise<void> {
    return inLanes(shapes, (shape) => {
      asking(shape);
      return this.create(shape);
    });
  }

  async patch(name: string, body: object, { namespace } = this.scene): Promise<void> {
    await this.site.client.patch(this.side.resource, { namespace, name }, { type: 'merge', body });
  }

  patchAll(names: readonly string[], body: object): Promise<void> {
    return inLanes(names, (name) => this.patch(name, body));
  }

  async deletePod(name: string): Promise<void> {
    const uid = this.scene.uid(name) ?? '';
    await this.site.client.delete(RESOURCES.pods, { namespace: this.scene.namespace, name }, { uid });
  }

  /** Resolves with the time at which the last of so many pods was Ready. */
  allReady(pods: number): Promise<number> {
    return this.scene.until(`${pods} pods to be Ready`, () => this.scene.ready === pods);
  }

  /** Puts the requests of a tally on record, divided by so many replicas. */
  record({ by }: Tally, per: number): void {
    this.requests.push({ by, per });
  }

  /** Counts from here on what this side asks for and what processes use. */
  meter(): Promise<Meter> {
    return Meter.start({ site: this.site, process: this.process, binder: this.#binder });
  }
}

function wordsOf({ user, logFile, ended }: SideProcess): string {
  const how = ended();
  return `${user} ${how === undefined ? 'still ran' : `had ended (${how})`}. ${logTail(logFile)}`;
}

export interface RunOptions {
  readonly site: Site;
  readonly side: Side;
  /** A name that no other run has. */
  readonly namespace: string;
  readonly say: (line: string) => void;
  /** Absent: the case starts the side itself. */
  readonly isWarm: boolean;
  readonly bindsClaims: boolean;
}

/** Runs `work` and cleans up after it, also when it fails. */
export async function withRun<T>(
  { site, side, namespace, say, isWarm, bindsClaims }: RunOptions,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const scenes: Scene[] = [];
  const open = async (name: string) => {
    await site.client.create(RESOURCES.namespaces, { metadata: { name } });
    const scene = site.observer.scene(name);
    scenes.push(scene);
    return scene;
  };
  const runs: Run[] = [];
  try {
    const run = new Run({ side, site, scene: await open(namespace), spare: await open(`${namespace}-spare`), say });
    runs.push(run);
    if (bindsClaims) await run.bindClaims();
    if (isWarm) {
      await run.start();
      await run.create(WARM_UP, run.spare);
      await run.spare.until('the warm-up', () => run.spare.ready === WARM_UP.replicas);
      await site.audit.quiet([run.process.user]);
    }
    const result = await work(run);
    run.checkBinder();
    return result;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new Error([text, ...runs.map((run) => run.lastWords())].join('\n'), { cause: error });
  } finally {
    for (const run of runs) await run.endAll();
    await clean(site, scenes);
  }
}

export async function inLanes<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const waiting = [...items];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
