/** What a caller may want of us, one thing at a time. */
export type Task = 'book' | 'change' | 'cancel' | 'find' | 'late' | 'waitlist'
export type Slots = {
  date?: string
  time?: string
  party_size?: number
  name?: string
  phone?: string
  requests?: string
  minutes?: number
}
export type Moves = { new_date?: string; new_time?: string; new_party_size?: number }

/** What was asked last: what a bare answer answers. `more`: whether there is anything else. */
export type Asked =
  | 'date'
  | 'time'
  | 'party_size'
  | 'name'
  | 'phone'
  | 'task'
  | 'moves'
  | 'which'
  | 'yes'
  | 'person'
  | 'more'

/** A conversation as it stands; a plain value, so that one sentence makes the next of it. */
export type Dialogue = {
  locale: string
  task: Task | null
  slots: Slots
  moves: Moves
  asked: Asked
  /** The last question, to be put again. */
  question: string
  /** Read back, and done at a yes. */
  pending: { operation: string; input: Record<string, unknown>; token: string } | null
  offered: { date: string; time: string }[]
  /** The slot that is held, and the day whose times were told. */
  held: string | null
  told: string | null
  /** Sentences in a row of which nothing was understood. */
  failures: number
  wrong_names: number
}

/** What comes next; `say` goes before whatever follows. */
export type Act =
  | { kind: 'operate'; operation: string; input: Record<string, unknown>; say: string }
  /** `whole`: what is read back is not to be cut short. */
  | { kind: 'ask'; say: string; whole: boolean }
  | { kind: 'end'; say: string; transfer: boolean }
export type Turn = { dialogue: Dialogue; act: Act }

/** What an operation answered, as much of it as a conversation goes by. */
export type Learned =
  | { ok: true; output: Record<string, unknown>; say: string }
  | { ok: false; problem: { code: string; more: Record<string, unknown> }; say: string }
