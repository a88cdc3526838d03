// Runs before the npm scripts (as their pre-script), on whatever Node the machine has: installs the dependencies when
// they are missing or older than the lock file, and says so when the Node that then runs is still too old. Plain
// JavaScript for old Nodes, built-in modules only: it runs before anything is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

// npm writes node_modules/.package-lock.json: what is installed, package by package. Optional packages may be absent.
function isInstalled() {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return false;
  const present = read('node_modules/.package-lock.json').packages;
  return Object.entries(read('package-lock.json').packages)
    .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.link && !entry.optional)
    .every(([path, entry]) => present[path]?.version === entry.version);
}

function install() {
  console.error('Installing the dependencies (npm ci), once; this takes about 20 s …');
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') || npm?.endsWith('.cjs') ? [process.execPath, [npm]] : ['npm', []];
  const result = spawnSync(command, [...first, 'ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0) {
    console.error(
      `npm ci failed (exit ${result.status ?? result.signal}). Run 'npm ci' in ${root} to see why, then try again.`,
    );
    process.exit(1);
  }
}

// The scripts run `node` from PATH, where npm has put node_modules/.bin first.
function checkNode() {
  const version = execFileSync('node', ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' }).trim();
  const [major, minor] = version.slice(1).split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return;
  console.error(
    `Node ${version} is too old, and no newer one comes as a package for ${process.platform}-${process.arch}.`,
  );
  console.error('Install Node 22.19 or newer (https://nodejs.org), then run the same command again.');
  process.exit(1);
}

if (!isInstalled()) install();
checkNode();
