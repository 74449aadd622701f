/** Real time plus what the clock has been advanced by. While it is advanced it stands still between deliveries. */
export class LocalClock {
  /** What the receivers' clocks say. */
  readonly real: () => number
  #offset = 0
  #frozen: number | null = null

  constructor(real: () => number) {
    this.real = real
  }

  now(): number {
    return this.#frozen ?? this.real() + this.#offset
  }

  get offset(): number {
    return this.now() - this.real()
  }

  get frozen(): boolean {
    return this.#frozen !== null
  }

  /** Stands still at an instant, never an earlier one. */
  freeze(at: number): void {
    this.#frozen = Math.max(at, this.now())
  }

  /** Runs on from an instant. */
  runFrom(at: number): void {
    this.#offset = at - this.real()
    this.#frozen = null
  }

  reset(): void {
    this.#offset = 0
    this.#frozen = null
  }
}
