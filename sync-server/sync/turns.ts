/** One has its turn at a time; of those who wait, each party in its turn, whoever of it came first. */
export interface Turns<Party> {
  /**
   * Until it is one's turn, which lasts until `end`. When too many wait, whoever came last of the party
   * that waits with the most is turned away, so that no party takes all places.
   */
  wait: (party: Party) => Promise<'TURN' | 'TURNED_AWAY'>
  end: (party: Party) => void
}

type Tell = (said: 'TURN' | 'TURNED_AWAY') => void

/** @param most how many may be there, the one whose turn it is among them */
export function createTurns<Party>(most: number): Turns<Party> {
  /** In the order of their next turns; none is empty. */
  const lines = new Map<Party, Tell[]>()
  let inside = 0

  function turnAway(party: Party): boolean {
    const own = lines.get(party)?.length ?? 0
    const [longest, line] = [...lines].reduce<[Party, Tell[]]>(
      (most, each) => (each[1].length > most[1].length ? each : most),
      [party, []],
    )
    // With one more of its own it would itself be the one with the most.
    if (line.length <= own + 1) return false
    line.pop()?.('TURNED_AWAY')
    inside -= 1
    if (line.length === 0) lines.delete(longest)
    return true
  }

  return {
    wait(party) {
      if (inside >= most && !turnAway(party)) return Promise.resolve('TURNED_AWAY')
      inside += 1
      if (inside === 1) return Promise.resolve('TURN')
      return new Promise((tell) => {
        const line = lines.get(party)
        if (line === undefined) lines.set(party, [tell])
        else line.push(tell)
      })
    },
    end(party) {
      inside -= 1
      // Behind those who wait by now, whatever place it had among them.
      const own = lines.get(party)
      if (own !== undefined && lines.delete(party)) lines.set(party, own)
      const [next] = lines
      if (next === undefined) return
      const [nextParty, line] = next
      const tell = line.shift()
      if (line.length === 0) lines.delete(nextParty)
      tell?.('TURN')
    },
  }
}
