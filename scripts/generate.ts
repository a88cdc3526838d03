// Writes what is generated from the sources: the CRD, the same as a template of the chart, and the schema of the chart's values.
// `npm run generate`; test/api/crd.test.ts and test/chart fail when one is not current.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { customResourceDefinition } from '../src/api/crd.ts';
import { crdTemplate } from './chart/crd-template.ts';
import { valuesJsonSchema } from './chart/values.ts';

const self = fileURLToPath(import.meta.url);
const head = '# Generated from src/api by `npm run generate`; edit there.\n';

/** The text of crds/statefulapps.statefulapp.dev.yaml. */
export function crdText(): string {
  return head + stringify(customResourceDefinition(), { aliasDuplicateObjects: false, lineWidth: 0 });
}

/** Path below the checkout -> text. */
export function generated(): Readonly<Record<string, string>> {
  return {
    'crds/statefulapps.statefulapp.dev.yaml': crdText(),
    'charts/statefulapp-operator/templates/crd.yaml': crdTemplate(crdText()),
    'charts/statefulapp-operator/values.schema.json': `${JSON.stringify(valuesJsonSchema(), null, 2)}\n`,
  };
}

// Not import.meta.main: Node 22 has none.
if (process.argv[1] === self) {
  for (const [path, text] of Object.entries(generated())) writeFileSync(new URL(`../${path}`, import.meta.url), text);
}
