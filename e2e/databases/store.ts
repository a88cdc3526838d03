// What a writer needs of a store, whichever it is, and where its members are found.

/** Addresses of members without a port. Asked again for each new connection, since they change when a pod is replaced. */
export type Addresses = () => readonly string[];

export interface Store {
  /** Resolves when the store has acknowledged the record; rejects when it did not, or not within the deadline. */
  write(record: number, deadlineMs: number): Promise<void>;
  /** All records, in the store's own order. */
  readAll(deadlineMs: number): Promise<readonly number[]>;
  close(): void;
}
