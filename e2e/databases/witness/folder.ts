// Reads what the witnesses of one member wrote: the folder on its volume, as this machine sees it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WitnessFiles } from './judgement.ts';

export function readWitness(folder: string): WitnessFiles {
  const within = (part: string) => (existsSync(join(folder, part)) ? readdirSync(join(folder, part)) : []);
  const paths = ['holders', 'meetings'].flatMap((part) => within(part).map((file) => `${part}/${file}`));
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}
