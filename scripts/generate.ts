// Writes what is generated from the sources: the CRD. `npm run generate`; test/api/crd.test.ts fails when it is not
// current.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { customResourceDefinition } from '../src/api/crd.ts';

const self = fileURLToPath(import.meta.url);
const path = new URL('../crds/statefulapps.statefulapp.dev.yaml', import.meta.url);
const head = '# Generated from src/api by `npm run generate`; edit there.\n';

/** The text of crds/statefulapps.statefulapp.dev.yaml. */
export function crdText(): string {
  return head + stringify(customResourceDefinition(), { aliasDuplicateObjects: false, lineWidth: 0 });
}

// Not import.meta.main: Node 22 has none.
if (process.argv[1] === self) writeFileSync(path, crdText());
