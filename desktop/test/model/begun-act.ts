import type { ActionName } from '#desktop/station/contract/actions.ts'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import type { Action } from '#shared/roles.ts'
import { rowsOf } from '../support/desk-work.ts'
import { userIdOf } from '../support/station-in-process.ts'
import type { ModelStation } from './model-station.ts'

/** What a person saw confirmed: from then on it may never be gone. */
export interface Confirmed {
  readonly station: number
  readonly name: ActionName
  readonly output: unknown
  /** What was entered, as nothing else is written anywhere; null: nothing. */
  readonly text: string | null
}

/** An act that is under way. */
export interface Begun {
  readonly name: ActionName
  readonly output: Promise<unknown>
  readonly text: string | null
}

export const LINES = [userIdOf('doctor'), userIdOf('doctor2')]
/** Few, so that the same patients meet at several desks. */
export const NAMES = [
  'أحمد علي',
  'فاطمة الزهراء',
  'يحيى عمر',
  'منى عبد الرحمن',
  'هدى سامي',
] as const

export function at<T>(items: readonly T[], choice: number): T | undefined {
  return items[choice % Math.max(items.length, 1)]
}

export function must<T>(items: readonly T[], choice: number): T {
  const item = at(items, choice)
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}

/**
 * A visit on this station's board. Mostly one that the act is offered for, one time in eight whatever there
 * is, to be refused.
 */
export async function someVisit(
  { view }: ModelStation,
  action: Action,
  choice: number,
): Promise<VisitRow | null> {
  const rows = rowsOf(await view('board', {}))
  const some = choice % 8 === 0 ? rows : rows.filter(({ actions }) => actions.includes(action))
  return at(some, Math.floor(choice / 8)) ?? null
}

export async function somePatient({ view }: ModelStation, nth: number) {
  const { hits } = await view('search', { text: must(NAMES, nth), limit: 5 })
  return at(hits, nth)?.patientId ?? null
}
