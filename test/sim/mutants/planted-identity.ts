// Bugs in src/identity, src/volumes and src/api: whose an object is, and what it tells.

import type { Planted } from './plant.ts';

export const BUGS_OF_IDENTITY: readonly Planted[] = [
  {
    name: 'at-most-one wait skipped',
    why: 'a pod that vanished is made again while a kubelet may still be stopping it (R1)',
    file: 'src/identity/slot.ts',
    find: "if (ending.how !== 'unknown') return { state: 'Empty' };",
    replace: "if (ending.how !== null) return { state: 'Empty' };",
  },
  {
    name: 'grace not counted',
    why: 'the wait for a pod that vanished ends before its grace period does (R1)',
    file: 'src/identity/slot.ts',
    find: 'atMs + graceSeconds * 1000 + KUBELET_SLACK_MS',
    replace: 'atMs + 0 * graceSeconds + KUBELET_SLACK_MS',
  },
  {
    name: 'terminal phase of pod garbage collection believed',
    why: 'a controller that gave a pod up counts as a kubelet that stopped it (R1)',
    file: 'src/identity/pod-view.ts',
    find: '  if (collected) return false;\n',
    replace: '',
  },
  {
    name: 'ended containers believed for good',
    why: 'containers that crashed, and are about to be started again, count as stopped (R1)',
    file: 'src/identity/pod-view.ts',
    find: '    deleting &&\n    containers.length > 0 &&',
    replace: '    (deleting || true) &&\n    containers.length > 0 &&',
  },
  {
    name: 'foreign pod taken as ours',
    why: "a pod of another controller counts as the member's, and may be removed (R8)",
    file: 'src/identity/slot.ts',
    find: 'if (pod.controller !== null && pod.controller.uid !== judge.appUid) {',
    replace: "if (pod.controller !== null && pod.controller.uid === '') {",
  },
  {
    name: 'minReadySeconds ignored',
    why: 'the next member comes before the one below it has proved itself (R6)',
    file: 'src/identity/slot.ts',
    find: "return nowMs >= availableAtMs(pod, minReadySeconds) ? 'Available' : 'Ready';",
    replace: "return nowMs >= availableAtMs(pod, 0 * minReadySeconds) ? 'Available' : 'Ready';",
  },
  {
    name: 'excluded ordinal wanted',
    why: 'the wanted set is off by one behind an excluded ordinal',
    file: 'src/identity/ordinals.ts',
    find: 'from = gap + 1;',
    replace: 'from = gap;',
  },
  {
    name: 'first unwanted ordinal kept',
    why: 'the wanted set is off by one at its end',
    file: 'src/identity/ordinals.ts',
    find: 'ordinal >= range.from && ordinal < range.to',
    replace: 'ordinal >= range.from && ordinal <= range.to',
  },
  {
    name: "another app's claim stamped",
    why: 'two apps whose claims have the same names share a volume (R8)',
    file: 'src/volumes/claim-class.ts',
    find: 'if (sameApp && (view.ordinal === null || view.ordinal === String(ordinal))) return null;',
    replace: "if (sameApp || view.ordinal !== '') return null;",
  },
  {
    name: 'lost volume overlooked',
    why: 'a claim whose volume is gone counts as usable (R12)',
    file: 'src/volumes/claim-class.ts',
    find: "  if (view.phase === 'Lost') return { class: 'Lost' };\n",
    replace: '',
  },
  {
    name: 'lost claim made anew',
    why: 'a member comes back on an empty volume although the app says Block',
    file: 'src/volumes/claim-class.ts',
    find: "if (isProtected(recorded)) return { class: 'Gone' };",
    replace: "if (isProtected(null)) return { class: 'Gone' };",
  },
  {
    name: 'replaced claim used',
    why: "a member comes back on somebody else's volume although the app says Block",
    file: 'src/volumes/claim-class.ts',
    find: 'const other = otherThanRecorded(facts, view);',
    replace: 'const other = otherThanRecorded({ ...facts, recorded: null }, view);',
  },
  {
    name: 'retention owner swapped',
    why: 'garbage collection takes the claims with the app that was to keep them (R5)',
    file: 'src/volumes/claim-build.ts',
    find: '...(ownedByApp ? { ownerReferences: [controllerRef(app)] } : {}),',
    replace:
      "ownerReferences: [{ apiVersion: 'statefulapp.dev/v1alpha1', kind: 'StatefulApp', name: app.name, uid: app.uid }],",
  },
  {
    name: 'unknown value taken as the default',
    why: 'an older operator acts on a newer spec that it does not understand (R13)',
    file: 'src/api/spec.ts',
    find: "    .enum(['Ordered', 'Parallel'])\n",
    replace: "    .enum(['Ordered', 'Parallel'])\n    .catch('Ordered')\n",
  },
];
