// Whether a pod asks more of a quota than the one whose place it takes. Reads the words of the quota admission plugin, and
// counts what a pod uses as Kubernetes does (pkg/quota/v1/evaluator/core/pods.go, PodUsageFunc; component-helpers/resource,
// PodRequests). Lacks scopes and priority classes: a quota that speaks of neither applies to both pods alike.

import { isObject, listAt, objectAt, stringAt } from '../identity/json.ts';
import { amount } from './quantity.ts';

/** "exceeded quota: NAME, requested: pods=1,requests.cpu=2, used: …": only what the quota has no room for is named. */
const REQUESTED = /requested: ([^ ]+?), used: /;

/**
 * True when the refused pod asks more of a named resource than this one uses, and when that cannot be told: then the pod
 * that is there is not given up.
 */
export function asksMore(refusal: string, pod: unknown): boolean {
  const asked = REQUESTED.exec(refusal)?.[1]?.split(',') ?? [];
  if (asked.length === 0) return true;
  return asked.some((one) => {
    const [resource = '', text = ''] = one.split('=');
    const wanted = amount(text);
    return wanted === null || wanted > usedBy(objectAt(pod, 'spec'), resource);
  });
}

const ONE = amount('1') ?? 0n;
const COUNTED = ['pods', 'count/pods'];

function usedBy(spec: unknown, resource: string): bigint {
  if (COUNTED.includes(resource)) return ONE;
  const [kind, name] = resource.startsWith('limits.')
    ? ['limits', resource.slice('limits.'.length)]
    : ['requests', resource.replace(/^requests\./, '')];
  const asked = (container: unknown) => quantityAt(objectAt(objectAt(container, 'resources'), kind ?? ''), name ?? '');
  return peak(spec, asked) + quantityAt(objectAt(spec, 'overhead'), name ?? '');
}

/** Init containers run one after the other, beside the sidecars that were started before them. */
function peak(spec: unknown, asked: (container: unknown) => bigint): bigint {
  let sidecars = 0n;
  let highest = 0n;
  for (const container of listAt(spec, 'initContainers')) {
    const one = asked(container);
    if (isObject(container) && stringAt(container, 'restartPolicy') === 'Always') sidecars += one;
    else if (sidecars + one > highest) highest = sidecars + one;
  }
  const running = listAt(spec, 'containers').reduce((sum: bigint, container) => sum + asked(container), sidecars);
  return running > highest ? running : highest;
}

function quantityAt(quantities: unknown, name: string): bigint {
  const value = isObject(quantities) && Object.hasOwn(quantities, name) ? quantities[name] : undefined;
  return amount(typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '0') ?? 0n;
}
