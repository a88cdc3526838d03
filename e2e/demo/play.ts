// Plays the scenes one after the other on the screen: headline, table, check lines. Stops at the first scene that is not
// as promised, since the later ones build on it.
import { setTimeout as pause } from 'node:timers/promises';
import { SCENES, type Scene, type Stage } from './scenes.ts';
import type { Screen } from './screen.ts';
import type { Setting } from './setting.ts';
import { rowsOf } from './table.ts';

/** Far more than a busy machine needs for any step. */
const DEADLINE_MS = 60_000;
/** On a terminal, for people to read what was shown. */
const READ_MS = 1_000;

export interface Outcome {
  readonly passed: number;
  readonly scenes: number;
  /** The operator's requests until the first members were up; undefined when not known. */
  readonly requests: number | undefined;
}

export async function play(setting: Setting, screen: Screen): Promise<Outcome> {
  const { witness, operator } = setting;
  await witness.synced({ deadlineMs: DEADLINE_MS, ended: operator.ended });
  const stopDrawing = witness.onChange(() => screen.table(rowsOf(witness.view)));
  let passed = 0;
  let requests: number | undefined;
  for (const [index, scene] of SCENES.entries()) {
    screen.line(`\n${screen.paint('bold', `${index + 1}/${SCENES.length}  ${scene.title}`)}`);
    if (!(await playScene(scene, setting, screen))) break;
    passed += 1;
    if (index === 0) requests = await operator.requests();
    await rest(screen);
  }
  stopDrawing();
  return { passed, scenes: SCENES.length, requests };
}

async function playScene(scene: Scene, setting: Setting, screen: Screen): Promise<boolean> {
  const tell = (good: boolean, text: string) =>
    screen.line(`  ${good ? screen.paint('green', '✓') : screen.paint('red', '✗')} ${text}`);
  try {
    const checks = await scene.play(stageOf(setting, screen));
    screen.freeze();
    for (const { expected, breaches } of checks) {
      if (breaches.length === 0) tell(true, expected);
      else tell(false, `expected: ${expected}\n    seen: ${breaches.join('; ')}`);
    }
    if (checks.every(({ breaches }) => breaches.length === 0)) return true;
  } catch (error) {
    screen.freeze();
    tell(false, error instanceof Error ? error.message : String(error));
  }
  screen.line(circumstances(setting));
  return false;
}

function stageOf({ user, operator, witness, addressed }: Setting, screen: Screen): Stage {
  return {
    view: witness.view,
    mark: () => ({ events: witness.history, from: witness.history.length }),
    user,
    addressed,
    until: (lack) => witness.until(lack, { deadlineMs: DEADLINE_MS, ended: operator.ended }),
    rest: () => rest(screen),
  };
}

async function rest({ isLive }: Screen): Promise<void> {
  if (isLive) await pause(READ_MS);
}

/** What one wants to know when it went wrong. */
function circumstances({ operator, witness }: Setting): string {
  const conditions = witness.view.app?.status?.conditions ?? [];
  return [
    '',
    'Conditions of the app:',
    ...conditions.map(({ type, status, reason, message }) => `  ${type}=${status} ${reason ?? ''}: ${message ?? ''}`),
    ...(conditions.length === 0 ? ['  none'] : []),
    `The end of the operator's log (${operator.logPlace}):`,
    operator.lastLines().replace(/^/gm, '  '),
  ].join('\n');
}
