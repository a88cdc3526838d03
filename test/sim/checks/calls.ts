// Which requests are writes, and of what.

import type { Call } from '../server/types.ts';

export const OWNED = ['pods', 'persistentvolumeclaims', 'services', 'controllerrevisions'];

const READS = ['get', 'list', 'watch'];

export const isWrite = ({ verb, query }: Call) => !READS.includes(verb) && query['dryRun'] === undefined;

export const isStatus = ({ subresource }: Call) => subresource === 'status';
