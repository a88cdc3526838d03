// The headless Service under which the members have their DNS names. It exists before the first pod, because bootstrap
// looks peers up. Lacks everything that belongs to users: type, traffic policies, annotations.

import { LABEL } from '../api/names.ts';
import { isObject, listAt, stringAt } from './json.ts';
import { type AppRef, controllerRef } from './owner.ts';

interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly targetPort: number | string;
}

const PORT_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** A Service wants a name on each port, and no port and protocol twice: unnamed ones are named after both. */
function servicePorts(template: unknown): readonly ServicePort[] {
  const ports = new Map<string, ServicePort>();
  for (const container of containers(template)) {
    for (const port of listAt(container, 'ports')) {
      const number = isObject(port) ? port['containerPort'] : undefined;
      if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > 65535) continue;
      const protocol = stringAt(port, 'protocol') ?? 'TCP';
      const given = stringAt(port, 'name');
      const plain = `${protocol.toLowerCase()}-${number}`;
      const names = [given !== undefined && PORT_NAME.test(given) ? given : plain, plain, `${plain}-${ports.size}`];
      const name = names.find((one) => ![...ports.values()].some((other) => other.name === one));
      const key = `${number}/${protocol}`;
      if (!ports.has(key) && name !== undefined) ports.set(key, { name, port: number, protocol, targetPort: number });
    }
  }
  return [...ports.values()];
}

function containers(template: unknown): readonly unknown[] {
  const spec = isObject(template) ? template['spec'] : undefined;
  return listAt(spec, 'containers');
}

/** What we apply afterwards too: only these fields; the ports are set at creation and belong to users from then on. */
export function serviceEssentials(
  selector: unknown,
  app: string,
): {
  readonly clusterIP: 'None';
  readonly publishNotReadyAddresses: true;
  readonly selector: Readonly<Record<string, string>>;
} {
  const labels = isObject(selector) && isObject(selector['matchLabels']) ? selector['matchLabels'] : {};
  const equal = Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  // A Service can only select by equality; with none to use, our own label selects the same pods.
  const chosen = equal.length > 0 ? equal : [[LABEL.app, app] as const];
  return { clusterIP: 'None', publishNotReadyAddresses: true, selector: Object.fromEntries(chosen) };
}

export function buildService(
  app: AppRef,
  name: string,
  from: { readonly selector: unknown; readonly template: unknown },
) {
  const ports = servicePorts(from.template);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: app.namespace,
      labels: { [LABEL.app]: app.name },
      ownerReferences: [controllerRef(app)],
    },
    spec: { ...serviceEssentials(from.selector, app.name), ...(ports.length > 0 ? { ports } : {}) },
  };
}
