import { IconSearch, IconUserPlus } from '@tabler/icons-react'
import {
  useEffect,
  useEffectEvent,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type Ref,
} from 'react'
import type { ActionInput, ActionOutput } from '#desktop/station/contract/actions.ts'
import type { PatientId } from '#shared/ids.ts'
import { CheckInForm } from './check-in/check-in-form.tsx'
import { NewPatientForm } from './check-in/new-patient-form.tsx'
import { HitList, optionId, type Hit } from './search/hit-list.tsx'
import { useSearch } from './search/use-search.ts'
import { RecordsArriving } from './sync/records-arriving.tsx'
import { useDesk } from './ui/desk-context.tsx'
import { useFormats, useText } from './ui/locale-context.tsx'
import { usePerform, useUndo } from './ui/perform.ts'
import { useToast } from './ui/toasts.tsx'
import './search/search.css'

type Mode = 'CHECK_IN' | 'SEARCH'

type Stage =
  | { kind: 'HITS' }
  | { kind: 'NEW'; searched: string }
  | { kind: 'CONFIRM'; patient: ActionInput<'checkIn'>['patient']; name: string }

export interface FinderHandle {
  open: (mode: Mode) => void
  checkIn: (patientId: PatientId, name: string) => void
}

/** The one field of the desk: find a patient, then check in or open. It is where the hand rests. */
export function Finder(props: { ref: Ref<FinderHandle> }) {
  const text = useText()
  const desk = useDesk()
  const { mayCheckIn, queueDay } = desk.session
  const input = useRef<HTMLInputElement>(null)
  const [mode, setMode] = useState<Mode>(mayCheckIn ? 'CHECK_IN' : 'SEARCH')
  const [opened, setOpened] = useState(false)
  const [typed, setTyped] = useState('')
  const [stage, setStage] = useState<Stage>({ kind: 'HITS' })
  const [active, setActive] = useState(0)
  /** Enter came before the answer: it means the first hit of the answer. */
  const [eager, setEager] = useState(false)
  const earlyEnters = useRef(0)
  const search = useSearch(typed)
  const afterCheckIn = useAfterCheckIn()

  const hits = typed.trim() === '' ? [] : (search.shown?.hits ?? [])
  const offersNew = mayCheckIn
  const rowCount = hits.length + (offersNew ? 1 : 0)

  const focusInput = (): void => input.current?.focus()
  const reset = (): void => {
    setTyped('')
    setStage({ kind: 'HITS' })
    setActive(0)
    setEager(false)
    earlyEnters.current = 0
    setOpened(false)
  }
  const open = (next: Mode): void => {
    setMode(next === 'CHECK_IN' && !mayCheckIn ? 'SEARCH' : next)
    setStage({ kind: 'HITS' })
    setOpened(true)
    focusInput()
    input.current?.select()
  }
  const confirm = (patientId: PatientId, name: string): void => {
    setMode('CHECK_IN')
    setStage({ kind: 'CONFIRM', patient: { kind: 'KNOWN', patientId }, name })
    setOpened(true)
  }
  useImperativeHandle(props.ref, () => ({ open, checkIn: confirm }))

  const pickHit = (hit: Hit): void => {
    if (mode === 'CHECK_IN') confirm(hit.patientId, hit.name)
    else {
      reset()
      desk.open({ kind: 'PATIENT', patientId: hit.patientId })
    }
  }
  const pick = (index: number): void => {
    const hit = hits[index]
    if (hit !== undefined) pickHit(hit)
    else if (offersNew) setStage({ kind: 'NEW', searched: typed })
  }
  const pickFirst = useEffectEvent(() => {
    setEager(false)
    pick(0)
  })
  // Before the next key can come: an Enter between the answer and the pick would be lost.
  useLayoutEffect(() => {
    if (eager && search.fresh) pickFirst()
  }, [eager, search.fresh])

  const onEscape = useEffectEvent(() => {
    if (stage.kind === 'HITS') reset()
    else setStage({ kind: 'HITS' })
    focusInput()
  })
  useEffect(() => {
    if (!opened) return
    const onKeyDown = (event: globalThis.KeyboardEvent): void => {
      if (event.code !== 'Escape') return
      event.preventDefault()
      onEscape()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [opened])
  const onInputKey = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return
    if (event.code === 'ArrowDown' || event.code === 'ArrowUp') {
      event.preventDefault()
      const by = event.code === 'ArrowDown' ? 1 : -1
      setActive((active + by + rowCount) % Math.max(1, rowCount))
    } else if (event.code === 'Enter' || event.code === 'NumpadEnter') {
      event.preventDefault()
      if (typed.trim() === '' || event.repeat) return
      // The hand is quicker than the next step: it gets this Enter when it is there.
      if (stage.kind !== 'HITS') earlyEnters.current += 1
      else if (search.fresh) pick(active)
      else if (eager) earlyEnters.current += 1
      else setEager(true)
    }
  }
  const listed = opened && stage.kind === 'HITS' && rowCount > 0
  const Icon = mode === 'CHECK_IN' ? IconUserPlus : IconSearch
  return (
    <div className="finder">
      <div className="finder-box">
        <Icon size="1.25rem" aria-hidden />
        <input
          ref={input}
          className="finder-input"
          data-testid="search-input"
          data-mode={mode}
          role="combobox"
          aria-label={text('bar.search')}
          aria-expanded={listed}
          aria-controls={listed ? 'finder-hits' : undefined}
          aria-activedescendant={listed ? optionId(active) : undefined}
          autoComplete="off"
          spellCheck={false}
          dir="auto"
          placeholder={text('bar.search')}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            setActive(0)
            setEager(false)
            earlyEnters.current = 0
            setStage({ kind: 'HITS' })
            setOpened(true)
          }}
          onKeyDown={onInputKey}
        />
        <kbd>{text('key.search')}</kbd>
      </div>
      {opened && (
        <>
          <button
            type="button"
            tabIndex={-1}
            className="finder-shade"
            aria-label={text('action.close')}
            onClick={reset}
          />
          <section
            className="finder-panel"
            data-testid={mode === 'CHECK_IN' ? 'check-in' : 'search'}
            data-stage={stage.kind}
            aria-label={text(`finder.title.${mode}`)}
          >
            <FinderHead mode={mode} stage={stage} />
            <div className="finder-body">
              {stage.kind === 'HITS' && (
                <>
                  {typed.trim() === '' ? (
                    <p className="finder-hint">{text('finder.hint')}</p>
                  ) : (
                    <NothingFound found={hits.length} search={search.shown} />
                  )}
                  <RecordsArriving />
                  {search.shown?.isPreparing === true && (
                    <p className="notice" data-tone="doubt" data-testid="search-preparing">
                      {text('finder.preparing')}
                    </p>
                  )}
                  {(typed.trim() !== '' || offersNew) && (
                    <HitList
                      hits={hits}
                      today={queueDay}
                      active={active}
                      newPatient={offersNew ? typed.trim() : null}
                      onActive={setActive}
                      onPick={pick}
                    />
                  )}
                </>
              )}
              {stage.kind === 'NEW' && (
                <NewPatientForm
                  searched={stage.searched}
                  today={queueDay}
                  onDraft={(draft) =>
                    setStage({ kind: 'CONFIRM', patient: { kind: 'NEW', draft }, name: draft.name })
                  }
                  onRegister={(draft) => void afterCheckIn.register(draft).then(reset)}
                  onKnown={pickHit}
                />
              )}
              {stage.kind === 'CONFIRM' && (
                <CheckInForm
                  patient={stage.patient}
                  name={stage.name}
                  takeEarlyEnter={() => {
                    if (earlyEnters.current === 0) return false
                    earlyEnters.current -= 1
                    return true
                  }}
                  onDone={(output) => {
                    afterCheckIn.done(output)
                    reset()
                    focusInput()
                  }}
                />
              )}
            </div>
          </section>
        </>
      )}
    </div>
  )
}

function FinderHead(props: { mode: Mode; stage: Stage }) {
  const text = useText()
  const { mode, stage } = props
  const title =
    stage.kind === 'CONFIRM'
      ? stage.name
      : stage.kind === 'NEW'
        ? text('checkIn.newTitle')
        : text(`finder.title.${mode}`)
  return (
    <header className="finder-head">
      <h2 className="finder-title">
        <bdi>{title}</bdi>
      </h2>
      <span className="finder-keys">
        {stage.kind === 'HITS' ? (
          <>
            <kbd>{text('key.arrows')}</kbd>
            {text('finder.keysMove')}
            <kbd>{text('key.enter')}</kbd>
            {text(mode === 'CHECK_IN' ? 'finder.keysPick' : 'finder.keysOpen')}
          </>
        ) : (
          <>
            <kbd>{text('key.escape')}</kbd>
            {text('action.back')}
          </>
        )}
      </span>
    </header>
  )
}

function NothingFound(props: { found: number; search: { patients: number } | null }) {
  const text = useText()
  if (props.found > 0 || props.search === null) return null
  return (
    <p className="finder-hint">
      {text('finder.none', {
        patients: text('count.patients', { count: props.search.patients }),
      })}
    </p>
  )
}

/** What follows a check-in: the slip, and a word about the ticket. */
function useAfterCheckIn() {
  const text = useText()
  const formats = useFormats()
  const desk = useDesk()
  const perform = usePerform()
  const toast = useToast()
  const undo = useUndo()
  return {
    done({ slip }: ActionOutput<'checkIn'>): void {
      desk.printSlip(slip)
      const before =
        slip.before === 0 ? text('toast.beforeNone') : text('toast.before', { count: slip.before })
      toast({
        text: text('toast.checkedIn', {
          name: slip.patientName,
          ticket: formats.digits(slip.ticket),
          before,
        }),
        undo,
      })
    },
    async register(draft: ActionInput<'registerPatient'>['draft']): Promise<void> {
      const result = await perform('registerPatient', { draft })
      if (!result.ok) return
      toast({ text: text('toast.registered', { name: draft.name }) })
      desk.open({ kind: 'PATIENT', patientId: result.output.patientId })
    },
  }
}
