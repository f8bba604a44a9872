import { IconDownload, IconFileUpload } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import { useAct, useWatch } from '../station-client/station-context.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { refusalText } from '../ui/perform.ts'
import { Run } from '../ui/run.tsx'
import { isolate } from '../ui/texts.ts'
import { errorListCsv, problemText } from './error-list.ts'
import './import.css'

type ImportProgress = QueryView<'import'>

/** Bytes; the contract takes 64 million characters, and Arabic is two bytes a letter. */
const LARGEST_FILE = 60_000_000

/** Brings in the old list of a clinic: a file, its progress, and what could not be read. */
export function ImportPanel() {
  const text = useText()
  const act = useAct()
  const { view: progress } = useWatch('import', {})
  const [problem, setProblem] = useState<string | null>(null)
  const read = async (file: File): Promise<void> => {
    setProblem(null)
    if (file.size > LARGEST_FILE) {
      setProblem(text('import.tooLarge'))
      return
    }
    const content = decodeUtf8(await file.arrayBuffer())
    if (content === null) {
      setProblem(text('import.notText'))
      return
    }
    const result = await act('importCsv', { fileName: file.name, text: content })
    if (!result.ok) setProblem(refusalText(text, result.code, result.details))
  }
  const running = progress?.running === true
  return (
    <div className="import" data-testid="import">
      <p className="import-hint">{text('import.hint')}</p>
      {!running && (
        <FilePicker
          label={text(
            progress === null || progress.fileName === null ? 'import.pick' : 'import.again',
          )}
          onFile={(file) => void read(file)}
        />
      )}
      {problem !== null && (
        <p className="notice" data-tone="trouble" role="alert">
          {problem}
        </p>
      )}
      {progress !== null && progress.fileName !== null && <Progress progress={progress} />}
    </div>
  )
}

/** Null: another encoding. The windows-1256 of old Excel would otherwise come in as noise. */
function decodeUtf8(bytes: ArrayBuffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function FilePicker(props: { label: string; onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <div>
      <input
        ref={input}
        type="file"
        accept=".csv,text/csv"
        hidden
        data-testid="import-file"
        onChange={(event) => {
          const file = event.target.files?.[0]
          // The same file again is a change too.
          event.target.value = ''
          if (file !== undefined) props.onFile(file)
        }}
      />
      <button
        type="button"
        className="button"
        data-kind="primary"
        onClick={() => input.current?.click()}
      >
        <IconFileUpload size="1.125rem" aria-hidden />
        {props.label}
      </button>
    </div>
  )
}

function Progress(props: { progress: ImportProgress }) {
  const text = useText()
  const formats = useFormats()
  const { running, fileName, done, total, imported, duplicates } = props.progress
  const { errors, errorCount, warnings, warningCount, unread } = props.progress
  return (
    <output className="import-progress" data-testid="import-progress">
      <strong>{text(running ? 'import.running' : 'import.done', { file: fileName ?? '' })}</strong>
      <progress max={Math.max(1, total)} value={done} />
      <span className="import-counts">
        <span>
          {text('sync.progress', { done: formats.number(done), total: formats.number(total) })}
        </span>
        <span>{text('count.imported', { count: imported })}</span>
        <span title={text('import.duplicatesHint')}>
          {text('count.duplicates', { count: duplicates })}
        </span>
        <span data-tone={errorCount > 0 ? 'trouble' : undefined}>
          {text('count.importErrors', { count: errorCount })}
        </span>
        {warningCount > 0 && <span>{text('count.importWarnings', { count: warningCount })}</span>}
      </span>
      {running && <span className="import-hint">{text('import.background')}</span>}
      {unread.length > 0 && (
        <p className="notice" data-tone="doubt">
          {text('import.unread', { columns: unread.map(isolate).join(' · ') })}
        </p>
      )}
      {errorCount > 0 && (
        <RemarkList
          title={text('count.importErrors', { count: errorCount })}
          remarks={errors}
          count={errorCount}
          saveAs={`${fileName ?? 'import'}.errors.csv`}
          testId="errors"
        />
      )}
      {warningCount > 0 && (
        <RemarkList
          title={text('count.importWarnings', { count: warningCount })}
          remarks={warnings}
          count={warningCount}
          saveAs={`${fileName ?? 'import'}.look.csv`}
          testId="warnings"
        />
      )}
    </output>
  )
}

/** Line by line, to be mended in the file; a long list shows its beginning. */
function RemarkList(props: {
  title: string
  remarks: ImportProgress['errors']
  count: number
  saveAs: string
  testId: string
}) {
  const text = useText()
  const formats = useFormats()
  const { title, remarks, count, saveAs, testId } = props
  return (
    <section className="import-remarks" aria-label={title} data-testid={testId}>
      <h3>{title}</h3>
      <div className="import-table">
        <table>
          <thead>
            <tr>
              <th scope="col">{text('import.line')}</th>
              <th scope="col">{text('import.column')}</th>
              <th scope="col">{text('import.problem')}</th>
              <th scope="col">{text('import.value')}</th>
            </tr>
          </thead>
          <tbody>
            {remarks.map((remark, index) => (
              <tr key={`${remark.line} ${remark.column} ${index}`}>
                <td>{formats.number(remark.line)}</td>
                <td>
                  <Run>{remark.column}</Run>
                </td>
                <td>{problemText(text, remark.code)}</td>
                <td>
                  <Run>{remark.value}</Run>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {count > remarks.length && (
        <span className="import-hint">{text('import.more', { shown: remarks.length })}</span>
      )}
      <button
        type="button"
        className="button import-save"
        data-testid={`save-${testId}`}
        onClick={() => save(errorListCsv(text, remarks), saveAs)}
      >
        <IconDownload size="1.125rem" aria-hidden />
        {text('import.download')}
      </button>
    </section>
  )
}

function save(content: string, fileName: string): void {
  const address = URL.createObjectURL(new Blob([content], { type: 'text/csv;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = address
  link.download = fileName
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
