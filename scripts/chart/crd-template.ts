// The CRD as a template of the chart. Not in the chart's crds/ folder: Helm installs what is there once, and never upgrades it.

const GENERATED = '{{- /* Generated from src/api by `npm run generate`; edit there. */}}';

/** `crd` is YAML text that begins with comments, and whose metadata has a name only. */
export function crdTemplate(crd: string): string {
  if (crd.includes('{{'))
    throw new Error('The CRD has {{ in it, which Helm would take for a template. Word it differently.');
  const text = crd.replace(/^(#.*\n)+/, '');
  const at = text.match(/^metadata:\n {2}name: .*\n/m)?.[0];
  if (at === undefined)
    throw new Error('The CRD does not begin with metadata and a name: see scripts/chart/crd-template.ts.');
  const metadata = [
    at.trimEnd(),
    '  labels:',
    '    {{- include "statefulapp-operator.labels" . | nindent 4 }}',
    '  annotations:',
    '    # Deleted with the release, it would take every app with it.',
    '    helm.sh/resource-policy: keep',
    '',
  ].join('\n');
  return `{{- if .Values.crds.install }}\n${GENERATED}\n${text.replace(at, metadata)}{{- end }}\n`;
}
