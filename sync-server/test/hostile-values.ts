import fc from 'fast-check'

/** A list in a list, so many deep, as JSON text: a parser that recurses would run out of stack. */
export function deepText(depth: number, inside = ''): string {
  return '['.repeat(depth) + inside + ']'.repeat(depth)
}

function deep(depth: number, inside: unknown): unknown {
  let value = inside
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

/** Texts that programs stumble over. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udc00\ud800',
  'x\ud83d',
  '\ufeff',
  '\u202e\u2066',
  'ﷺ'.repeat(500),
  'é'.normalize('NFD').repeat(1_000),
  '🧑‍🤝‍🧑'.repeat(200),
  `'; DROP TABLE documents; --`,
  '$1',
  '%s%n',
  '../../../../etc/passwd',
  '{{7*7}}${7*7}',
  '<script>alert(1)</script>',
  'a\r\nSet-Cookie: x=1',
  '__proto__',
  'constructor',
  '9'.repeat(400),
  'NaN',
  '1e309',
  '2026-02-30',
  '+275760-09-13T00:00:00.001Z',
  '2026-11-22T10:00:00.000Z',
  '00000000-0000-0000-0000-000000000000',
  '01930000-0000-7000-8000-00000000C101',
  'x'.repeat(70_000),
]

/** JSON values that no honest station sends where it finds them. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -0,
    -1,
    1,
    0.5,
    2 ** 31,
    2 ** 53,
    -(2 ** 53),
    2 ** 63,
    1e21,
    1e308,
    [],
    {},
    [[]],
    [null],
    { __proto__: null },
    JSON.parse('{"__proto__":{"ok":true},"constructor":{"prototype":{"ok":true}}}'),
    { length: -1 },
    { toString: 'x', toJSON: 'x', valueOf: 'x' },
  ),
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'binary-ascii', maxLength: 30 }),
  fc.double(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(Number),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.uuid(),
  fc.jsonValue({ maxDepth: 4 }),
  fc.integer({ min: 50, max: 1_000 }).map((depth) => deep(depth, 'x')),
  fc.integer({ min: 50, max: 1_000 }).map((depth) => deep(depth, '\0')),
  fc.integer({ min: 2, max: 2_000 }).map((length) => Array.from({ length }, () => 'x')),
)

/** One change to a JSON value: which of its places, and what becomes of it. */
export interface Edit {
  place: number
  kind: 'REPLACE' | 'REMOVE' | 'ADD' | 'MOVE' | 'REPEAT'
  /** Of the other place, for MOVE. */
  other: number
  value: unknown
  name: string
}

/** @param values what else may be put in: ids of others, say */
export function edits(values: readonly unknown[]): fc.Arbitrary<Edit> {
  return fc.record({
    place: fc.nat({ max: 10_000 }),
    kind: fc.constantFrom<Edit['kind']>('REPLACE', 'REPLACE', 'REMOVE', 'ADD', 'MOVE', 'REPEAT'),
    other: fc.nat({ max: 10_000 }),
    value: fc.oneof(hostileValue, fc.constantFrom(...values)),
    name: fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'id', 'clinicId', 'deleted', 'ok', ''),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
  })
}

type Holder = Record<string, unknown> | unknown[]

/** Where a value hangs. */
interface Place {
  holder: Holder
  key: string
}

/**
 * Changes `root` itself, which must be the caller's own; what cannot be done is left. Values are put
 * in as copies: one inside itself has no JSON.
 */
export function applyEdit(root: Holder, edit: Edit): void {
  const places = placesOf(root)
  const at = places[edit.place % Math.max(places.length, 1)]
  if (at === undefined) return
  const { holder, key } = at
  switch (edit.kind) {
    case 'REPLACE':
      put(holder, key, structuredClone(edit.value))
      return
    case 'REMOVE':
      if (Array.isArray(holder)) holder.splice(Number(key), 1)
      else Reflect.deleteProperty(holder, key)
      return
    case 'ADD':
      put(
        holder,
        Array.isArray(holder) ? String(holder.length) : edit.name,
        structuredClone(edit.value),
      )
      return
    case 'MOVE': {
      const from = places[edit.other % places.length]
      if (from !== undefined) put(holder, key, structuredClone(get(from)))
      return
    }
    case 'REPEAT':
      if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]))
      return
  }
}

function get({ holder, key }: Place): unknown {
  return Object.getOwnPropertyDescriptor(holder, key)?.value
}

/** As JSON.parse does: a key of any name, `__proto__` too, is a property of its own. */
function put(holder: Holder, key: string, value: unknown): void {
  Object.defineProperty(holder, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  })
}

const MAX_PLACES = 2_000

function placesOf(root: Holder): Place[] {
  const places: Place[] = []
  const holders: Holder[] = [root]
  for (let holder = holders.pop(); holder !== undefined; holder = holders.pop()) {
    for (const [key, value] of Object.entries(holder)) {
      if (places.length >= MAX_PLACES) return places
      places.push({ holder, key })
      if (isHolder(value)) holders.push(value)
    }
  }
  return places
}

function isHolder(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null
}
