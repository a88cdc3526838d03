// What a template means to an API server: what it would fill in is left out, by code of its own. Lacks all defaults but
// those that users of a run write out (chaos/rollouts.ts).

import { isObject, listAt, objectAt } from '../../../src/identity/json.ts';
import { textOf } from './text.ts';

const SPEC: Readonly<Record<string, unknown>> = {
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
  terminationGracePeriodSeconds: 30,
};
/** Every image of a run has a tag. */
const CONTAINER: Readonly<Record<string, unknown>> = {
  imagePullPolicy: 'IfNotPresent',
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
};

function without(value: unknown, defaults: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(isObject(value) ? value : {});
  return Object.fromEntries(entries.filter(([key, item]) => textOf(item) !== textOf(defaults[key])));
}

/** Without what goes without saying. */
export function shortened(template: unknown): unknown {
  const spec = objectAt(template, 'spec');
  const containers = listAt(spec, 'containers').map((container) => without(container, CONTAINER));
  const metadata = objectAt(template, 'metadata');
  const [labels, annotations] = [objectAt(metadata, 'labels'), objectAt(metadata, 'annotations')];
  return { labels, annotations, spec: { ...without(spec, SPEC), containers } };
}
