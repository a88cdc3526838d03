// The one way in which content is told from other content by a short text.

import { createHash } from 'node:crypto';

/** SHA-256, in 64 hex digits. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
