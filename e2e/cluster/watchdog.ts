// Ends a cluster whose owner ended in any way, SIGKILL included. It runs beside the owner, in a session of its own, and
// reads a pipe the owner holds: the pipe closes with the owner. The word "release" before that means all is well.
//
//   node watchdog.ts FOLDER
import { tearDown } from './teardown.ts';

const RELEASE = 'release';

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error('usage: node watchdog.ts FOLDER');

let heard = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk: string) => {
  heard += chunk;
});
process.stdin.once('close', () => {
  if (!heard.includes(RELEASE)) void tearDown(dir);
});
