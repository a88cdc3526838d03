// How claims follow their templates: what an operator may change on one (R8), at each commit, and what has to be so in the end,
// whatever the pods do: bound claims of ours ask for what the template says, as far as the API server takes it, and carry
// its labels and annotations. Read from raw objects; lacks claims that are not ours beyond doubt.

import { ANNOTATION, LABEL } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import { amount } from '../../../src/volumes/quantity.ts';
import { claimsOf } from '../control/reading.ts';
import type { SimServer } from '../server/server.ts';
import type { Stored } from '../server/types.ts';
import { diskOf } from './disks.ts';
import { controllerOf, fieldOf, isDeleting, phaseOf, wantedOf } from './facts.ts';
import { podIn, servedIn } from './keepers.ts';
import { textOf } from './text.ts';

type Texts = Readonly<Record<string, string>>;
const OURS: readonly string[] = [ANNOTATION.appUid, ANNOTATION.ordinal, ANNOTATION.siblings, ANNOTATION.templateKeys];
/** What the run's webhook sets labels to. */
export const ALTERED = 'as-the-webhook-says';

const requestOf = (claim: unknown) => fieldOf(claim, 'spec', 'resources', 'requests', 'storage');
const attributesOf = (claim: unknown) => fieldOf(claim, 'spec', 'volumeAttributesClassName');
const textsAt = (object: unknown, field: string) => (fieldOf(object, 'metadata', field) ?? {}) as Texts;

/** The claim's templates, in all versions of its app that there were. */
function templatesOf(apps: readonly StatefulApp[], claim: string): readonly unknown[] {
  return apps.flatMap(({ metadata, spec }) => {
    const place = podIn(metadata.name, claim);
    const template = place && claim.slice(0, -place.pod.length - 1);
    return spec.volumeClaimTemplates.filter((one) => one.metadata.name === template);
  });
}

/** What is wrong with an operator's change of a claim. */
export function followsTemplates(before: Stored, after: Stored, apps: readonly StatefulApp[]): string | undefined {
  const templates = templatesOf(apps, before.metadata.name);
  const keys = (before.metadata.annotations?.[ANNOTATION.templateKeys] ?? '').split(' ');
  const remembered = (after.metadata.annotations?.[ANNOTATION.templateKeys] ?? '').split(' ');
  const selected = apps.map(({ spec }) => (fieldOf(spec.selector, 'matchLabels') ?? {}) as Texts);
  let isStamp = true;
  for (const [field, prefix] of [
    ['labels', 'label:'],
    ['annotations', 'annotation:'],
  ] as const) {
    const [was, is] = [textsAt(before, field), textsAt(after, field)];
    for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
      if (was[key] === is[key] || key === LABEL.app || OURS.includes(key)) continue;
      isStamp = false;
      const isTaken = is[key] === undefined;
      const isAsked =
        is[key] === ALTERED ||
        templates.some((one) => textsAt(one, field)[key] === is[key]) ||
        (field === 'labels' && selected.some((labels) => labels[key] === is[key]));
      if (isTaken && !keys.includes(prefix + key)) return `${field} ${key} is taken off, and came from no template`;
      if (!isTaken && !isAsked) return `${field} ${key} is set to ${is[key]}, as no template says`;
    }
    const isKept = (key: string) =>
      field === 'labels' && (key === LABEL.app || selected.some((labels) => labels[key] !== undefined));
    const left = keys
      .filter((key) => key.startsWith(prefix) && !remembered.includes(key))
      .map((key) => key.slice(prefix.length))
      .find((key) => is[key] !== undefined && is[key] !== ALTERED && !isKept(key));
    if (left !== undefined) return `${field} ${left} is in no template any more, and left as if others had set it`;
  }
  if (textOf(fieldOf(before, 'spec')) !== textOf(fieldOf(after, 'spec'))) {
    isStamp = false;
    const size = requestOf(after);
    if (size !== requestOf(before) && !templates.some((one) => requestOf(one) === size))
      return `it asks for ${String(size)}, as no template says`;
    const attributes = attributesOf(after);
    if (attributes !== attributesOf(before) && !templates.some((one) => attributesOf(one) === attributes))
      return `it is of attributes class ${String(attributes)}, as no template says`;
  }
  const isOurs = isStamp || apps.some((app) => servedIn(app, before) !== undefined);
  return isOurs ? undefined : 'it is not stamped as a claim of this app, and changed';
}

/** Claims that do not follow their templates, though nothing keeps them from it; a clause each. */
export function unfollowed(server: SimServer, app: StatefulApp): readonly string[] {
  const { name, namespace } = app.metadata;
  const isShadowed = server.find('statefulsets', namespace, name) !== undefined;
  if (app.spec.paused || isShadowed || app.metadata.deletionTimestamp !== undefined) return [];
  return wantedOf(app).flatMap((ordinal) =>
    app.spec.volumeClaimTemplates.flatMap((template) => {
      const claim = server.find('persistentvolumeclaims', namespace, `${template.metadata.name}-${name}-${ordinal}`);
      if (claim === undefined || !isSimplyOurs(server, app, { claim, ordinal })) return [];
      return differences(server, claim, template).map((what) => `claim ${claim.metadata.name} ${what}`);
    }),
  );
}

/** Stamped, bound, recorded with the disk that is there, and used by its member. */
function isSimplyOurs(
  server: SimServer,
  app: StatefulApp,
  { claim, ordinal }: { readonly claim: Stored; readonly ordinal: number },
): boolean {
  const { name, namespace, uid } = app.metadata;
  const owner = controllerOf(claim);
  if (servedIn(app, claim) !== ordinal || isDeleting(claim) || phaseOf(claim) !== 'Bound') return false;
  if (owner !== undefined && owner.uid !== uid) return false;
  const entry = app.status?.members?.find((member) => member.ordinal === ordinal);
  const record = entry?.claims?.find((one) => one.name === claim.metadata.name);
  const volume = server.find('persistentvolumes', undefined, String(fieldOf(claim, 'spec', 'volumeName')));
  const isRecorded = record?.uid === claim.metadata.uid && record.unmounted !== true && record.volume !== undefined;
  if (!isRecorded || volume === undefined || record.volume !== volume.metadata.name) return false;
  if (record.disk !== undefined && record.disk !== diskOf(volume)) return false;
  const pod = server.find('pods', namespace, `${name}-${ordinal}`);
  return pod === undefined || (controllerOf(pod)?.uid === uid && claimsOf(pod).includes(claim.metadata.name));
}

function differences(server: SimServer, claim: Stored, template: unknown): readonly string[] {
  const size = (value: unknown) => amount(String(value ?? '')) ?? 0n;
  const [wants, asks, has] = [
    size(requestOf(template)),
    size(requestOf(claim)),
    size(fieldOf(claim, 'status', 'capacity', 'storage')),
  ];
  const storageClass = server.find('storageclasses', undefined, String(fieldOf(claim, 'spec', 'storageClassName')));
  const mayGrow = storageClass?.['allowVolumeExpansion'] === true;
  const isOff = (wants > asks && mayGrow) || (wants < asks && wants > has);
  const attributes = attributesOf(template);
  const unlike = (field: string) =>
    Object.entries(textsAt(template, field)).flatMap(([key, value]) =>
      textsAt(claim, field)[key] === value ? [] : [`lacks ${field} ${key}=${value} of its template`],
    );
  // All of it is one patch: what is forbidden with it waits.
  if (wants > asks && !mayGrow) return [];
  return [
    ...(isOff ? [`asks for ${String(requestOf(claim))}, and its template for ${String(requestOf(template))}`] : []),
    ...(attributes !== undefined && attributes !== attributesOf(claim) ? ['is of another attributes class'] : []),
    ...unlike('labels'),
    ...unlike('annotations'),
  ];
}
