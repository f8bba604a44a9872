import type { QueryView } from '#desktop/station/contract/queries.ts'
import { assertNever } from '#shared/assert-never.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { Run } from '../ui/run.tsx'

type ToldRecord = QueryView<'patient'>['told'][number]

/** What the owner's other clinics told, latest first; each says whose it is. */
export function ToldRecords(props: { told: readonly ToldRecord[] }) {
  const text = useText()
  if (props.told.length === 0) return null
  return (
    <section aria-label={text('patient.told')} data-testid="told">
      <h3 className="patient-heading">{text('patient.told')}</h3>
      <ol className="timeline">
        {props.told.map((record) => (
          <Told key={record.recordId} record={record} />
        ))}
      </ol>
    </section>
  )
}

function Told(props: { record: ToldRecord }) {
  const text = useText()
  const formats = useFormats()
  const { queueDay, clinicName, doctorName, body } = props.record
  const isCanceled = body.kind === 'PRESCRIPTION' && body.canceled
  return (
    <li className="timeline-visit told-record" data-canceled={isCanceled}>
      <div className="timeline-first">
        <strong>{formats.day(queueDay)}</strong>
        <span>{text(`told.${body.kind}`)}</span>
        {isCanceled && <span className="told-void">{text('told.canceled')}</span>}
      </div>
      <ToldBody body={body} />
      <div className="timeline-second">
        <Run>{clinicName}</Run>
        {doctorName !== null && <Run>{doctorName}</Run>}
      </div>
    </li>
  )
}

function ToldBody(props: { body: ToldRecord['body'] }) {
  const text = useText()
  const { body } = props
  switch (body.kind) {
    case 'VISIT':
      return (
        <Lines
          lines={[
            text(`visitType.${body.type}`),
            ...body.diagnoses.map((diagnosis) =>
              diagnosis.code === null ? diagnosis.text : `${diagnosis.code} ${diagnosis.text}`,
            ),
          ]}
        />
      )
    case 'PRESCRIPTION':
      return (
        <Lines
          lines={body.lines.map(({ drug, dose, form, frequency, duration }) =>
            [drug, dose, form, frequency, duration].filter((part) => part !== null).join(' · '),
          )}
        />
      )
    case 'ALLERGY':
      return <Lines lines={[body.substance]} />
    case 'CONDITION':
      return <Lines lines={[body.name]} />
    case 'RESULT':
      return <Lines lines={[body.test, body.text]} />
    default:
      return assertNever(body)
  }
}

/** As they were written: each in its own direction. */
function Lines(props: { lines: readonly string[] }) {
  return (
    <ul className="told-lines">
      {props.lines
        .filter((line) => line !== '')
        .map((line, index) => (
          // Written once and never reordered.
          <li key={index}>
            <Run>{line}</Run>
          </li>
        ))}
    </ul>
  )
}
