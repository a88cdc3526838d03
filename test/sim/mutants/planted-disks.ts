// Bugs in which disk a member runs on, what people give up by requests, and how claims follow their templates. Left out is what
// a second look makes good: a volume or a disk that the plan does not compare, since the last look before each act does.

import type { Planted } from './plant.ts';

const CLASSES = 'src/volumes/claim-class.ts';
const PERFORM = 'src/operator/perform.ts';
const REMOVAL = 'src/operator/removal.ts';
const LAST_LOOK = 'src/operator/reread.ts';
const TURN = 'src/plan/rebuild-turn.ts';
const DOUBTS = 'src/plan/doubts.ts';

export const BUGS_OF_DISKS: readonly Planted[] = [
  {
    name: 'disk not looked at before the pod is made',
    why: 'a volume was swapped since it was read, and the member starts on an empty disk (R12)',
    file: PERFORM,
    find: '  await confirmDisks(hands, job, { disks, after });\n',
    replace: '',
  },
  {
    name: 'disk not looked at before the pod goes',
    why: 'the pod alone keeps the data, and goes for an update (R12)',
    file: REMOVAL,
    find: '    confirmDisks(hands, job, { disks: victim.disks ?? [] }),\n',
    replace: '',
  },
  {
    name: 'look at a disk good for ever',
    why: 'a volume was swapped while a pod that had stopped was held by a finalizer, and the next one starts on an empty disk (R12)',
    file: 'src/operator/cache.ts',
    find: 'look?.leaving === pod && look.readAtMs >= sinceMs && look.disk !== null',
    replace: 'look?.leaving === pod && look.disk !== null',
  },
  {
    name: 'volume that may not be read counts as the recorded one',
    why: 'the right to read volumes is taken away, and nothing is looked at any more (R7, R12)',
    file: LAST_LOOK,
    find: '(await lookAtVolume(hands, job, { name: volume }))',
    replace: '(await lookAtVolume(hands, job, { name: volume }).catch(() => ({ disk })))',
  },
  {
    name: 'another disk accepted in the last look',
    why: 'the handle behind the volume is another one (R12)',
    file: LAST_LOOK,
    find: 'if (found.disk !== disk) throw',
    replace: "if (found.disk === '') throw",
  },
  {
    name: 'UID of an accepted loss ignored',
    why: 'a request that was left in Git accepts the next loss, too',
    file: CLASSES,
    find: 'claimant.accepts.has(',
    replace: "[...claimant.accepts].some((key) => key.split('=')[0] === name) && Boolean(",
  },
  {
    name: 'request spent not remembered',
    why: 'the disk behind the same claim is swapped again, and the old request accepts that, too',
    file: CLASSES,
    find: ' &&\n    facts.recorded?.accepted !== uid;',
    replace: ';',
  },
  {
    name: 'siblings ignored',
    why: 'a status was lost, one of two claims was, too, and it is made anew, empty',
    file: CLASSES,
    find: "recorded === null && witness !== null ? 'Incomplete' : 'Missing'",
    replace: "recorded === null && witness !== null ? 'Missing' : 'Missing'",
  },
  {
    name: 'claims made under Require',
    why: 'after a disaster members start on empty disks before their claims are restored',
    file: DOUBTS,
    find: "Missing: { Block: 'create', Recreate: 'create', Require: 'block' },",
    replace: "Missing: { Block: 'create', Recreate: 'create', Require: 'create' },",
  },
  {
    name: 'accepted loss makes a claim under Require',
    why: 'what is to be brought back by people only is made, empty',
    file: DOUBTS,
    find: "VERDICTS[found][policy === 'Require' ? 'Require' : 'Recreate']",
    replace: 'VERDICTS[found].Recreate',
  },
  {
    name: 'another claim than the recorded one used',
    why: 'a member starts on whatever has the name of its claim (R12)',
    file: DOUBTS,
    find: "Replaced: { Block: 'block', Recreate: 'use', Require: 'block' },",
    replace: "Replaced: { Block: 'use', Recreate: 'use', Require: 'block' },",
  },
  {
    name: 'UID of a rebuild ignored',
    why: 'a request that was left behind deletes the data of a member again, as soon as it is there',
    file: TURN,
    find: 'keys.has(requestKey({ claim: name, uid: view.uid }))',
    replace: "[...keys].some((key) => key.split('=')[0] === name)",
  },
  {
    name: 'claims found by the beginning of their names',
    why: 'what is asked for data-web-10 deletes data-web-1',
    file: TURN,
    find: 'keys.has(requestKey({ claim: name, uid: view.uid }))',
    replace: '[...keys].some((key) => key.startsWith(name))',
  },
  {
    name: 'rebuild of claims of others',
    why: "somebody else's claim is deleted, because it has a member's name (R8)",
    file: TURN,
    find: "['Foreign', 'Doomed']",
    replace: '[]',
  },
  {
    name: 'rebuild while another is away',
    why: 'the data is deleted that alone would be left',
    file: TURN,
    find: "member.slot.state !== 'Available') ?? null",
    replace: "member.slot.state === 'Vanished') ?? null",
  },
  {
    name: 'rebuild of several at once',
    why: 'all replicas that a request names lose their data at one moment',
    file: TURN,
    find: 'member !== next.member &&',
    replace: '!named.some((one) => one.member === member) &&',
  },
  {
    name: 'rebuild gives up all claims of the member',
    why: 'a claim that nobody named is protected no more',
    file: TURN,
    find: 'return rebuild.claims.some((claim) => claim.name === name);',
    replace: "return rebuild.claims.length > 0 && name !== '';",
  },
  {
    name: 'rebuild deletes the pod first',
    why: 'the pod is made again on the claims that are to go, before they go',
    file: 'src/plan/rebuild.ts',
    find: 'actions: [...removals, pod]',
    replace: 'actions: [pod, ...removals]',
  },
  {
    name: 'rebuild not announced in the ledger',
    why: 'a crash between claim and pod leaves a member that waits for its old data for ever',
    file: 'src/plan/plan.ts',
    find: "action.type === 'createClaim' || ('because' in action && action.because === 'rebuild')",
    replace: "action.type === 'createClaim'",
  },
  {
    name: 'request not read again before a claim is deleted',
    why: 'it was taken off a moment ago, and the data goes all the same (R3)',
    file: LAST_LOOK,
    find: '  if (isRebuilt) confirmRequest(job, app);\n',
    replace: '',
  },
  {
    name: 'growth waits for pods',
    why: 'a pod is broken because its disk is full, and so the disk does not grow',
    file: 'src/plan/growth.ts',
    find: 'if (isGivenUp(scene, member, claim)) return [];',
    replace: "if (isGivenUp(scene, member, claim) || member.slot.state !== 'Available') return [];",
  },
  {
    name: 'claims changed that are not ours',
    why: "somebody else's claim grows, or gets our labels (R8)",
    file: 'src/plan/growth.ts',
    find: "claim.class !== 'Usable') return [];",
    replace: "(claim.class !== 'Usable' && claim.class !== 'Foreign' && claim.class !== 'Unstamped')) return [];",
  },
  {
    name: "others' labels taken off",
    why: 'what a backup tool wrote on a claim goes with the next change',
    file: 'src/volumes/claim-change.ts',
    find: 'const gone = former.filter(',
    replace: 'const gone = [...former, ...Object.keys(now)].filter(',
  },
  {
    name: 'labels of the template left on',
    why: 'what was taken out of the template stays on the claims for ever',
    file: 'src/volumes/claim-change.ts',
    find: 'const gone = former.filter(',
    replace: "const gone = former.filter((key) => key === '').filter(",
  },
  {
    name: 'altered change asked again at once',
    why: 'a webhook sets a label back, and both write for ever',
    file: PERFORM,
    find: 'if (altered.length > 0) throw',
    replace: "if (altered.includes('')) throw",
  },
];
