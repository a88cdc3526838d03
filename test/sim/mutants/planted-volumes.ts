// Bugs in whom claims belong to and which end with whom (persistentVolumeClaimRetentionPolicy). Left out is what nobody
// could see: removals in another order than their members', the UID of a claim not compared once more in the last look
// (the delete names UID and version), and the ledger not asked for each claim (members that it does not name are not looked
// at: 150 seeds did not catch it).

import type { Planted } from './plant.ts';

const TABLE = 'src/volumes/retention.ts';
const PLAN = 'src/plan/retention.ts';
const CLASSES = 'src/volumes/claim-class.ts';
const LAST_LOOK = 'src/operator/reread.ts';

export const BUGS_OF_VOLUMES: readonly Planted[] = [
  {
    name: 'policy table: scaled down under Retain, Retain',
    why: 'claims that are to be kept go with the members that are scaled away (R5)',
    file: TABLE,
    find: "Retain: { wanted: 'nobody', condemned: 'nobody' },",
    replace: "Retain: { wanted: 'nobody', condemned: 'pod' },",
  },
  {
    name: 'policy table: deleted under Retain, Delete',
    why: 'claims that are to be kept go with the app (R5)',
    file: TABLE,
    find: "Delete: { wanted: 'nobody', condemned: 'pod' },",
    replace: "Delete: { wanted: 'app', condemned: 'pod' },",
  },
  {
    name: 'policy table: scaled down under Delete, Retain',
    why: 'claims that only the app is to take go with the members that are scaled away (R5)',
    file: TABLE,
    find: "Retain: { wanted: 'app', condemned: 'app' },",
    replace: "Retain: { wanted: 'app', condemned: 'pod' },",
  },
  {
    name: 'policy table: both Delete',
    why: 'claims of members that are scaled away stay, although they are to go',
    file: TABLE,
    find: "Delete: { wanted: 'app', condemned: 'pod' },",
    replace: "Delete: { wanted: 'app', condemned: 'app' },",
  },
  {
    name: "others' owners dropped",
    why: 'a claim that somebody else holds on to, too, is taken from him (R8)',
    file: TABLE,
    find: 'return wanted === null ? others : [...others, wanted];',
    replace: 'return wanted === null ? others.slice(1) : [wanted];',
  },
  {
    name: 'owner by its name',
    why: 'a former pod of the name counts as the owner, and garbage collection takes the claim',
    file: TABLE,
    find: 'return one?.uid === uid && one.controller;',
    replace: "return one?.uid !== '' && uid !== '' && one?.controller === true;",
  },
  {
    name: 'owner that blocks its deletion',
    why: 'the API server asks for a right that we do without, and a deletion in the foreground waits for claims',
    file: TABLE,
    find: 'name: pod, uid: podUid, controller: true };',
    replace: 'name: pod, uid: podUid, controller: true, ...{ blockOwnerDeletion: true } };',
  },
  {
    name: 'claims of wanted members not rescued',
    why: 'a member that is wanted again before its pod is gone loses its claims with that (R5)',
    file: PLAN,
    find: 'const kept = [...scene.wanted, ...present]',
    replace: "const kept = [...scene.wanted.filter(({ slot }) => slot.state !== 'Terminating'), ...present]",
  },
  {
    name: 'claims left to an app that is to keep them',
    why: 'whenDeleted became Retain, and the claims that were kept when their members went end with the app (R5)',
    file: PLAN,
    find: 'actions: [...actions, ...releases(scene, actions)],',
    replace: 'actions,',
  },
  {
    name: 'only claims that nobody wants leave the app',
    why: 'lost claims of members that are wanted, and those of templates that are gone, end with the app under Retain (R5)',
    file: PLAN,
    find: 'if (ordinal === null || settled.has(view.name) ||',
    replace: 'if (ordinal === null || scene.wanted.some((one) => one.ordinal === ordinal) || settled.has(view.name) ||',
  },
  {
    name: 'pod deleted before its claims are its own',
    why: 'nobody is left to own them, and a crash in between leaves them for ever',
    file: 'src/plan/drain.ts',
    find: 'const owning = keepings(scene, member);',
    replace: 'const owning = keepings(scene, member).slice(goes ? 9 : 0);',
  },
  {
    name: 'owners set on claims that are not ours',
    why: 'a claim without our stamps, or of another UID, ends with our member (R8)',
    file: PLAN,
    find: "return [...claims, ...others].filter((claim) => claim.class === 'Usable');",
    replace:
      "return [...claims, ...others].filter((claim) => claim.class === 'Usable' || claim.class === 'Unstamped');",
  },
  {
    name: 'foreign controller taken over',
    why: "another controller's claim gets a second controller, or loses its own (R8)",
    file: CLASSES,
    find: 'if (view.controller !== null && view.controller.uid !== appUid && !isKin(view.controller, claimant)) {',
    replace: "if (view.controller !== null && view.controller.uid === '' && !isKin(view.controller, claimant)) {",
  },
  {
    name: 'doomed claim used',
    why: 'a member starts on a claim that garbage collection is about to take',
    file: CLASSES,
    find: "  if (isDoomed(view, claimant)) return { class: 'Doomed' };\n",
    replace: '',
  },
  {
    name: 'claim deleted while its member is wanted',
    why: 'a member that waits for its pod loses its claims (R5)',
    file: 'src/plan/scene.ts',
    find: 'departed: unwanted.filter((member) => isDeparted(setting, member)),',
    replace:
      'departed: [...unwanted, ...enumerate(ranges).map((ordinal) => buildMember(setting, sources, { ordinal, rank: null }))].filter((member) => isDeparted(setting, member)),',
  },
  {
    name: 'end of claims not announced',
    why: 'data goes before the status says so (R5)',
    file: 'src/plan/plan.ts',
    find: 'isUnannounced(scene, actions, members) ||',
    replace: '(isUnannounced(scene, actions, members) && false) ||',
  },
  {
    name: 'generation not compared before a claim is deleted',
    why: 'the app was read afresh and says now that the member is wanted (R3)',
    file: LAST_LOOK,
    find: 'confirmSpec(hands, job),\n    hands.client.get(RESOURCES.persistentvolumeclaims,',
    replace: 'confirmOwner(hands, job),\n    hands.client.get(RESOURCES.persistentvolumeclaims,',
  },
  {
    name: 'pod not read before a claim is deleted',
    why: 'the claim goes while a pod of the name, that no watch shows, runs on it (R7)',
    file: LAST_LOOK,
    find: "isRebuilt ? false : look(hands, job, { kind: 'Pod', name: member })",
    replace: 'Promise.resolve(false)',
  },
  {
    name: 'claims made without their owner',
    why: 'a claim outlives its app until a pass puts that right, and an app that goes before takes nothing with it',
    file: 'src/volumes/claim-build.ts',
    find: '...(ownedByApp ? {',
    replace: "...(ownedByApp && app.uid === '' ? {",
  },
  {
    name: 'owner set for an app that is gone',
    why: 'garbage collection takes claims with an app that was deleted before (R8)',
    file: 'src/operator/perform.ts',
    find: "if (action.keeper !== 'nobody') await confirmSpec(hands, job);",
    replace: "if (action.keeper === 'pod') await confirmSpec(hands, job);",
  },
  {
    name: 'owner set by a policy that has changed',
    why: 'the app was read afresh and keeps its claims now, and they are given to it or to the pod (R3, R5)',
    file: 'src/operator/perform.ts',
    find: "if (action.keeper !== 'nobody') await confirmSpec(hands, job);",
    replace: "if (action.keeper !== 'nobody') await confirmOwner(hands, job);",
  },
];
