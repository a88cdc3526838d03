// Bugs in what proves that a pod is dead, and in what follows from it (R1).

import type { Planted } from './plant.ts';

const DEATH = 'src/identity/death.ts';
const LOST = 'src/plan/lost.ts';
const PERFORM = 'src/operator/perform.ts';
const REMOVAL = 'src/operator/removal.ts';

export const BUGS_OF_NODES: readonly Planted[] = [
  {
    name: 'silence proves death',
    why: 'a partitioned node runs on, and its members get a twin',
    file: DEATH,
    find: "return node.fencedBy === null ? null : { by: 'fenced', says: says(node.fencedBy) };",
    replace: "return { by: 'fenced', says: says(node.fencedBy ?? '') };",
  },
  {
    name: 'taint on a node that is well proves death',
    why: 'it was forgotten there, and the members of a healthy node get twins',
    file: DEATH,
    find: '  if (node.ready) return null;\n',
    replace: '',
  },
  {
    name: 'name free at once when its Node is gone',
    why: 'a kubelet lives on without its Node object, and stops the pod only now',
    file: REMOVAL,
    find: "if (proof.by !== 'nodeGone') hands.cache",
    replace: "if (proof.by !== 'confirmedDead') hands.cache",
  },
  {
    name: 'node that no watch shows counts as gone',
    why: 'the watch of nodes is behind, and members of a new node are taken for dead',
    file: DEATH,
    find: "missing.gone ? 'gone' : 'unknown'",
    replace: "missing.gone ? 'gone' : 'gone'",
  },
  {
    name: 'statement about another pod believed',
    why: 'an annotation was copied, and the pod runs',
    file: 'src/identity/pod-view.ts',
    find: "return stated !== undefined && stated === stringAt(metadata, 'uid');",
    replace: 'return stated !== undefined;',
  },
  {
    name: 'lost members replaced where the app waits',
    why: 'nodeFailurePolicy Wait asks for the kubelet`s own word',
    file: LOST,
    find: "scene.spec.nodeFailurePolicy.type === 'Wait' || ",
    replace: '',
  },
  {
    name: 'lost pod given up with the volume that it keeps',
    why: 'its claim is being deleted, and goes with the pod (R12)',
    file: LOST,
    find: ' || volumeRisk(scene, member) !== null) return [];',
    replace: ') return [];',
  },
  {
    name: 'dead node not looked at before its members are made',
    why: 'it came back a moment ago, and the pod that was taken off it is being stopped',
    file: PERFORM,
    find: '  if (deadNode !== undefined) await confirmDeadNode(hands, deadNode);\n',
    replace: '',
  },
];
