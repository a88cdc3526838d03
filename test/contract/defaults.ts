// What the API server fills in for each kind, and what it refuses to store.
import { expect } from 'vitest';
import { PLURAL } from '../../src/api/names.ts';
import { type Behaviour, causesOf, refusal, type Stage, told } from './stage.ts';
import { markerOf, podSpec } from './trace-content.ts';
import type { Reply } from './wire-call.ts';

const pod = (metadata: object, spec: object = podSpec('registry/a:1')) => ({ metadata, spec });

const tried = (s: Stage, spec: object, query = 'dryRun=All&fieldValidation=Strict') =>
  s.ask('POST', `/api/v1/namespaces/${s.namespace}/podtemplates?${query}`, {
    metadata: { name: 'a' },
    template: { metadata: { labels: { app: 'web' } }, spec },
  });

const templateOf = (reply: Reply) => (told(reply) as unknown as { readonly template: unknown }).template;

/** As short as can be, and with all that the API server would fill in. */
const SHORT = { containers: [{ name: 'main', image: 'registry/a:1', ports: [{ containerPort: 80 }] }] };
const WRITTEN_OUT = {
  containers: [
    {
      name: 'main',
      image: 'registry/a:1',
      imagePullPolicy: 'IfNotPresent',
      ports: [{ containerPort: 80, protocol: 'TCP' }],
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
    },
  ],
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
  terminationGracePeriodSeconds: 30,
};

export const DEFAULTS: readonly Behaviour[] = [
  [
    'a template is the same with its defaults written out, and without them',
    async (s) => {
      const short = templateOf(await tried(s, SHORT));
      expect((short as { readonly spec: unknown }).spec).toEqual(WRITTEN_OUT);
      expect(templateOf(await tried(s, WRITTEN_OUT))).toEqual(short);
    },
  ],
  [
    'a template with another value than the default is another one',
    async (s) => {
      const [main] = SHORT.containers;
      const untagged = { containers: [{ ...main, image: 'registry/a' }] };
      const always = { containers: [{ ...main, image: 'registry/a', imagePullPolicy: 'Always' }] };
      const never = { containers: [{ ...main, image: 'registry/a', imagePullPolicy: 'IfNotPresent' }] };
      const short = templateOf(await tried(s, untagged));
      expect(templateOf(await tried(s, always))).toEqual(short);
      expect(templateOf(await tried(s, never))).not.toEqual(short);
    },
  ],
  [
    'a template without an image is Invalid there',
    async (s) => {
      const refused = await tried(s, { containers: [{ name: 'main' }] });
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['template.spec.containers[0].image']]);
    },
  ],
  [
    'a field that there is not is a BadRequest for whoever asks for strict decoding, and for nobody else',
    async (s) => {
      const misspelt = {
        ...SHORT,
        dnsPolice: 'None',
        containers: [{ ...SHORT.containers[0], imagePullPolice: 'Never' }],
      };
      const refused = await tried(s, misspelt);
      expect(refusal(refused)).toBe('400 BadRequest');
      for (const words of [
        'strict decoding error',
        '"template.spec.dnsPolice"',
        '"template.spec.containers[0].imagePullPolice"',
      ])
        expect(refused.body['message']).toContain(words);
      expect((await tried(s, misspelt, 'dryRun=All')).status).toBe(201);
      const strict = { query: { dryRun: 'All', fieldValidation: 'Strict' } };
      expect(refusal(await s.create('pods', pod({ name: 'a' }, misspelt), strict))).toBe('400 BadRequest');
      expect((await s.create('pods', pod({ name: 'a' }, SHORT), strict)).status).toBe(201);
    },
  ],
  [
    'a pod gets its defaults, phase Pending and generation 1',
    async (s) => {
      const { spec, status, metadata } = await s.pod('a');
      expect(spec).toMatchObject({
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        enableServiceLinks: true,
      });
      expect(status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
      expect(metadata.generation).toBe(1);
    },
  ],
  [
    'a pod gets the two tolerations that bound its stay on a lost node, unless it has its own',
    async (s) => {
      const own = {
        key: 'node.kubernetes.io/unreachable',
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 9,
      };
      const { spec } = await s.pod('a', { spec: { tolerations: [own] } });
      const added = {
        key: 'node.kubernetes.io/not-ready',
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      };
      expect(spec['tolerations']).toEqual([own, added]);
    },
  ],
  [
    'a pod keeps hostname, subdomain and its volumes as sent',
    async (s) => {
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data-a' } }];
      const sent = { hostname: 'a', subdomain: 'web', volumes, nodeName: 'n' };
      expect((await s.pod('a', { spec: sent })).spec).toMatchObject(sent);
    },
  ],
  [
    'the status that a new object brings along does not count',
    async (s) => {
      const { status } = told(await s.create('pods', { ...pod({ name: 'a' }), status: { phase: 'Running' } }));
      expect(status['phase']).toBe('Pending');
      const { metadata: _name, ...rest } = markerOf(PLURAL);
      const app = told(await s.create(PLURAL, { ...rest, metadata: { name: 'a' }, status: { replicas: 3 } }));
      expect(app.status).toBeUndefined();
    },
  ],
  [
    'a claim is Pending and protected; a claim without access modes is Invalid',
    async (s) => {
      const { metadata, status } = await s.make('persistentvolumeclaims', 'a');
      expect([metadata.finalizers, status['phase']]).toEqual([['kubernetes.io/pvc-protection'], 'Pending']);
      const refused = await s.create('persistentvolumeclaims', {
        metadata: { name: 'b' },
        spec: { resources: { requests: { storage: '1Gi' } } },
      });
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['spec.accessModes']]);
    },
  ],
  [
    'a headless service stays headless; another one gets an address',
    async (s) => {
      expect((await s.make('services', 'a')).spec).toMatchObject({
        clusterIP: 'None',
        clusterIPs: ['None'],
        type: 'ClusterIP',
      });
      const { spec } = await s.make('services', 'b', { spec: { clusterIP: undefined } });
      expect(spec['clusterIP']).toMatch(/^10\.96\.\d+\.\d+$/);
    },
  ],
  [
    'a pod without containers is Invalid',
    async (s) => {
      const refused = await s.create('pods', pod({ name: 'a' }, { containers: [] }));
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['spec.containers']]);
    },
  ],
  [
    'a revision keeps nulls and order of nothing in its data',
    async (s) => {
      const data = { spec: { template: { a: null, b: [null, 1] } } };
      const made = told(await s.create('controllerrevisions', { metadata: { name: 'a' }, revision: 1, data }));
      expect((made as unknown as { data: unknown }).data).toEqual(data);
    },
  ],
  [
    'an app is stored with its defaults and without fields that nobody knows',
    async (s) => {
      const { spec, metadata } = await s.make(PLURAL, 'a', { spec: { nonsense: 1 } });
      expect(spec).toMatchObject({
        replicas: 1,
        podManagementPolicy: 'OrderedReady',
        ordinals: { start: 0, excluded: [] },
      });
      expect(spec).not.toHaveProperty('nonsense');
      expect(metadata.generation).toBe(1);
    },
  ],
  [
    'an app that breaks a rule of ours is Invalid',
    async (s) => {
      const { metadata: _name, spec, ...rest } = markerOf(PLURAL);
      for (const wrong of [{ replicas: -1 }, { podManagementPolicy: 'Sideways' }, { selector: { matchLabels: {} } }]) {
        const refused = await s.create(PLURAL, {
          ...rest,
          metadata: { name: 'a' },
          spec: { ...(spec as object), ...wrong },
        });
        expect(refusal(refused)).toBe('422 Invalid');
      }
    },
  ],
];
