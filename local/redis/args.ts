import { RedisError, syntaxError, toFloat, toInteger } from './reply.ts'

/** The words after a command's name, taken from left to right. */
export class Args {
  readonly #command: string
  readonly #words: readonly string[]
  #at = 0

  constructor(command: string, words: readonly string[]) {
    this.#command = command
    this.#words = words
  }

  get count(): number {
    return this.#words.length - this.#at
  }

  text(): string {
    const word = this.#words[this.#at++]
    if (word === undefined) throw wrongNumber(this.#command)
    return word
  }

  integer(): number {
    return toInteger(this.text())
  }

  float(): number {
    return toFloat(this.text())
  }

  /** Everything not yet taken. */
  rest(): string[] {
    const words = this.#words.slice(this.#at)
    this.#at = this.#words.length
    return words
  }

  /** Everything not yet taken, two by two. */
  pairs(): [string, string][] {
    if (this.count % 2) throw wrongNumber(this.#command)
    const pairs: [string, string][] = []
    while (this.count) pairs.push([this.text(), this.text()])
    return pairs
  }

  /** Takes the next word if it is one of these options, in either case: @upstash/redis writes `nx`, people `NX`. */
  option<Name extends string>(...names: Name[]): Name | undefined {
    const word = this.#words[this.#at]?.toUpperCase()
    const name = names.find((one) => one === word)
    if (name) this.#at++
    return name
  }

  /** Takes every remaining option, telling each one; anything else is a syntax error. */
  eachOption<Name extends string>(names: Name[], tell: (name: Name) => void): void {
    while (this.count) {
      const name = this.option(...names)
      if (!name) throw syntaxError()
      tell(name)
    }
  }

  /** Refuses words that nobody took. */
  end(): void {
    if (this.count) throw syntaxError()
  }
}

export function wrongNumber(command: string): RedisError {
  return new RedisError(`ERR wrong number of arguments for '${command.toLowerCase()}' command`)
}
