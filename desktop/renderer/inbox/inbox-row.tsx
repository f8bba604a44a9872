import type { ReactNode } from 'react'
import type { EnteredField } from '#desktop/station/contract/entered-field.ts'
import type { InboxItem } from '#desktop/station/contract/inbox-view.ts'
import { assertNever } from '#shared/assert-never.ts'
import type { VisitId } from '#shared/ids.ts'
import { useDesk } from '../ui/desk-context.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { usePerform } from '../ui/perform.ts'
import { Run } from '../ui/run.tsx'
import { enteredWords, fieldName, itemTitle, textLines, valueWords } from './inbox-words.ts'

type ItemOf<Kind extends InboxItem['kind']> = Extract<InboxItem, { kind: Kind }>

/** What was entered, what stands now, who and when, and the ways out. */
export function InboxRow(props: { item: InboxItem }) {
  const text = useText()
  const formats = useFormats()
  const desk = useDesk()
  const { item } = props
  const { patientId, patientName } = item
  return (
    <li className="inbox-item" data-testid={`inbox-${item.kind}`}>
      <strong>{itemTitle(text, formats, item)}</strong>
      <div className="inbox-about">
        {patientName !== null && (
          <span className="inbox-patient">
            <Run>{patientName}</Run>
          </span>
        )}
        {item.kind === 'SUPERSEDED' && item.itemName !== null && (
          <span className="inbox-patient">
            <Run>{item.itemName}</Run>
          </span>
        )}
        {item.kind === 'SUPERSEDED' && item.day !== null && <span>{formats.day(item.day)}</span>}
        <span>
          {text('inbox.byAt', {
            name: item.byName,
            time: formats.moment(item.at, desk.session.queueDay),
          })}
        </span>
      </div>
      <ItemBody item={item} />
      <div className="inbox-ways">
        <WaysOut item={item} />
        {patientId !== null && (
          <Way
            label={text('inbox.openPatient')}
            quiet
            onTake={() => desk.open({ kind: 'PATIENT', patientId })}
          />
        )}
      </div>
    </li>
  )
}

function ItemBody(props: { item: InboxItem }) {
  const text = useText()
  const { item } = props
  switch (item.kind) {
    case 'HELD':
      return (
        <>
          <Said>
            {item.details['lost'] === true ? text('inbox.lostHint') : text(`error.${item.code}`)}{' '}
            {text('inbox.heldHint')}
          </Said>
          <EnteredPairs entered={item.entered} />
        </>
      )
    case 'REJECTED':
      return <RejectedBody item={item} />
    case 'SUPERSEDED':
      return item.collection === 'encounters' || item.collection === 'prescriptions' ? (
        <TextsBody item={item} />
      ) : (
        <SupersededBody item={item} />
      )
    case 'OVERRULED':
      return (
        <>
          <Said>{text(`inbox.overruled.${item.reason}`)}</Said>
          <Pair label={text('inbox.stands')} value={text(`status.${item.stands}`)} />
        </>
      )
    case 'DUPLICATE_VISIT':
      return <DuplicateBody item={item} />
    case 'GIVEN_ANEW':
      return <GivenAnewBody item={item} />
    case 'QUARANTINED':
      return (
        <>
          <Said>
            {text(`inbox.quarantine.${item.reason}`)}
            {!item.mayDecide && ` ${text('inbox.adminOnly')}`}
          </Said>
          <EnteredPairs entered={item.entered} />
          {item.more > 0 && <Said>{text('count.more', { count: item.more })}</Said>}
        </>
      )
    default:
      return assertNever(item)
  }
}

function RejectedBody({ item }: { item: ItemOf<'REJECTED'> }) {
  const text = useText()
  return (
    <>
      <Said>{`${text(`error.${item.code}`)} ${text('inbox.rejectedHint')}`}</Said>
      <EnteredPairs entered={item.entered} />
    </>
  )
}

function EnteredPairs(props: { entered: readonly EnteredField[] }) {
  const text = useText()
  const formats = useFormats()
  if (props.entered.length === 0) return null
  return (
    <div className="inbox-entered">
      {props.entered.map((entered, index) => (
        <Pair
          key={index}
          label={fieldName(text, entered.field)}
          value={enteredWords(text, formats, entered)}
        />
      ))}
    </div>
  )
}

function SupersededBody({ item }: { item: ItemOf<'SUPERSEDED'> }) {
  const text = useText()
  const formats = useFormats()
  const { session } = useDesk()
  const { field, lost, stands, standsBy, standsAt } = item
  return (
    <>
      <Pair label={text('inbox.entered')} value={valueWords(text, formats, field, lost)} />
      <Pair
        label={text('inbox.stands')}
        value={valueWords(text, formats, field, stands)}
        by={text('inbox.byAt', {
          name: standsBy,
          time: formats.moment(standsAt, session.queueDay),
        })}
      />
    </>
  )
}

/** What two people wrote of one patient: both are read whole, beside each other. */
function TextsBody({ item }: { item: ItemOf<'SUPERSEDED'> }) {
  const text = useText()
  const formats = useFormats()
  const { session } = useDesk()
  const byAt = (name: string, at: string): string =>
    text('inbox.byAt', { name, time: formats.moment(at, session.queueDay) })
  const texts = [
    { label: text('inbox.stands'), value: item.stands, by: byAt(item.standsBy, item.standsAt) },
    { label: text('inbox.alsoWritten'), value: item.lost, by: byAt(item.byName, item.at) },
  ]
  return (
    <>
      <Said>{text('inbox.textsKept')}</Said>
      <div className="inbox-texts">
        {texts.map(({ label, value, by }) => (
          <section key={label} className="inbox-text" aria-label={label}>
            <span className="inbox-label">{label}</span>
            {/* Longer than its frame it is scrolled, by keys too. */}
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
            <div className="inbox-written" tabIndex={0}>
              {textLines(text, value).map((line, index) => (
                <p key={index} dir="auto">
                  {line}
                </p>
              ))}
            </div>
            <span className="inbox-by">{by}</span>
          </section>
        ))}
      </div>
    </>
  )
}

/** What is here now, and what whoever was given the number still has on paper. */
function GivenAnewBody({ item }: { item: ItemOf<'GIVEN_ANEW'> }) {
  const text = useText()
  const formats = useFormats()
  return (
    <>
      <Said>
        {text(item.visitId === null ? 'inbox.givenAnew.tell' : 'inbox.givenAnew.tellOrPrint')}
      </Said>
      {item.numbers.map(({ kind, taken, given }) => (
        <Pair
          key={kind}
          label={text(`inbox.number.${kind}`)}
          value={formats.digits(given)}
          by={text('inbox.onPaper', { number: formats.digits(taken) })}
        />
      ))}
    </>
  )
}

function DuplicateBody({ item }: { item: ItemOf<'DUPLICATE_VISIT'> }) {
  const text = useText()
  const formats = useFormats()
  const { session } = useDesk()
  return item.visits.map(({ visitId, ticket, status, at, byName, paid }) => (
    <Pair
      key={visitId}
      label={text('patient.ticket', { ticket: formats.digits(ticket) })}
      value={[
        text(`status.${status}`),
        paid === null
          ? text('inbox.notPaid')
          : text('inbox.paidAmount', { amount: formats.money(paid) }),
      ].join(' · ')}
      by={text('inbox.byAt', { name: byName, time: formats.moment(at, session.queueDay) })}
    />
  ))
}

function WaysOut(props: { item: InboxItem }) {
  const text = useText()
  const formats = useFormats()
  const perform = usePerform()
  const { item } = props
  const settle = (choice: 'KEEP' | 'RESTORE' | 'JOIN' | 'DISMISS') => () =>
    void perform('settle', { itemId: item.itemId, choice })
  switch (item.kind) {
    case 'HELD':
      // It goes by itself when it can; there is nothing to decide.
      return null
    case 'REJECTED':
    case 'OVERRULED':
      return <Way label={text('inbox.read')} onTake={settle('DISMISS')} />
    case 'SUPERSEDED':
      return (
        <>
          <Way label={text('inbox.keep')} onTake={settle('KEEP')} />
          {item.mayJoin && <Way label={text('inbox.join')} onTake={settle('JOIN')} />}
          {item.mayRestore && <Way label={text('inbox.restore')} onTake={settle('RESTORE')} />}
        </>
      )
    case 'DUPLICATE_VISIT': {
      const [first, second] = item.visits
      const merge = first !== undefined && second !== undefined && item.mayMerge
      return (
        <>
          {merge &&
            [
              { keep: first, other: second },
              { keep: second, other: first },
            ].map(({ keep, other }) => (
              <Way
                key={keep.visitId}
                label={text('inbox.keepVisit', { ticket: formats.digits(keep.ticket) })}
                onTake={() =>
                  void perform('mergeVisits', { keep: keep.visitId, merge: other.visitId })
                }
              />
            ))}
          <Way label={text('inbox.keepBoth')} onTake={settle('DISMISS')} />
        </>
      )
    }
    case 'GIVEN_ANEW': {
      const { visitId } = item
      return (
        <>
          {visitId !== null && <PrintAgain visitId={visitId} />}
          <Way label={text('inbox.told')} onTake={settle('DISMISS')} />
        </>
      )
    }
    case 'QUARANTINED': {
      if (!item.mayDecide) return null
      const decide = (accept: boolean) => () =>
        void perform('decideQuarantined', { commandId: item.commandId, accept })
      return (
        <>
          <Way label={text('inbox.accept')} onTake={decide(true)} />
          <Way label={text('inbox.reject')} onTake={decide(false)} />
        </>
      )
    }
    default:
      return assertNever(item)
  }
}

function PrintAgain({ visitId }: { visitId: VisitId }) {
  const text = useText()
  const perform = usePerform()
  const { printSlip } = useDesk()
  const print = async (): Promise<void> => {
    const result = await perform('slipOf', { visitId })
    if (result.ok) printSlip(result.output)
  }
  return <Way label={text('inbox.printAgain')} onTake={() => void print()} />
}

function Way(props: { label: string; quiet?: boolean; onTake: () => void }) {
  return (
    <button
      type="button"
      className="button"
      data-size="small"
      data-kind={props.quiet === true ? 'quiet' : undefined}
      onClick={props.onTake}
    >
      {props.label}
    </button>
  )
}

function Said(props: { children: ReactNode }) {
  return <p className="inbox-said">{props.children}</p>
}

function Pair(props: { label: string; value: string; by?: string }) {
  return (
    <div className="inbox-pair">
      <span className="inbox-label">{props.label}</span>
      <span className="inbox-value">
        <Run>{props.value}</Run>
      </span>
      {props.by !== undefined && <span className="inbox-by">{props.by}</span>}
    </div>
  )
}
