import { IconUserPlus } from '@tabler/icons-react'
import { useEffect, useRef, type ReactNode } from 'react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import { ageWords } from '../ui/age.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { LtrRun, Run } from '../ui/run.tsx'

export type Hit = QueryView<'search'>['hits'][number]

export const optionId = (index: number): string => `finder-option-${index}`

/** Patients found, the likeliest first; "new patient" is always the last row. */
export function HitList(props: {
  hits: readonly Hit[]
  today: string
  active: number
  newPatient: string | null
  onActive: (index: number) => void
  onPick: (index: number) => void
}) {
  const text = useText()
  const { hits, active, newPatient } = props
  return (
    // A native list takes the focus, which stays in the field while a person types.
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
    <div className="hits" role="listbox" id="finder-hits" aria-label={text('finder.hits')}>
      {hits.map((hit, index) => (
        <Option key={hit.patientId} index={index} testId={`hit-${index}`} {...props}>
          <HitRow hit={hit} today={props.today} />
        </Option>
      ))}
      {newPatient !== null && (
        <Option key="new" index={hits.length} testId="new-patient" {...props} active={active}>
          <span className="hit-new">
            <IconUserPlus size="1.25rem" aria-hidden />
            {newPatient === ''
              ? text('finder.newPatient')
              : text('finder.newPatientNamed', { text: newPatient })}
          </span>
        </Option>
      )}
    </div>
  )
}

function Option(props: {
  index: number
  active: number
  testId: string
  onActive: (index: number) => void
  onPick: (index: number) => void
  children: ReactNode
}) {
  const element = useRef<HTMLDivElement>(null)
  const selected = props.index === props.active
  useEffect(() => {
    if (selected) element.current?.scrollIntoView({ block: 'nearest' })
  }, [selected])
  return (
    // The field keeps the focus and says by aria-activedescendant which option is meant.
    <div
      ref={element}
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
      role="option"
      tabIndex={-1}
      id={optionId(props.index)}
      aria-selected={selected}
      className="hit"
      data-testid={props.testId}
      onPointerMove={() => props.onActive(props.index)}
      onPointerDown={(event) => event.preventDefault()}
      onPointerUp={() => props.onPick(props.index)}
    >
      {props.children}
    </div>
  )
}

function HitRow(props: { hit: Hit; today: string }) {
  const text = useText()
  const formats = useFormats()
  const { hit, today } = props
  return (
    <>
      <span className="hit-first">
        <span className="hit-name">
          <Run>{hit.name}</Run>
        </span>
        {hit.birthDate !== null && <span>{ageWords(text, hit.birthDate, today)}</span>}
        {hit.possibleDuplicate && (
          <span className="tag" data-tone="NO_SHOW">
            {text('finder.duplicate')}
          </span>
        )}
        {hit.today.map(({ visitId, ticket, status }) => (
          <span className="tag hit-today" key={visitId}>
            {text('finder.today', {
              ticket: formats.digits(ticket),
              status: text(`status.${status}`),
            })}
          </span>
        ))}
        {hit.openBalance !== null && hit.openBalance.minor > 0 && (
          <span className="hit-owes">
            {text('finder.owes', { amount: formats.money(hit.openBalance) })}
          </span>
        )}
      </span>
      <span className="hit-second">
        {hit.phones[0] !== undefined && <LtrRun>{formats.phone(hit.phones[0])}</LtrRun>}
        {hit.fileNumber !== null && (
          <span>{text('finder.file', { number: formats.digits(hit.fileNumber) })}</span>
        )}
        <span>
          {hit.lastVisitDay === null
            ? text('finder.neverHere')
            : text('finder.lastVisit', { day: formats.day(hit.lastVisitDay) })}
        </span>
      </span>
    </>
  )
}
