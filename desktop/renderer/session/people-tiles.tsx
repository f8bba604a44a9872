import type { PeopleView } from '#desktop/station/contract/session-view.ts'
import { useText } from '../ui/locale-context.tsx'
import { Run } from '../ui/run.tsx'

export type Person = PeopleView[number]

/** The people of this station as tiles large enough to hit without aiming. */
export function PeopleTiles(props: { people: PeopleView; onChoose: (person: Person) => void }) {
  return (
    <ul className="people" data-testid="people">
      {props.people.map((person, index) => (
        <li key={person.userId}>
          <PersonTile person={person} first={index === 0} onChoose={props.onChoose} />
        </li>
      ))}
    </ul>
  )
}

function PersonTile(props: { person: Person; first: boolean; onChoose: (person: Person) => void }) {
  const text = useText()
  const { person } = props
  const roles = person.roles.map((role) => text(`role.${role}`)).join(' · ')
  return (
    <button
      type="button"
      className="person-tile"
      data-testid={`person-${person.userId}`}
      data-roles={person.roles.join(' ')}
      data-autofocus={props.first ? true : undefined}
      onClick={() => props.onChoose(person)}
    >
      <span className="person-face" aria-hidden>
        {initialOf(person.name)}
      </span>
      <span className="person-words">
        <span className="person-name">
          <Run>{person.name}</Run>
        </span>
        <span className="person-roles">{roles}</span>
        {!person.knownHere && person.demoPassword === null && (
          <span className="person-note">{text('session.firstTime')}</span>
        )}
      </span>
    </button>
  )
}

const TITLES = /^(د\.?\s*\/?|دكتورة?|dr\.?)\s*/i

/** The first letter of the name itself, not of a title: six people called "د" tell nobody anything. */
export function initialOf(name: string): string {
  return Array.from(name.replace(TITLES, ''))[0] ?? ''
}
