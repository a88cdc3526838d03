// The end of a log, for errors: the cluster's folder, with all logs, is gone when a start has failed.
import { readFileSync } from 'node:fs';

const LINES = 15;

/** The last lines, indented, on lines of their own after the file's name. */
export function logTail(path: string): string {
  return `The end of ${path}:\n${lastLines(path)
    .map((line) => `  ${line}`)
    .join('\n')}`;
}

function lastLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-LINES);
  } catch {
    return ['(there is none)'];
  }
}
