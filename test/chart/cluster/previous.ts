// The chart as an earlier version of it may have been: a version lower, a CRD without a column, no admission policy. There is no
// released one yet; from the first release on, the packed chart of the version before belongs here in its place.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from './stage.ts';

export const PREVIOUS_VERSION = '0.0.9';
/** A column of `kubectl get sapp` that the previous CRD has not. */
export const NEW_COLUMN = 'Updated';

/** Writes it into `folder`. */
export function previousChart(folder: string): string {
  const path = join(folder, 'statefulapp-operator');
  cpSync(CHART, path, { recursive: true });
  rmSync(join(path, 'templates/cluster/admissionpolicy.yaml'));
  change(join(path, 'Chart.yaml'), /^((?:app)?[vV]ersion:) .*$/gm, `$1 ${PREVIOUS_VERSION}`);
  change(join(path, 'templates/crd.yaml'), new RegExp(` +- name: ${NEW_COLUMN}\n(?: +(?!- )\\S.*\n)+`), '');
  return path;
}

/** Throws where nothing is to be changed: the previous chart would be the present one. */
function change(file: string, what: RegExp, to: string): void {
  const text = readFileSync(file, 'utf8');
  const changed = text.replace(what, to);
  if (changed === text)
    throw new Error(`${file} has nothing like ${what}: bring test/chart/cluster/previous.ts up to date.`);
  writeFileSync(file, changed);
}
