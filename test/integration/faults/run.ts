// One run of a workflow in a namespace of its own, with as many crashes as are planned, and the judgement of it: did it come
// to the expected end, and was anything done on the way that the workflow does not call for.

import type { Exchange } from '../../../e2e/faults/proxy.ts';
import { isWrite, preconditionUid, wordsOf } from '../../../e2e/faults/requests.ts';
import type { Upstream } from '../../../e2e/faults/upstream.ts';
import type { Telemetry } from '../../../src/operator/telemetry.ts';
import { isReady, type Scene, type Stage } from '../stage.ts';
import { difference, endState, marked } from './end-state.ts';
import { type Ambush, type Instance, isAct, startInstance } from './instance.ts';
import type { Workflow } from './workflows.ts';

/** What all runs share. */
export interface Ground {
  readonly stage: Stage;
  readonly upstream: Upstream;
  readonly telemetry: Telemetry;
}

export interface Plan {
  readonly workflow: Workflow;
  /** How each life but the last one ends. */
  readonly ends: readonly Ending[];
  /** The end of a run without a crash; null in that run itself. */
  readonly expected: string | null;
}

/** Told to a life as it begins, and to the first one when the workflow is set off: brings about its crash. */
export type Ending = (instance: Instance) => void;

export const ambushed =
  (ambush: () => Ambush): Ending =>
  (instance) =>
    instance.ambush(ambush());
export const afterMs =
  (ms: number): Ending =>
  (instance) => {
    const timer = setTimeout(() => instance.crash(), ms);
    void instance.crashed.then(() => clearTimeout(timer));
  };

export interface Run {
  /** How many of the planned crashes came about. */
  readonly crashes: number;
  /** The acts of each life, since the workflow was set off. */
  readonly acts: readonly (readonly Exchange[])[];
  readonly state: string;
  /** What was wrong; empty for a good run. */
  readonly faults: readonly string[];
}

const LIMIT_S = 60;

export async function perform(ground: Ground, { workflow, ends, expected }: Plan): Promise<Run> {
  const scene = await ground.stage.namespace();
  const log: string[] = [];
  const start = () => startInstance({ ...ground, namespaces: [scene.name], lease: scene.name, log });
  let instance = await start();
  const lives = [instance];
  try {
    await workflow.prepare(scene);
    await settled(scene, instance, { holds: () => true });
    const before = marked(scene);
    const prepared = instance.acts().length;
    const isOver = () => (expected === null ? workflow.isOver(scene) : endState(scene, before) === expected);
    ends[0]?.(instance);
    await workflow.trigger(scene);
    for (let next = 1; next <= ends.length; next += 1) {
      const what = await Promise.race([instance.crashed, settled(scene, instance, { holds: isOver })]);
      if (what !== 'crashed') break;
      instance = await start();
      lives.push(instance);
      ends[next]?.(instance);
    }
    const end = await settled(scene, instance, { holds: isOver });
    const acts = lives.map((life, index) => life.acts().slice(index === 0 ? prepared : 0));
    const state = endState(scene, before);
    const faults = [
      ...(end === 'over' ? [] : [`${unfinished(scene, expected, state)}\n      log: ${log.slice(-12).join('      ')}`]),
      ...misdeeds(scene, { workflow, before, acts: lives.flatMap((life) => life.proxy.exchanges).filter(isWrite) }),
      ...log.filter((line) => /"level":"(error|fatal)"/.test(line)),
    ];
    return { crashes: lives.length - 1, acts, state, faults };
  } finally {
    await Promise.all(lives.map((life) => life.end()));
  }
}

/** Renewals without an act, 400 ms apart: mere progress is told up to 800 ms after the status before it, and after a moment more. */
const CALM = 4;

/**
 * Resolves once the condition holds while the operator has had nothing to write for so many renewals of its Lease; told by
 * events of either. "late": it did not come to that.
 */
export function settled(
  scene: Scene,
  instance: Instance,
  { holds, seconds = LIMIT_S }: { readonly holds: () => boolean; readonly seconds?: number },
): Promise<'over' | 'late'> {
  return new Promise((resolve) => {
    const check = () => {
      if (instance.calm >= CALM && holds()) finish('over');
    };
    const timer = setTimeout(() => finish('late'), seconds * 1000);
    const deaf: (() => unknown)[] = [];
    const finish = (how: 'over' | 'late') => {
      clearTimeout(timer);
      for (const stop of deaf) stop();
      resolve(how);
    };
    deaf.push(instance.listen(check));
    void instance.crashed.then(() => finish('late'));
    deaf.push(scene.listen(check));
  });
}

function unfinished(scene: Scene, expected: string | null, state: string): string {
  if (expected === null) return `it did not end in ${LIMIT_S} s: ${scene.summary()}`;
  return `it did not end as without a crash in ${LIMIT_S} s:\n${difference(expected, state)}`;
}

interface Record {
  readonly workflow: Workflow;
  readonly before: ReadonlySet<string>;
  /** All writes of all lives. */
  readonly acts: readonly Exchange[];
}

function misdeeds(scene: Scene, { workflow, before, acts }: Record): readonly string[] {
  const found: string[] = [];
  const ended = scene.gone('pods').map(({ metadata }) => metadata.name);
  const inOrder = (names: readonly string[]) => (workflow.removes.length > 0 ? names : [...names].sort()).join();
  if (inOrder(ended) !== inOrder(workflow.ends)) found.push(`pods ended: ${ended}, not: ${workflow.ends}`);
  found.push(...lostClaims(scene, workflow));
  const deletes = acts.filter(({ verb }) => verb === 'delete' || verb === 'deletecollection');
  for (const one of deletes) {
    if (preconditionUid(one) === undefined) found.push(`${wordsOf(one)} names no UID`);
    if (!['pods', 'controllerrevisions', 'persistentvolumeclaims'].includes(one.resource))
      found.push(`${wordsOf(one)}: that may not be deleted`);
  }
  const done = (kind: string) =>
    deletes.filter(({ resource, status = 0 }) => resource === kind && status >= 200 && status < 300);
  const claims = done('persistentvolumeclaims').map(({ name }) => name);
  const { deletesClaims = [] } = workflow;
  if (`${claims}` !== `${deletesClaims}`) found.push(`the operator deleted claims ${claims}, not ${deletesClaims}`);
  const removed = done('pods');
  const names = removed.map(({ name }) => name);
  if (`${names}` !== `${workflow.removes}`) found.push(`the operator deleted ${names}, not ${workflow.removes}`);
  for (const one of removed) {
    if (!before.has(preconditionUid(one) ?? '')) found.push(`${wordsOf(one)}: that pod was made during the workflow`);
  }
  const strange = acts.filter((act) => isAct(act) && act.namespace !== scene.name);
  return [...found, ...strange.map((act) => `${wordsOf(act)} is another namespace's`), ...disorder(scene, workflow)];
}

/** From the watch: no claim ends but those that are to, each once, and that very claim: none comes in its place. */
function lostClaims(scene: Scene, { losesClaims = [] }: Workflow): readonly string[] {
  const ended = scene.gone('claims').map(({ metadata }) => metadata.name);
  return `${ended.sort()}` === `${losesClaims}` ? [] : [`claims ended: ${ended}, not: ${losesClaims}`];
}

/** From the watch: when a pod came, none of its name was there, and under OrderedReady every lower one was ready. */
function disorder({ podEvents }: Scene, { parallel = false }: Workflow): readonly string[] {
  const there = new Map<string, boolean>();
  const found: string[] = [];
  for (const { type, pod } of podEvents) {
    const { name, deletionTimestamp } = pod.metadata;
    if (type === 'added') {
      if (there.has(name)) found.push(`${name} came while one of its name was there`);
      const ordinal = Number(name.slice('web-'.length));
      const lower = Array.from({ length: ordinal }, (_, index) => `web-${index}`);
      const missing = lower.filter((one) => there.get(one) !== true);
      if (missing.length > 0 && !parallel) found.push(`${name} came while ${missing} was not ready`);
    }
    if (type === 'deleted') there.delete(name);
    else there.set(name, isReady(pod) && deletionTimestamp === undefined);
  }
  return found;
}
