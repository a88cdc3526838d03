// Bugs in src/kube: requests, answers and watches.

import type { Planted } from './plant.ts';

export const BUGS_OF_THE_CLIENT: readonly Planted[] = [
  {
    name: 'no UID precondition',
    why: 'a delete hits the successor of the object that it was meant for (R2)',
    file: 'src/kube/writes.ts',
    find: 'preconditions: { uid, resourceVersion },',
    replace: 'preconditions: { resourceVersion },',
  },
  {
    name: 'no version precondition',
    why: 'a delete hits an object that has changed since it was decided on (R2)',
    file: 'src/kube/writes.ts',
    find: 'preconditions: { uid, resourceVersion },',
    replace: 'preconditions: { uid },',
  },
  {
    name: 'fence not asked',
    why: 'a process that lost the Lease writes beside the new leader (R9)',
    file: 'src/kube/writes.ts',
    find: 'const beforeSend = beforeWrite && (() => beforeWrite(description));',
    replace: 'const beforeSend = undefined;',
  },
  {
    name: 'fence asked too early',
    why: 'between the question and the send a connection is made, and the Lease is lost meanwhile (R9)',
    file: 'src/kube/exchange.ts',
    find: '      beforeSend: fence.check,\n',
    replace: '',
  },
  {
    name: 'GET errors read as absent',
    why: 'a timeout or a refused read counts as proof that an object is gone (R7)',
    file: 'src/kube/reads.ts',
    find: 'if (isAbsent(error, name)) return undefined;',
    replace: 'if (error instanceof KubeError) return undefined;',
  },
  {
    name: '404 of a proxy read as absent',
    why: 'a 404 of whoever stands before the API server counts as proof that an object is gone (R7)',
    file: 'src/kube/reads.ts',
    find: "    error.status === 404 &&\n    error.reason === 'NotFound' &&\n    error.details?.['name'] === name\n",
    replace: '    error.status === 404\n',
  },
  {
    name: 'watch resumes after 410',
    why: 'history that the server has forgotten is asked for for ever, and the view stays behind',
    file: 'src/kube/watch.ts',
    find: "    case 'Aborted':\n      return true;\n    case 'Gone':\n",
    replace: "    case 'Aborted':\n    case 'Gone':\n      return true;\n",
  },
  {
    name: 'watch error swallowed',
    why: 'an ERROR event passes unnoticed, and the watch goes on from where nothing can come any more',
    file: 'src/kube/follow.ts',
    find: 'if (line.length > 0) tell(follower, decodeEvent(attempt, line));',
    replace: 'try { if (line.length > 0) tell(follower, decodeEvent(attempt, line)); } catch {}',
  },
  {
    name: 'silent watch trusted',
    why: 'a connection that stands and tells nothing hides the world for ever',
    file: 'src/kube/watch-stream.ts',
    find: '        silentMs = ms;\n        stop();\n',
    replace: '',
  },
  {
    name: 'relist tells no deletions',
    why: 'what went while the watch was cut off stays in the view for ever',
    file: 'src/kube/known-objects.ts',
    find: "        tell({ type: 'deleted', object, observed: 'relist' });\n",
    replace: '',
  },
  {
    name: 'list ends at its first event',
    why: 'all that a list has not told yet counts as gone',
    file: 'src/kube/follow.ts',
    find: "} else if (event.type === 'BOOKMARK' && event.endOfList) {",
    replace: '} else {',
  },
  {
    name: 'own clock trusted',
    why: 'a process whose clock is an hour ahead ends the wait for a kubelet that the one before it has recorded (R1)',
    file: 'src/kube/server-time.ts',
    find: 'const now = () => clock.monotonic() + offsetMs;',
    replace: 'const now = () => clock.now() + 0 * offsetMs;',
  },
];
