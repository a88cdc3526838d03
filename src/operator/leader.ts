// Leader election on a Lease. Who does not hold it writes nothing: every write asks `mayWrite` directly before it leaves
// (R9). Matches client-go tools/leaderelection: another holder's Lease has expired when it has not changed for its own
// leaseDuration on *our* monotonic clock, so clock skew between machines does not matter.

import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { RESOURCES } from '../kube/resources.ts';

export interface LeaseTimes {
  readonly leaseMs: number;
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}
export const DEFAULT_LEASE_TIMES: LeaseTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

export interface LeaderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly lease: { readonly namespace: string; readonly name: string };
  readonly identity: string;
  readonly times: LeaseTimes;
  readonly on: {
    /** Leads from now on; `signal` is aborted when that ends. */
    gained(signal: AbortSignal): void;
    lost(why: string): void;
    /** Another one leads. */
    following(holder: string): void;
    error(error: unknown): void;
  };
}

interface Sighted {
  readonly resourceVersion: string;
  readonly atMs: number;
  readonly holder: string;
  readonly leaseMs: number;
}

export class Leader {
  readonly #options: LeaderOptions;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #term: AbortController | null = null;
  #sighted: Sighted | null = null;
  #stopped = false;
  #cancelTimers: (() => void)[] = [];
  #underway: Promise<void> = Promise.resolve();

  constructor(options: LeaderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#underway = this.#round();
  }

  /** Throws for whoever does not lead, by the monotonic clock, at the moment of the call. */
  assertMayWrite = (): void => {
    if (this.leads) return;
    throw new Error('not the leader: nothing is written until the Lease is held again');
  };

  get leads(): boolean {
    return this.#term !== null && this.#isCurrent;
  }

  get #isCurrent(): boolean {
    const { clock, times } = this.#options;
    return clock.monotonic() - this.#renewedAtMs < times.renewDeadlineMs;
  }

  /** Ends the candidacy; a held Lease is released, so that another can take over at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#endTerm('this process stops');
    // A renewal in flight would make the release a conflict, and one that gains the Lease would leave it held.
    await this.#underwayAtMost(this.#options.times.retryMs);
    if (this.#sighted?.holder !== this.#options.identity) return;
    const body = {
      metadata: { resourceVersion: this.#sighted.resourceVersion },
      spec: { holderIdentity: '', leaseDurationSeconds: 1 },
    };
    await this.#options.client
      .patch(RESOURCES.leases, this.#options.lease, { type: 'merge', body, timeoutMs: this.#options.times.retryMs })
      .catch((error: unknown) => this.#options.on.error(error));
  }

  #underwayAtMost(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      const done = () => {
        cancel();
        resolve();
      };
      this.#underway.then(done, done);
    });
  }

  #cancel(): void {
    for (const cancel of this.#cancelTimers.splice(0)) cancel();
  }

  async #round(): Promise<void> {
    const { clock, on, times } = this.#options;
    const startedAtMs = clock.monotonic();
    const outcome = await this.#tryToHold().catch((error: unknown) => {
      on.error(error);
      return 'unknown' as const;
    });
    if (this.#stopped) return;
    if (outcome === 'held') this.#hold(startedAtMs);
    else if (outcome === 'other') this.#endTerm('another process holds the Lease');
    this.#cancel();
    if (this.#term !== null) this.#armDeadline();
    const jitter = this.#term === null ? 1 + 0.2 * this.#options.random() : 1;
    this.#cancelTimers.push(clock.after(times.retryMs * jitter, () => this.start()));
  }

  #hold(startedAtMs: number): void {
    this.#renewedAtMs = startedAtMs;
    // An answer that comes after the deadline gives nothing to lead with; the next round renews.
    if (this.#term !== null || !this.#isCurrent) return;
    this.#term = new AbortController();
    this.#options.on.gained(this.#term.signal);
  }

  #armDeadline(): void {
    const { clock, times } = this.#options;
    const left = Math.max(0, this.#renewedAtMs + times.renewDeadlineMs - clock.monotonic());
    this.#cancelTimers.push(
      clock.after(left, () => this.#endTerm(`the Lease could not be renewed for ${times.renewDeadlineMs} ms`)),
    );
  }

  #endTerm(why: string): void {
    const term = this.#term;
    if (term === null) return;
    this.#term = null;
    term.abort(new Error(`leadership lost: ${why}`));
    this.#options.on.lost(why);
  }

  async #tryToHold(): Promise<'held' | 'other'> {
    const { client, lease, times } = this.#options;
    const timeoutMs = times.renewDeadlineMs / 2;
    // The holder renews with the version it last wrote: one request, and a conflict tells that somebody else wrote.
    if (this.#term !== null && this.#sighted !== null) {
      const renewed = await this.#write(this.#sighted, timeoutMs);
      if (renewed !== 'conflict') return 'held';
    }
    const found = await client.get(RESOURCES.leases, lease, { timeoutMs });
    if (this.#stopped) return 'other';
    if (found === undefined) return this.#create(timeoutMs);
    const sighted = this.#see(found);
    const mine = sighted.holder === this.#options.identity;
    if (!mine && sighted.holder !== '' && this.#options.clock.monotonic() < sighted.atMs + sighted.leaseMs) {
      this.#options.on.following(sighted.holder);
      return 'other';
    }
    return (await this.#write(sighted, timeoutMs)) === 'conflict' ? 'other' : 'held';
  }

  #see(lease: KubeObject): Sighted {
    const spec = (lease['spec'] ?? {}) as { holderIdentity?: unknown; leaseDurationSeconds?: unknown };
    const { resourceVersion } = lease.metadata;
    if (this.#sighted?.resourceVersion === resourceVersion) return this.#sighted;
    const seconds =
      typeof spec.leaseDurationSeconds === 'number' ? spec.leaseDurationSeconds : this.#options.times.leaseMs / 1000;
    const holder = typeof spec.holderIdentity === 'string' ? spec.holderIdentity : '';
    this.#sighted = { resourceVersion, holder, leaseMs: seconds * 1000, atMs: this.#options.clock.monotonic() };
    return this.#sighted;
  }

  #spec(): Record<string, unknown> {
    const { clock, identity, times } = this.#options;
    // Whole microseconds, as metav1.MicroTime is written.
    const renewTime = new Date(clock.now()).toISOString().replace('Z', '000Z');
    return { holderIdentity: identity, leaseDurationSeconds: Math.ceil(times.leaseMs / 1000), renewTime };
  }

  async #create(timeoutMs: number): Promise<'held' | 'other'> {
    const { client, lease } = this.#options;
    const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { ...lease }, spec: this.#spec() };
    try {
      this.#see(await client.create(RESOURCES.leases, object, { timeoutMs }));
      return 'held';
    } catch (error) {
      if (error instanceof KubeError && error.code === 'AlreadyExists') return 'other';
      throw error;
    }
  }

  async #write({ resourceVersion }: Sighted, timeoutMs: number): Promise<'held' | 'conflict'> {
    const { client, lease } = this.#options;
    const body = { metadata: { resourceVersion }, spec: this.#spec() };
    try {
      this.#see(await client.patch(RESOURCES.leases, lease, { type: 'merge', body, timeoutMs }));
      return 'held';
    } catch (error) {
      if (error instanceof KubeError && (error.code === 'Conflict' || error.code === 'NotFound')) return 'conflict';
      throw error;
    }
  }
}
