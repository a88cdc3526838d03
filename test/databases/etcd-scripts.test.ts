// The scripts beside etcd (examples/etcd/config.yaml), run as they are, with a curl that answers from a file: who is wanted, and
// how a member comes to its cluster. What etcd itself then does, the e2e shows.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { example } from '../../e2e/databases/manifests.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'statefulapp-etcd-'));
  for (const folder of ['scripts', 'data', 'run', 'bin', 'account']) mkdirSync(join(root, folder));
  writeFileSync(join(root, 'account/token'), 'secret');
  // One answer a line: a part of the URL, and what is answered, or "!<exit code>". All that is asked is noted.
  const curl = `#!/bin/sh
    for word; do case $word in http*) url=$word ;; esac; done
    echo "$*" >>${root}/asked
    while IFS='	' read -r part answer; do
      case $url in *"$part"*)
        case $answer in '!'*) exit "\${answer#!}" ;; esac
        echo "$answer"; exit 0 ;;
      esac
    done <${root}/answers
    exit 7`;
  writeFileSync(join(root, 'bin/curl'), curl, { mode: 0o755 });
  const config = example('etcd').find(({ kind }) => kind === 'ConfigMap');
  const paths: readonly (readonly [string, string])[] = [
    ['/var/run/secrets/kubernetes.io/serviceaccount', join(root, 'account')],
    ['/scripts/', `${root}/scripts/`],
    ['/data/', `${root}/data/`],
    ['/run/etcd/', `${root}/run/`],
  ];
  for (const [name, text] of Object.entries(config?.['data'] as Record<string, string>)) {
    const moved = paths.reduce((script, [from, to]) => script.replaceAll(from, to), text);
    writeFileSync(join(root, 'scripts', name), moved);
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function sh(pod: string, script: string, answers: Readonly<Record<string, string>>) {
  const lines = Object.entries(answers).map(([part, answer]) => `${part}\t${answer}\n`);
  writeFileSync(join(root, 'answers'), lines.join(''));
  const env = { PATH: `${join(root, 'bin')}:${process.env['PATH']}`, POD_NAME: pod, NAMESPACE: 'default' };
  const { status, stderr } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8', timeout: 20_000 });
  return { status, stderr };
}

const asked = () => readFileSync(join(root, 'asked'), 'utf8');

describe('who is wanted', () => {
  const object = (spec: object, more: object = {}) =>
    JSON.stringify({
      metadata: {
        annotations: { last: JSON.stringify({ spec: { replicas: 9, ordinals: { excluded: [7], start: 3 } } }) },
        managedFields: [{ fieldsV1: { 'f:spec': { 'f:replicas': {}, 'f:ordinals': {} } } }],
        ...more,
      },
      spec,
      status: { replicas: 5 },
    });
  const spec = (replicas: number, excluded: readonly number[] = [], start = 0) => ({
    ordinals: { excluded, start },
    podManagementPolicy: 'OrderedReady',
    replicas,
    template: {},
  });

  test.each<readonly [what: string, answer: string, wanted: readonly number[]]>([
    ['three of five', object(spec(3)), [0, 1, 2]],
    ['five of five', object(spec(5)), [0, 1, 2, 3, 4]],
    ['with one left out', object(spec(2, [1])), [0, 2]],
    ['with two left out, of two digits', object(spec(2, [0, 11])), [1, 2]],
    ['from another start', object(spec(2, [3], 2)), [2, 4]],
    ['an app that sleeps keeps all', object(spec(0)), [0, 1, 2, 3, 4]],
    [
      'an app that is deleted keeps all',
      object(spec(1), { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      [0, 1, 2, 3, 4],
    ],
    ['an app that is gone keeps all', '!22', [0, 1, 2, 3, 4]],
    ['an API server that is away keeps all', '!28', [0, 1, 2, 3, 4]],
    ['an answer that is none keeps all', 'Forbidden', [0, 1, 2, 3, 4]],
  ])('%s', (_, answer, wanted) => {
    const ask = `. ${root}/scripts/cluster.sh; wanted`;
    const found = [0, 1, 2, 3, 4].filter(
      (ordinal) => sh(`etcd-${ordinal}`, ask, { statefulapps: answer }).status === 0,
    );
    expect(found).toEqual(wanted);
    expect(asked()).toContain('/namespaces/default/statefulapps/etcd?');
  });
});

const member = (ordinal: number, more = '"name":"etcd-%","clientURLs":["http://x"]') =>
  `{"ID":"10${ordinal}", "peerURLs":["http://etcd-${ordinal}.etcd:2380"], ${more.replace('%', String(ordinal))}}`;
// As version 3.6 writes it, with spaces.
const list = (...members: readonly string[]) => `{"header":{"member_id":"7"}, "members":[${members.join(', ')}]}`;

describe('how a member joins', () => {
  const config = () => {
    const text = readFileSync(join(root, 'run/etcd.yaml'), 'utf8');
    return Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => line.split(/: (.*)/)),
    );
  };
  const join_ = (pod: string, answers: Readonly<Record<string, string>>) => {
    const { status, stderr } = sh(pod, `sh ${root}/scripts/join.sh`, answers);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    return config();
  };
  const ALONE = { 'etcd-0.etcd': '!7', '.etcd:2380': '!6', 'cluster/member/list': '!7' };

  test('the first begins the cluster', () => {
    const written = join_('etcd-0', ALONE);
    expect(written['initial-cluster-state']).toBe('new');
    expect(written['initial-cluster']).toBe('etcd-0=http://etcd-0.etcd:2380');
    expect(written['name']).toBe('etcd-0');
  });

  test.each<readonly [what: string, answers: Readonly<Record<string, string>>]>([
    ['another pod is there that does not answer', { ...ALONE, 'etcd-4.etcd': '!7' }],
    ['no name is answered at all', { ...ALONE, 'etcd-0.etcd': '!6' }],
  ])('the first waits while %s: its data may have been lost', (_, answers) => {
    // The more telling part first.
    const sorted = Object.fromEntries(Object.entries(answers).toSorted(([a], [b]) => Number(a < b) - Number(a > b)));
    const { stderr } = sh('etcd-0', `timeout 3 sh ${root}/scripts/join.sh`, sorted);
    expect(stderr).toContain('waits for a member that is Ready');
    expect(existsSync(join(root, 'run/etcd.yaml'))).toBe(false);
  });

  test('with data it goes on, whether others answer or not', () => {
    mkdirSync(join(root, 'data/etcd/member'), { recursive: true });
    expect(join_('etcd-1', ALONE)['initial-cluster-state']).toBe('existing');
    join_('etcd-1', { 'cluster/member/list': list(member(0), member(1)) });
    expect(existsSync(join(root, 'data/etcd/member'))).toBe(true);
    expect(asked()).not.toMatch(/member\/(add|remove)/);
  });

  test('a member that is known and has not run yet is not added twice', () => {
    const written = join_('etcd-2', {
      'cluster/member/list': list(member(0), member(1), member(2, '"isLearner":true')),
    });
    expect(asked()).not.toMatch(/member\/(add|remove)/);
    expect(written['initial-cluster']).toBe(
      'etcd-0=http://etcd-0.etcd:2380,etcd-1=http://etcd-1.etcd:2380,etcd-2=http://etcd-2.etcd:2380',
    );
  });

  test('one that has lost its data is taken out and added as a learner', () => {
    const known = list(member(0), member(1), member(2));
    join_('etcd-1', { 'member/list': known, 'member/remove': '{}', 'member/add': '{}' });
    const changes = [...asked().matchAll(/--data (\{.*?\}) \S*member\/(add|remove)/g)].map(([, body, what]) => [
      what,
      body,
    ]);
    expect(changes).toEqual([
      ['remove', '{"ID":"101"}'],
      ['add', '{"peerURLs":["http://etcd-1.etcd:2380"],"isLearner":true}'],
    ]);
  });

  test.each(['it left by itself', 'somebody removed it'])(
    'one that is out of the cluster, since %s, keeps its data aside',
    (why) => {
      mkdirSync(join(root, 'data/etcd/member'), { recursive: true });
      if (why === 'it left by itself') writeFileSync(join(root, 'data/removed'), '');
      // Not in the list before it is added.
      const { status } = sh('etcd-3', `timeout 3 sh ${root}/scripts/join.sh`, {
        'member/list': list(member(0)),
        'member/add': '{}',
      });
      expect(status).toBe(124); // it waits to see itself in the list
      expect(asked()).toContain('"isLearner":true');
      expect([existsSync(join(root, 'data/etcd')), existsSync(join(root, 'data/etcd.removed/member'))]).toEqual([
        false,
        true,
      ]);
      expect(existsSync(join(root, 'data/removed'))).toBe(false);
    },
  );
});
