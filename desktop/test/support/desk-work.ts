import type { ActionInput, ActionOutput } from '#desktop/station/contract/actions.ts'
import type { BoardView, VisitRow } from '#desktop/station/contract/board-view.ts'
import type { InboxItem } from '#desktop/station/contract/inbox-view.ts'
import type { UserId } from '#shared/ids.ts'
import { PatientDraft } from '#shared/patient.ts'
import { type Desk, userIdOf } from './station-in-process.ts'

/** The one line the tests work in: that of the demo's account `doctor`. */
export const LINE: UserId = userIdOf('doctor')

type CheckIn = Partial<ActionInput<'checkIn'>> & { phone?: string }
type Window = Pick<Desk['window'], 'act' | 'until'>

export function draftOf(name: string, phone: string | null = null): PatientDraft {
  return PatientDraft.parse({
    name,
    phones: phone === null ? [] : [phone],
    nationalId: null,
    birthDate: null,
    sex: null,
    fileNumber: null,
    address: null,
    note: null,
  })
}

/** Somebody who was never here before, to the tests' line, without paying. */
export function checkIn(
  { act }: Window,
  name: string,
  { phone, ...input }: CheckIn = {},
): Promise<ActionOutput<'checkIn'>> {
  return act('checkIn', {
    patient: { kind: 'NEW', draft: draftOf(name, phone) },
    doctorId: LINE,
    visitType: 'EXAMINATION',
    priority: 'NORMAL',
    payment: null,
    ...input,
  })
}

/** The board, once it holds; as it is now without a condition. */
export function boardOf(
  { until }: Window,
  holds: (board: BoardView) => boolean = () => true,
): Promise<BoardView> {
  return until('board', {}, holds)
}

export function lineOf(board: BoardView): BoardView['lines'][number] {
  const line = board.lines.find(({ doctorId }) => doctorId === LINE)
  if (line === undefined) throw new Error('the line is not on the board')
  return line
}

/** Every visit on the board, wherever it stands. */
export function rowsOf(board: BoardView): VisitRow[] {
  const rows = board.lines.flatMap(({ withDoctor, withAssistant, waiting, done, aside }) => [
    ...withDoctor,
    ...withAssistant,
    ...waiting,
    ...done,
    ...aside,
  ])
  return [...board.leftOpen, ...rows]
}

export function statusOn(board: BoardView, visitId: string): VisitRow['status'] | null {
  return rowsOf(board).find((row) => row.visitId === visitId)?.status ?? null
}

/** What the person signed in has to look at of this kind, once there are as many. */
export async function inboxOf<K extends InboxItem['kind']>(
  { until }: Window,
  kind: K,
  count: number,
): Promise<Array<Extract<InboxItem, { kind: K }>>> {
  const isOfKind = (item: InboxItem): item is Extract<InboxItem, { kind: K }> => item.kind === kind
  const { items } = await until('inbox', {}, (view) => view.items.filter(isOfKind).length === count)
  return items.filter(isOfKind)
}
