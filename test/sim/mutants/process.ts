// A copy of the simulator and of what it runs, with a bug in it or without, and the process that runs seeds there.

import { fork } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Planted, plant } from './plant.ts';
import { HANGS, type Told } from './told.ts';

export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** No seed takes a hundredth of this time, unless its time stands still. */
const HANGS_AFTER_MS = 60_000;

/** Makes the copy in a new folder; throws when there is no longer the one place to plant the bug in. */
export function copyWith(bug: Planted | undefined, folder: string): void {
  mkdirSync(join(folder, 'test'), { recursive: true });
  for (const path of ['src', 'test/sim', 'package.json'])
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  if (bug === undefined) return;
  const file = join(folder, bug.file);
  writeFileSync(file, plant(readFileSync(file, 'utf8'), bug));
}

export interface Range {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  /** Goes on after a violation. */
  readonly goesOn: boolean;
}

/** All that the seeds broke, in their order: at most one thing, unless it goes on. */
export function huntIn(folder: string, { from, to, steps, goesOn }: Range): Promise<readonly Told[]> {
  const args = [from, to, steps, goesOn ? 1 : 0].map(String);
  return new Promise((resolve, reject) => {
    const child = fork(join(folder, 'test/sim/mutants/hunt.ts'), args, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const broken: Told[] = [];
    let last = from - 1;
    const giveUp = () => {
      broken.push({ seed: last + 1, rule: HANGS, what: 'a seed does not end' });
      child.kill('SIGKILL');
    };
    let watchdog = setTimeout(giveUp, HANGS_AFTER_MS);
    child.on('message', (told: Told) => {
      last = told.seed;
      if (told.rule !== undefined) broken.push(told);
      clearTimeout(watchdog);
      watchdog = setTimeout(giveUp, HANGS_AFTER_MS);
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(watchdog);
      if (broken.length > 0 || last === to) resolve(broken);
      else reject(new Error(`the process that ran seed ${last + 1} in ${folder} ended with ${code} and said nothing`));
    });
  });
}
