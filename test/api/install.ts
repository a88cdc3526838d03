// Puts the CRD into a real API server: as it is, or without any validation, to store what could be stored before a rule
// existed.
import { setTimeout as sleep } from 'node:timers/promises';
import { customResourceDefinition } from '../../src/api/crd.ts';
import { GROUP, PLURAL } from '../../src/api/names.ts';
import type { Fields } from './apps.ts';
import { done, type Reply, type Server } from './server.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const PATH = `${CRDS}/${PLURAL}.${GROUP}`;

export interface Condition {
  readonly type: string;
  readonly status: string;
}
interface Crd {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: { readonly versions: readonly [Fields] };
  readonly status?: { readonly conditions?: readonly Condition[] };
}
const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** The CRD as it is in crds/. */
export const strict = () => customResourceDefinition() as unknown as Crd;

/** The same names, and a schema that admits everything; no scale, which has checks of its own. */
export function lax(): Crd {
  const crd = strict();
  const [version] = crd.spec.versions;
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } };
  return { ...crd, spec: { ...crd.spec, versions: [{ ...version, schema, subresources: { status: {} } }] } };
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`after 30 s still not: ${what}`);
    await sleep(50);
  }
}

const read = async (server: Server) => (await done(server('GET', PATH))) as unknown as Crd;

/** Creates it; its conditions once it is established. */
export async function install(server: Server, crd: Crd): Promise<readonly Condition[]> {
  await done(server('POST', CRDS, crd));
  const conditions = async () => (await read(server)).status?.conditions ?? [];
  const established = ({ type, status }: Condition) => type === 'Established' && status === 'True';
  await until('Established', async () => (await conditions()).some(established));
  return conditions();
}

/** Puts another one in its place, and waits until `probe` says that it applies: the server takes a moment. */
export async function replace(server: Server, crd: Crd, probe: () => Promise<boolean>): Promise<void> {
  const { resourceVersion } = (await read(server)).metadata;
  await done(server('PUT', PATH, { ...crd, metadata: { ...crd.metadata, resourceVersion } }));
  await until('the new schema applies', probe);
}

/** Waits until apps can be listed, which is a moment later than Established. */
export const served = (list: () => Promise<Reply>) => until('served', async () => (await list()).status === 200);
