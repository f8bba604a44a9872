import type { OfferedPage } from '#shared/protocol.ts'
import type { Offer } from './pull.ts'

/** More are not kept while something else is under way: one pull then brings them all. */
const OFFERS_AT_MOST = 50

/** Where this station is in its clinic's feed, and what it has heard of the rest; numbers of the feed. */
export interface FeedPlace {
  /** How far this station is. */
  seq(): number
  advanceTo(seq: number): void
  /** What was here is to be pulled anew. */
  beginAnew(): void
  /** The feed is said to go so far, perhaps with the page that leads there. */
  heard(head: number, page: OfferedPage | null): void
  /** What was heard counts no longer: it may be of an epoch that is over. */
  forgetHead(): void
  /** Answers to this station's own pushes brought what has these numbers. */
  broughtHome(seqs: readonly number[]): void
  /** How many of them are ahead of this place. */
  ownAhead(): number
  /** Whether the feed is said to go further than this place. */
  isBehind(): boolean
  /** Whether it holds anything but what the answers to this station's own pushes have brought. */
  hasNews(): boolean
  /**
   * The pages that came with the news of them and follow from here on, as one; they are kept no longer.
   * Null: none does, or it is older than the answers to this station's own pushes and would take them
   * back for a moment.
   */
  takeOffer(): Offer | null
  forgetOffers(): void
}

export function openFeedPlace(from: number): FeedPlace {
  let place = from
  let head = 0
  const own = new Set<number>()
  /** In order. */
  let offers: Offer[] = []

  return {
    seq: () => place,
    advanceTo(seq) {
      place = seq
      for (const each of own) if (each <= seq) own.delete(each)
    },
    beginAnew() {
      place = 0
      own.clear()
    },
    heard(seq, page) {
      head = Math.max(head, seq)
      if (page !== null && offers.length < OFFERS_AT_MOST) offers.push({ ...page, head: seq })
    },
    forgetHead: () => void (head = 0),
    broughtHome(seqs) {
      for (const seq of seqs) own.add(seq)
    },
    ownAhead: () => own.size,
    isBehind: () => head > place,
    hasNews() {
      let known = place
      while (own.has(known + 1)) known += 1
      return head > known
    },
    takeOffer() {
      const offered = joinOffers(offers, place)
      offers = []
      return offered !== null && offered.head >= Math.max(...own) ? offered : null
    },
    forgetOffers: () => void (offers = []),
  }
}

/** The pages that follow each other from here on, as one; null: none does. */
function joinOffers(offers: readonly Offer[], after: number): Offer | null {
  let joined: Offer | null = null
  for (const offer of offers) {
    if (offer.after !== (joined?.head ?? after)) continue
    joined =
      joined === null
        ? offer
        : { ...offer, after, documents: [...joined.documents, ...offer.documents] }
  }
  return joined
}
