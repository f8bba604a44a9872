import { getQueryMatcher, getSortComparator, type FilledMangoQuery } from 'rxdb'

import type { BoundQuery, CollectionTable } from './collection-table.ts'
import { selectorCondition } from './selector-sql.ts'
import { parseDocument, type Fields, type StoredDocument } from './stored-document.ts'

export type StoredQuery = FilledMangoQuery<Fields>

/** Documents that match, in the query's order: SQL as far as it is exact, RxDB's own matcher and comparator beyond. */
export function queryDocuments(table: CollectionTable, query: StoredQuery): StoredDocument[] {
  const plan = planQuery(table, query)
  const { skip, limit } = pageOf(query)
  if (!plan.ordered) {
    const found = readMatches(table, query, plan)
    found.sort(getSortComparator(table.schema, query))
    return found.slice(skip, skip + limit)
  }
  if (!plan.exact) return readMatchesUntil(table, query, plan)
  const sql = `${plan.sql} LIMIT ? OFFSET ?`
  const params = [...plan.params, Number.isFinite(limit) ? limit : -1, skip]
  return table
    .prepareQuery<string>({ ...plan, sql, params })
    .all(...params)
    .map(parseDocument)
}

/** As many as `queryDocuments` would return; exact when SQLite could count them without a look into the documents. */
export function countDocuments(
  table: CollectionTable,
  query: StoredQuery,
): { count: number; exact: boolean } {
  const plan = planMatches(table, query.selector, 'count(*)')
  const count = plan.exact
    ? table.prepareQuery<number>(plan).get(...plan.params)
    : readMatches(table, query, planMatches(table, query.selector, 'json')).length
  const { skip, limit } = pageOf(query)
  return { count: Math.max(0, Math.min((count ?? 0) - skip, limit)), exact: plan.exact }
}

// RxDB fills both in by type, but its key-compression plugin drops them again.
function pageOf(query: Partial<StoredQuery>): { skip: number; limit: number } {
  return { skip: query.skip ?? 0, limit: query.limit ?? Number.POSITIVE_INFINITY }
}

interface MatchPlan extends BoundQuery {
  /** no document that SQL lets through needs the matcher */
  readonly exact: boolean
}

interface QueryPlan extends MatchPlan {
  /** the rows come in the query's order; otherwise a field of the sort has no column */
  readonly ordered: boolean
}

/** The SQL a query becomes; exported for the tests that hold it to its index. */
export function planQuery(table: CollectionTable, query: StoredQuery): QueryPlan {
  const matches = planMatches(table, query.selector, 'json')
  const columns = table.columns()
  const terms: string[] = []
  for (const part of query.sort) {
    for (const [field, direction] of Object.entries(part)) {
      const column = columns.get(field)
      if (column === undefined) return { ...matches, ordered: false }
      terms.push(`${column.sql}${direction === 'desc' ? ' DESC' : ''}`)
    }
  }
  const orderBy = terms.length === 0 ? '' : ` ORDER BY ${terms.join(', ')}`
  return { ...matches, sql: `${matches.sql}${orderBy}`, ordered: true }
}

/** In any order. */
function planMatches(
  table: CollectionTable,
  selector: StoredQuery['selector'],
  column: 'json' | 'count(*)',
): MatchPlan {
  const { sql, params, exact } = selectorCondition(selector, table.columns())
  const isBounded = Object.keys(selector).some((field) => field !== '_deleted')
  return {
    sql: `SELECT ${column} FROM ${table.quotedName} WHERE ${sql}`,
    params,
    isBounded,
    exact,
  }
}

function readMatches(
  table: CollectionTable,
  query: StoredQuery,
  plan: MatchPlan,
): StoredDocument[] {
  const documents = table
    .prepareQuery<string>(plan)
    .all(...plan.params)
    .map(parseDocument)
  return plan.exact ? documents : documents.filter(getQueryMatcher(table.schema, query))
}

/** An ordered read that stops at the page's end, for conditions the matcher has to complete. */
function readMatchesUntil(
  table: CollectionTable,
  query: StoredQuery,
  plan: QueryPlan,
): StoredDocument[] {
  const matches = getQueryMatcher(table.schema, query)
  const { skip, limit } = pageOf(query)
  const found: StoredDocument[] = []
  if (limit <= 0) return found
  for (const json of table.prepareQuery<string>(plan).iterate(...plan.params)) {
    const document = parseDocument(json)
    if (matches(document)) found.push(document)
    if (found.length >= skip + limit) break
  }
  return found.slice(skip)
}
