// Writes what is generated from the sources: the CRD. `npm run generate`; test/api/crd.test.ts fails when it is not
// current.
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { customResourceDefinition } from '../src/api/crd.ts';

const path = new URL('../crds/statefulapps.statefulapp.dev.yaml', import.meta.url);
const head = '# Generated from src/api by `npm run generate`; edit there.\n';

/** The text of crds/statefulapps.statefulapp.dev.yaml. */
export function crdText(): string {
  return head + stringify(customResourceDefinition(), { aliasDuplicateObjects: false, lineWidth: 0 });
}

if (import.meta.main) writeFileSync(path, crdText());
