/**
 * The next value with every part that equals the previous one replaced by the previous one itself,
 * so that a memoised row whose data did not change is not rendered again. For parsed JSON only.
 */
export function keepEqual<T>(previous: unknown, next: T): T {
  // Equal parts have equal shapes, which is all that T promises.
  return keep(previous, next) as T
}

function keep(previous: unknown, next: unknown): unknown {
  if (Object.is(previous, next)) return previous
  if (Array.isArray(previous) && Array.isArray(next)) return keepArray(previous, next)
  if (isRecord(previous) && isRecord(next)) return keepRecord(previous, next)
  return next
}

function keepArray(previous: unknown[], next: unknown[]): unknown[] {
  const byId = new Map(previous.map((item) => [identityOf(item), item] as const))
  const kept = next.map((item, index) => {
    const id = identityOf(item)
    return keep(id === null ? previous[index] : byId.get(id), item)
  })
  const same = kept.length === previous.length && kept.every((item, at) => item === previous[at])
  return same ? previous : kept
}

function keepRecord(
  previous: Record<string, unknown>,
  next: Record<string, unknown>,
): Record<string, unknown> {
  const keys = Object.keys(next)
  const kept = Object.fromEntries(keys.map((key) => [key, keep(previous[key], next[key])]))
  const same =
    Object.keys(previous).length === keys.length && keys.every((key) => kept[key] === previous[key])
  return same ? previous : kept
}

/** Rows move within their line: they are matched by what they are, not by where they stand. */
function identityOf(item: unknown): string | null {
  if (!isRecord(item)) return null
  const id =
    item['visitId'] ?? item['itemId'] ?? item['commandId'] ?? item['doctorId'] ?? item['patientId']
  return typeof id === 'string' ? id : null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
