// What tests of updates share: templates that differ, who runs which, and how many members were away by the operator's own
// hand, as the watch stream has it. Lacks anything that knows the operator's plans.

import type { KubeObject } from '../../../src/kube/objects.ts';
import { mostAwayOf } from '../budget.ts';
import { type App, condition, isReady, type Scene, statusOf } from '../stage.ts';

export const PLAY = 'kwok.statefulapp.dev/play';
export const START_AFTER = 'kwok.statefulapp.dev/start-after';
export const NO_IMAGE = 'registry.example/does-not-exist:1';

export interface TemplateOptions {
  /** Null takes one off, in an edit. */
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly podSpec?: Readonly<Record<string, unknown>>;
  readonly container?: Readonly<Record<string, unknown>>;
}

/** A template of app web: as part of a spec, for a start or for an edit. */
export function template(image: string, { annotations = {}, podSpec = {}, container = {} }: TemplateOptions = {}) {
  return {
    template: {
      metadata: { labels: { app: 'web' }, annotations },
      spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image, ...container }], ...podSpec },
    },
  };
}
export const A = template('a:1');
export const B = template('b:2');
export const BAD = template(NO_IMAGE);

/** Of a template whose members are held up: each becomes Ready when it is told to (`Scene.play`). */
export const HELD = { annotations: { [PLAY]: 'never-ready' } };

export const rolling = (rollingUpdate: object) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });

export const hashOf = (pod: KubeObject | undefined): string | undefined =>
  pod?.metadata.labels?.['controller-revision-hash'];
export const imageOf = (pod: KubeObject | undefined): string | undefined =>
  ((pod?.['spec'] ?? {}) as { containers?: readonly { image: string }[] }).containers?.[0]?.image;

/** Not those of witnesses (Scene.twoRounds). */
export const isOfWeb = ({ metadata }: KubeObject): boolean => metadata.name.startsWith('web-');
export const revisionsOf = (scene: Scene): readonly KubeObject[] => scene.revisions().filter(isOfWeb);
export const madeFor = (scene: Scene): readonly string[] =>
  scene
    .made('pods')
    .filter(isOfWeb)
    .map((pod) => `${pod.metadata.name} ${imageOf(pod)}`);
/** Names of the pods that are gone, in order. */
export const goneOf = (scene: Scene): readonly string[] =>
  scene
    .gone('pods')
    .filter(isOfWeb)
    .map(({ metadata }) => metadata.name);
/** Images of the members that are there, lowest ordinal first. */
export const images = (scene: Scene): readonly (string | undefined)[] =>
  scene
    .pods()
    .filter(isOfWeb)
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }))
    .map(imageOf);

/** The watch may be a moment behind. */
function unlessGone(error: unknown): void {
  if ((error as { readonly code?: string }).code !== 'NotFound') throw error;
}

/** From now on those that are held up become Ready as they come; the result ends that. */
export function release(scene: Scene): () => void {
  const told = new Set<string>();
  return scene.listen(() => {
    for (const { metadata } of scene.pods()) {
      if (metadata.annotations?.[PLAY] !== 'never-ready' || metadata.deletionTimestamp || told.has(metadata.uid))
        continue;
      told.add(metadata.uid);
      void scene.play(metadata.name, null).catch(unlessGone);
    }
  });
}

interface ContainerStatuses {
  readonly containerStatuses?: readonly { readonly state?: { readonly waiting?: { readonly reason?: string } } }[];
}
export const waitsForImage = (scene: Scene, name: string): boolean =>
  (statusOf(scene.pod(name)) as ContainerStatuses).containerStatuses?.some(
    ({ state }) => state?.waiting?.reason === 'ImagePullBackOff',
  ) === true;

/** Resolves once the members have these images, lowest ordinal first, and all are Ready. */
export function run(scene: Scene, expected: readonly string[], seconds = 60): Promise<boolean> {
  return scene.until(
    `members to run ${expected.join(', ')}`,
    () => images(scene).join() === expected.join() && scene.pods().filter(isOfWeb).every(isReady),
    seconds,
  );
}

/** Resolves with the app once the update has ended: all at the revision of the template, and told so. */
export function updated(scene: Scene, seconds = 60): Promise<App> {
  return scene.until(
    'the update to end',
    () => {
      const app = scene.app('web');
      const { observedGeneration, updatedReplicas, currentRevision, updateRevision } = app?.status ?? {};
      const { replicas } = (app?.['spec'] ?? {}) as { readonly replicas?: number };
      return (
        condition(app, 'Ready')?.status === 'True' &&
        observedGeneration === app?.metadata.generation &&
        updatedReplicas === replicas &&
        currentRevision === updateRevision &&
        app
      );
    },
    seconds,
  );
}

/**
 * From the watch stream: the most wanted members that were not available at a moment at which the operator deleted one
 * that was, that one included. 0 when it never did. Deletions of members that are not Ready are not counted: they take
 * nothing away. That it is never more than the spec allows, the stage asks of every test (budget.ts).
 */
export function mostAway({ history, deletedByHand }: Scene, app = 'web'): number {
  return mostAwayOf({ history, app, isOurs: (uid) => !deletedByHand.has(uid) });
}
