// Chance that can be repeated: the same seed and stream give the same numbers, and one stream's draws do not move another's.

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  /** `stream` names what the numbers are for. */
  constructor(seed: number, stream: string) {
    let hash = 0x811c9dc5;
    for (const unit of `${seed}/${stream}`) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193);
    this.#a = hash | 0;
    this.#b = seed | 0;
    this.#c = Math.imul(hash, 0x9e3779b1) | 0;
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** 0 <= x < 1. The generator is sfc32. */
  next = (): number => {
    const sum = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return (sum >>> 0) / 4294967296;
  };

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[Math.floor(this.next() * values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }

  /** Milliseconds, mostly near `low`, rarely near `high`: how long things take. */
  delay(low: number, high: number): number {
    const x = this.next();
    return Math.round(low + (high - low) * x * x * x);
  }
}
