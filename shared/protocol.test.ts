import { expect, it } from 'vitest'
import { z } from 'zod'
import { COLLECTIONS } from './collections.ts'
import { Command } from './commands.ts'
import { Entitlement } from './entitlement.ts'
import { Refusal } from './errors.ts'
import { ChecksumRequest, ChecksumResponse } from './feed-checksum.ts'
import * as protocol from './protocol.ts'
import { LetterResponse } from './ticket.ts'

/** What each version's schemas hash to. A published line is never edited: a change adds a version. */
const HASH_OF_VERSION: Record<number, string> = {
  1: 'd0d61f692933c40',
  2: '614e3958673f0693',
}

/** FNV-1a over UTF-16 code units, 64 bits: enough to notice a change, and pure. */
function hashText(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (let index = 0; index < text.length; index += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n)
  }
  return hash.toString(16)
}

function wireSchemas(): [string, z.ZodType][] {
  const messages = Object.entries(protocol).filter(
    (entry): entry is [string, z.ZodType & (typeof entry)[1]] => entry[1] instanceof z.ZodType,
  )
  const documents = Object.entries(COLLECTIONS).map(([name, { schema }]): [string, z.ZodType] => [
    name,
    schema,
  ])
  const carried: [string, z.ZodType][] = [
    ['Command', Command],
    ['Entitlement', Entitlement],
    ['Refusal', Refusal],
    ['ChecksumRequest', ChecksumRequest],
    ['ChecksumResponse', ChecksumResponse],
    ['LetterResponse', LetterResponse],
  ]
  return [...messages, ...documents, ...carried].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

it('the protocol version rises when anything on the wire changes', () => {
  const schemas = wireSchemas().map(([name, schema]) => [
    name,
    z.toJSONSchema(schema, { unrepresentable: 'any' }),
  ])
  expect(schemas.length).toBeGreaterThan(25)
  expect(
    hashText(JSON.stringify(schemas)),
    'The wire changed. Raise PROTOCOL_VERSION and add its hash to HASH_OF_VERSION.',
  ).toBe(HASH_OF_VERSION[protocol.PROTOCOL_VERSION])
})
