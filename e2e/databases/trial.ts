// One store on real nodes, as its example describes it: applied, written to without a break, with a witness of identity beside every
// member, and judged at the end. As a StatefulApp, or as a StatefulSet to compare with. Lacks the faults: suites bring them.
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { KubeObject } from '../../src/kube/objects.ts';
import { createTransport } from '../../src/kube/undici-transport.ts';
import type { RealCluster } from '../cluster/real/cluster.ts';
import { volumeFolder } from '../cluster/real/volumes.ts';
import { until } from '../cluster/requests.ts';
import { etcdStore } from './etcd.ts';
import type { Fault } from './journal.ts';
import { breaches, type Judgement, judge } from './judgement.ts';
import { killContainer } from './kill.ts';
import { applicable, asStatefulSet, example, isApp, type Manifest, type Store, withImage } from './manifests.ts';
import { isReadyPod, Members } from './members.ts';
import { postgresqlStore } from './postgresql/store.ts';
import { redisStore } from './redis/store.ts';
import type { Store as Records } from './store.ts';
import { readWitness } from './witness/folder.ts';
import { judgeIdentity } from './witness/judgement.ts';
import { WITNESS_FOLDER, withWitness } from './witness/sidecar.ts';
import { Writer } from './writer.ts';

export type Kind = 'StatefulApp' | 'StatefulSet';

export interface MemberPod {
  readonly uid: string;
  readonly node: string;
  /** It has been asked to end. */
  readonly deleted: boolean;
}

export interface TrialOptions {
  readonly cluster: RealCluster;
  readonly store: Store;
  /** That of the databases: databasesImage(). */
  readonly image: string;
  readonly as?: Kind;
  /** Made for it. Default: after the store and the kind. */
  readonly namespace?: string;
}

export interface Verdict {
  readonly judgement: Judgement;
  /** Acknowledged writes lost, identities held by two, …: sentences; none is good. */
  readonly breaches: readonly string[];
}

const PASSWORD = 'of-the-e2e';
const READY_SECONDS = 180;
const PROGRAMS: Readonly<Record<Store, string>> = { etcd: 'etcd', postgresql: 'postgres', redis: 'redis-server' };

export class Trial {
  readonly writer: Writer;
  readonly members: Members;
  readonly #options: Required<TrialOptions>;
  readonly #records: Records;
  readonly #end: () => Promise<void>;

  private constructor(options: Required<TrialOptions>, members: Members, end: () => Promise<void>) {
    this.#options = options;
    this.members = members;
    this.#records = recordsOf(options.store, members);
    this.#end = end;
    this.writer = new Writer(this.#records);
  }

  /** Resolves when all members are Ready and writes are acknowledged. */
  static async start(given: TrialOptions): Promise<Trial> {
    const as = given.as ?? 'StatefulApp';
    const options = { as, namespace: `${given.store}-${as.toLowerCase()}`, ...given };
    const { cluster, store, namespace } = options;
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    const transport = createTransport({ kubeConfig: config });
    const members = await Members.follow({ transport, namespace, app: store });
    const end = async () => {
      members.stop();
      await cluster.kubectl('delete', 'namespace', namespace, '--ignore-not-found');
      await transport.close();
    };
    try {
      await cluster.kubectl('create', 'namespace', namespace);
      await cluster.apply(applicable(manifestsOf(options)));
      await readiness(options);
      const trial = new Trial(options, members, end);
      await trial.writer.more(1, 60_000);
      return trial;
    } catch (error) {
      await end();
      throw error;
    }
  }

  /** In the trial's namespace. */
  kubectl(...args: readonly string[]): Promise<string> {
    return this.#options.cluster.kubectl('--namespace', this.#options.namespace, ...args);
  }

  get app(): Store {
    return this.#options.store;
  }

  get kind(): Kind {
    return this.#options.as;
  }

  /** For people: "etcd as a StatefulApp". */
  get title(): string {
    return `${this.app} as a ${this.kind}`;
  }

  /** Its name: etcd-0. */
  member(ordinal: number): string {
    return `${this.app}-${ordinal}`;
  }

  /** As one argument of kubectl: sapp/etcd. */
  get resource(): string {
    return resourceOf(this.#options);
  }

  ready(): Promise<void> {
    return readiness(this.#options);
  }

  /** As the API server has it now; nothing of it where there is none. */
  async pod(ordinal: number): Promise<MemberPod> {
    const json = await this.kubectl('get', 'pod', this.member(ordinal), '--ignore-not-found', '-o', 'json');
    const { metadata, spec }: Partial<KubeObject> = json === '' ? {} : JSON.parse(json);
    return {
      uid: metadata?.uid ?? '',
      node: (spec as { readonly nodeName?: string } | undefined)?.nodeName ?? '',
      deleted: metadata?.deletionTimestamp !== undefined,
    };
  }

  /** Gives all members another revision, and waits for them to be Ready with it. */
  async update(): Promise<void> {
    const annotations = { 'e2e/revision': String(performance.now()) };
    const patch = JSON.stringify({ spec: { template: { metadata: { annotations } } } });
    await this.kubectl('patch', this.resource, '--type=merge', '-p', patch);
    await this.ready();
  }

  /** As a crash does. Resolves when the member is Ready again. */
  async killContainer(ordinal: number): Promise<void> {
    const pod = `pod/${this.member(ordinal)}`;
    const restarts = ['-o', 'jsonpath={.status.containerStatuses[0].restartCount}'];
    const before = Number(await this.kubectl('get', pod, ...restarts));
    killContainer({ podUid: (await this.pod(ordinal)).uid, program: PROGRAMS[this.app] });
    const restarted = `--for=jsonpath={.status.containerStatuses[0].restartCount}=${before + 1}`;
    await this.kubectl('wait', restarted, pod, `--timeout=${READY_SECONDS}s`);
    await this.ready();
  }

  /** Of an app: takes a member's disk away, sees that nothing is started, and gives the data up. Resolves when all are Ready again. */
  async loseVolume(ordinal: number): Promise<void> {
    const claim = `data-${this.member(ordinal)}`;
    const uid = await this.kubectl('get', 'pvc', claim, '-o', 'jsonpath={.metadata.uid}');
    await this.kubectl('delete', 'pvc', claim, '--wait=false');
    await this.kubectl('delete', 'pod', this.member(ordinal));
    const atRisk = `--for=jsonpath={.status.members[${ordinal}].state}=VolumeAtRisk`;
    await this.kubectl('wait', atRisk, this.resource, `--timeout=${READY_SECONDS}s`);
    this.members.forget(ordinal);
    await this.kubectl('annotate', this.resource, `statefulapp.dev/accept-volume-loss=${claim}=${uid}`);
    await this.ready();
  }

  /** Stops writing, reads everything back, hears the witnesses, and removes the store. */
  async finish(faults: readonly Fault[]): Promise<Verdict> {
    try {
      const journal = await this.writer.stop();
      const judgement = judge(journal, await this.#readAll(), faults);
      return { judgement, breaches: [...breaches(judgement), ...(await this.#identities())] };
    } finally {
      this.#records.close();
      await this.#end();
    }
  }

  async #readAll(): Promise<readonly number[]> {
    try {
      return await this.#records.readAll(60_000);
    } catch (cause) {
      const ofPods = ['-l', `app.kubernetes.io/name=${this.app}`];
      const pods = await this.kubectl('get', 'pods', ...ofPods, '-o', 'wide');
      const logs = await this.kubectl('logs', ...ofPods, '--all-containers', '--prefix', '--tail=20');
      throw new Error(`${this.title} cannot be read back: ${messageOf(cause)}\n${pods}\n${logs}`, { cause });
    }
  }

  async #identities(): Promise<readonly string[]> {
    const { cluster, namespace } = this.#options;
    const found: string[] = [];
    for (const [ordinal, pods] of this.members.pods) {
      const place = { claim: `data-${this.member(ordinal)}`, namespace };
      const folder = join(await volumeFolder(cluster, place), WITNESS_FOLDER);
      found.push(...judgeIdentity(this.member(ordinal), readWitness(folder), [...pods]).breaches);
    }
    return found;
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
const resourceOf = ({ as, store }: Required<TrialOptions>) => `${as === 'StatefulApp' ? 'sapp' : 'sts'}/${store}`;

/** The app says so, and it is so: nobody corrects a status while no operator leads. */
async function readiness(options: Required<TrialOptions>): Promise<void> {
  const { as, cluster, namespace, store } = options;
  const resource = resourceOf(options);
  const kubectl = (...args: readonly string[]) => cluster.kubectl('--namespace', namespace, ...args);
  const wait = as === 'StatefulApp' ? ['wait', '--for=condition=Ready', resource] : ['rollout', 'status', resource];
  await kubectl(...wait, `--timeout=${READY_SECONDS}s`);
  const wanted = Number(await kubectl('get', resource, '-o', 'jsonpath={.spec.replicas}'));
  const areReady = async () => {
    const { items } = JSON.parse(await kubectl('get', 'pods', '-l', `app.kubernetes.io/name=${store}`, '-o', 'json'));
    return (items as readonly KubeObject[]).filter(isReadyPod).length === wanted;
  };
  await until(areReady, READY_SECONDS * 1000, () => `${resource} has not ${wanted} pods that are Ready.`);
}

function manifestsOf({ store, image, as, namespace }: Required<TrialOptions>): readonly Manifest[] {
  const witnessed = example(store)
    .map((manifest) => withImage(manifest, image))
    .map((manifest) => (isApp(manifest) ? withWitness(manifest, { image, claim: 'data' }) : manifest));
  const all = as === 'StatefulApp' ? witnessed : witnessed.flatMap(asStatefulSet);
  const secrets: readonly Manifest[] =
    store === 'postgresql'
      ? [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: store }, stringData: { password: PASSWORD } }]
      : [];
  return [...secrets, ...all].map((manifest) => ({ ...manifest, metadata: { ...manifest.metadata, namespace } }));
}

function recordsOf(store: Store, members: Members): Records {
  switch (store) {
    case 'etcd':
      return etcdStore(members.all, 'records/');
    case 'postgresql':
      return postgresqlStore({ addresses: members.first, password: PASSWORD, table: 'records' });
    case 'redis':
      // One replica has it, too: what Redis alone acknowledges is on the master's disk only.
      return redisStore({ addresses: members.first, key: 'records', replicas: 1 });
    default:
      return store satisfies never;
  }
}
