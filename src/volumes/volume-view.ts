// The disk behind a PersistentVolume, told from others by a fingerprint: the volume's name alone says little, since one
// deleted and made again under its name gives the same claim, the same name and another disk (seen). Lacks everything
// else of a volume.

import { digest } from '../identity/digest.ts';
import { objectAt, stringAt } from '../identity/json.ts';

/** What was read of a volume by name. */
export interface VolumeView {
  readonly name: string;
  /** Empty when the API server said that there is none; null when it may not be read. */
  readonly disk: string | null;
}

export interface VolumeReading extends VolumeView {
  readonly readAtMs: number;
  readonly reads: number;
  /** The UID of the pod that was going from it then; absent when that was not why it was read. */
  readonly leaving?: string;
}

/** As many hex digits as the hash of a revision has. */
const DIGITS = 10;

/** By the driver and its handle, which a restored volume has again; where there is no handle, by the object's UID. */
export function readVolume(raw: unknown): VolumeView {
  const metadata = objectAt(raw, 'metadata');
  const csi = objectAt(objectAt(raw, 'spec'), 'csi');
  const handle = stringAt(csi, 'volumeHandle');
  const key = handle === undefined ? (stringAt(metadata, 'uid') ?? '') : `${stringAt(csi, 'driver') ?? ''}\n${handle}`;
  return { name: stringAt(metadata, 'name') ?? '', disk: digest(key).slice(0, DIGITS) };
}

/** What is to be behind a claim. */
export interface Disk {
  readonly claim: string;
  /** Name of the PersistentVolume. */
  readonly volume: string;
  /** Its fingerprint. */
  readonly disk: string;
}
