// Where an API server keeps the text that it was sent, it has to be the text that it would write itself.
import { expect, test } from 'vitest';
import { bodyText } from '../../src/kube/body.ts';

test('what Go escapes in JSON is escaped, and means what it meant', () => {
  const body = { command: ['sh', '-c', 'a <b && c >d'], 'k&y': '\u2028\u2029', plain: 'é "\\" \n ☃' };
  const text = bodyText(body);
  expect(JSON.parse(text)).toEqual(body);
  // As Go 1.26's encoding/json writes this value.
  expect(text).toBe(
    String.raw`{"command":["sh","-c","a \u003cb \u0026\u0026 c \u003ed"],"k\u0026y":"\u2028\u2029","plain":"é \"\\\" \n ☃"}`,
  );
});

test('keys that are numbers are in the order of their letters, as all others', () => {
  const body = { spec: { annotations: { a: '1', '9': '2', '10': '3' }, list: [{ b: null, '1': undefined, '0': 1 }] } };
  const text = bodyText(body);
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(body)));
  expect(text).toBe('{"spec":{"annotations":{"10":"3","9":"2","a":"1"},"list":[{"0":1,"b":null}]}}');
});

test('without them nothing is sorted: what came from an API server is, and a text may look like a key', () => {
  expect(bodyText({ b: 1, a: { d: '"9":', c: [undefined] } })).toBe(String.raw`{"b":1,"a":{"d":"\"9\":","c":[null]}}`);
});
