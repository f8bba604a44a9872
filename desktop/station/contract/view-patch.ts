/**
 * What makes one view out of another: of a board of two hundred rows a call changes one, and the window need
 * not be told of the rest again. For JSON values that are never changed once they are given.
 *
 * - `['=', value]`: this instead.
 * - `['{', {key: patch}]`: these fields; all others, and which there are, are as before.
 * - `['[', items]`: a list of as many items; a number is the place of the item of before that stands here,
 *   `[from, count]` so many of them in a row, `{at, patch}` the one of before that stood at `at`, changed, and
 *   `{is}` a new one.
 */
export type ViewPatch =
  | readonly ['=', unknown]
  | readonly ['{', Readonly<Record<string, ViewPatch>>]
  | readonly ['[', readonly ListItem[]]

type ListItem =
  | number
  | readonly [from: number, count: number]
  | { readonly at: number; readonly patch: ViewPatch }
  | { readonly is: unknown }

/** @returns null if they are equal, whatever the order of keys */
export function patchOf(before: unknown, after: unknown): ViewPatch | null {
  if (Object.is(before, after)) return null
  if (Array.isArray(before) && Array.isArray(after)) return listPatch(before, after)
  if (isRecord(before) && isRecord(after)) return fieldsPatch(before, after)
  return ['=', after]
}

function fieldsPatch(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): ViewPatch | null {
  const keys = Object.keys(after)
  const hasSameKeys =
    keys.length === Object.keys(before).length && keys.every((key) => Object.hasOwn(before, key))
  if (!hasSameKeys) return ['=', after]
  const changed: [string, ViewPatch][] = []
  for (const key of keys) {
    const patch = patchOf(before[key], after[key])
    if (patch === null) continue
    // JSON leaves out what is undefined: no patch could say it.
    if (after[key] === undefined) return ['=', after]
    changed.push([key, patch])
  }
  return changed.length === 0 ? null : ['{', Object.fromEntries(changed)]
}

/** Items are known again by being the same object; what is left is held against what stood in its place. */
function listPatch(before: readonly unknown[], after: readonly unknown[]): ViewPatch | null {
  const places = new Map(before.map((item, place) => [item, place]))
  const moved = new Set(after.flatMap((item) => places.get(item) ?? []))
  const items: ListItem[] = []
  let isSame = before.length === after.length
  for (const [index, item] of after.entries()) {
    const place = before[index] === item && index < before.length ? index : places.get(item)
    const patch =
      place === undefined && index < before.length && !moved.has(index)
        ? patchOf(before[index], item)
        : undefined
    if (place !== undefined || patch === null) {
      const stood = place ?? index
      isSame &&= stood === index
      keep(items, stood)
    } else {
      isSame = false
      items.push(patch === undefined ? { is: item } : { at: index, patch })
    }
  }
  return isSame ? null : ['[', items]
}

/** Behind those in a row before it. */
function keep(items: ListItem[], place: number): void {
  const last = items.at(-1)
  const [from, count] = typeof last === 'number' ? [last, 1] : Array.isArray(last) ? last : [0, 0]
  if (count > 0 && from + count === place) items[items.length - 1] = [from, count + 1]
  else items.push(place)
}

/**
 * @param before what the patch was made of, or what equals it; parts that are as before are shared with it
 * @throws TypeError if the patch is none, or not of this value
 */
export function applyPatch(before: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new TypeError('not a patch')
  const parts: readonly unknown[] = patch
  const [kind, body] = parts
  if (kind === '=') return body
  if (kind === '{' && isRecord(body) && isRecord(before)) {
    const changed = Object.entries(body).map(([key, each]) => {
      if (!Object.hasOwn(before, key)) throw new TypeError('a patch of another value')
      return [key, applyPatch(before[key], each)] as const
    })
    return { ...before, ...Object.fromEntries(changed) }
  }
  if (kind === '[' && Array.isArray(body) && Array.isArray(before)) {
    return body.flatMap((item: unknown) => itemsOf(before, item))
  }
  throw new TypeError('a patch of another value')
}

/** In an array each, for `flatMap` would open an item that is itself a list. */
function itemsOf(before: readonly unknown[], item: unknown): unknown[] {
  const run: readonly unknown[] = Array.isArray(item) ? item : [item, 1]
  const [from, count] = run
  if (typeof from === 'number' && typeof count === 'number') {
    if (from + count > before.length) throw new TypeError('a patch of another value')
    return before.slice(from, from + count)
  }
  if (!isRecord(item)) throw new TypeError('not a patch')
  const { at } = item
  return [typeof at === 'number' ? applyPatch(before[at], item['patch']) : item['is']]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
