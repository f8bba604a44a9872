import { createHash } from 'node:crypto'
import pg from 'pg'

const names = new Map<string, string>()

/**
 * A statement that each connection parses and plans once. Its name is of its text, so that two
 * versions of the server behind one pooler never mean different statements by one name.
 *
 * @param text constant, as all SQL here: each text is kept for as long as the process lives
 */
export function prepared(text: string, values: readonly unknown[]): pg.QueryConfig {
  let name = names.get(text)
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 32)
    names.set(text, name)
  }
  return { name, text, values: [...values] }
}

const gathering = new WeakSet<pg.ClientBase>()

/** What is sent on a connection until the current step ends goes out in one packet. */
export function gather(client: pg.ClientBase): void {
  if (!(client instanceof pg.Client) || gathering.has(client)) return
  const { stream } = client.connection
  gathering.add(client)
  stream.cork()
  queueMicrotask(() => {
    gathering.delete(client)
    stream.uncork()
  })
}
