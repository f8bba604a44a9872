import type { z } from 'zod'
import type {
  Authored,
  ClinicalValue,
  Fact,
  FieldValue,
  Mark,
  Superseded,
  SupersededText,
} from './fields.ts'
import type { CollectionName } from './collections.ts'
import type { VisitId } from './ids.ts'
import type { Sight } from './roles.ts'

/** Another document that one stands on: without it, it means nothing. */
export interface Reference {
  collection: CollectionName
  id: string
}

/** A number that a station gave from a durable counter of its own, under its letter. */
export interface GivenNumber {
  counter: string
  letter: string
  number: number
}

/** A number among all that a clinic gives out: two of its documents never share it. */
export function numberKey({ counter, letter, number }: GivenNumber): string {
  return `${counter}/${letter}-${number}`
}

/** What every document that people change has, beside its own fields and sets of facts. */
export interface MergedDocument {
  id: string
  created: Authored
  marks: Partial<Record<string, Mark>>
  superseded: (Superseded | SupersededText)[]
  /** Ids of what a person has dealt with; grows only. */
  settled: string[]
}

/** How two histories of one document meet (`resolve.ts`), and what a command may change in it. */
export type Merge<D> =
  /** Written once, and never changed: what is there stands. */
  | { kind: 'ONCE' }
  /** By the server alone: what it says stands. */
  | { kind: 'SERVER' }
  | MergeFields<D>

export interface MergeFields<D> {
  kind: 'FIELDS'
  /** Each merges by itself, by its mark; no other field ever changes. */
  fields: readonly string[]
  /** Fields whose losing value is of no use to anyone and is not kept. */
  unkept: readonly string[]
  /** Grow-only sets of facts: the union of both sides. */
  facts: readonly string[]
  /** The set of facts by which an author's rights are judged, as far as they had seen it; or none. */
  steps: string | null
  /** Fields that follow from the facts, and are stored for an index. */
  derive(document: D): Partial<D>
  /**
   * What a document is before anybody has written it, where two stations may begin one and the same
   * (its id is another's); else null: whoever makes it makes it alone.
   */
  blank: Partial<D> | null
  /** Of a document that may not change any more, whoever asks. */
  isFrozen(document: D): boolean
}

/** What is true of all documents of a collection. Each place that must know asks here. */
export interface CollectionRules<D> {
  schema: z.ZodType<D>
  merge: Merge<D>
  refers(document: D): readonly Reference[]
  /** The visit whose queue day it shares; null: it has a day of its own, or none. */
  visitOf(document: D): VisitId | null
  numbers(document: D): readonly GivenNumber[]
  /** The same document with its number under another letter; one without a number as it is. */
  withLetter(document: D, letter: string): D
  /** What a station reads often: fields, or several together, in order. */
  indexes: readonly (string | readonly string[])[]
  shows(document: D): Shown
}

/**
 * Which fields of a document a kind of sight opens (`sight.ts`). RECORD: CLINICAL, of one's own visits
 * and of those that were opened by a command of its own.
 */
export type Shown = Partial<Record<Sight | 'EVERYBODY' | 'RECORD', 'ALL' | readonly string[]>>

/** The facts of one set of a document. */
export function factsIn(document: object, name: string): readonly Fact[] {
  // Cast: `facts` in the rules names sets of facts; one made before a set was thought of lacks it.
  return (Reflect.get(document, name) ?? []) as readonly Fact[]
}

export type AnyValue = FieldValue | ClinicalValue

export function fieldIn(document: object, field: string): AnyValue {
  // Cast: `fields` in the rules names fields of such values
  return Reflect.get(document, field) as AnyValue
}
