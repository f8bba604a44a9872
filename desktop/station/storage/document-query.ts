import { getQueryMatcher, getSortComparator, type FilledMangoQuery } from "rxdb";

import type { CollectionTable } from "./collection-table.ts";
import type { IndexValue } from "./index-value.ts";
import { selectorCondition, type Condition } from "./selector-sql.ts";
import { parseDocument, type Fields, type StoredDocument } from "./stored-document.ts";

export type StoredQuery = FilledMangoQuery<Fields>;

/** Documents that match, in the query's order: SQL as far as it is exact, RxDB's own matcher and comparator beyond. */
export function queryDocuments(table: CollectionTable, query: StoredQuery): StoredDocument[] {
  const { condition, orderBy } = planQuery(table, query);
  const select = `SELECT json ${fromWhere(table, condition)}`;
  const limit = query.limit ?? Number.POSITIVE_INFINITY;
  if (orderBy === undefined) {
    const found = readAll(table, query, condition, select);
    found.sort(getSortComparator(table.schema, query));
    return found.slice(query.skip, query.skip + limit);
  }
  if (condition.exact) {
    return table
      .prepareQuery<string>(`${select} ORDER BY ${orderBy} LIMIT ? OFFSET ?`)
      .all(...condition.params, Number.isFinite(limit) ? limit : -1, query.skip)
      .map(parseDocument);
  }
  return readUntil(table, query, { sql: `${select} ORDER BY ${orderBy}`, params: condition.params, limit });
}

/** As many as `queryDocuments` would return; exact when SQLite could count them without a look into the documents. */
export function countDocuments(table: CollectionTable, query: StoredQuery): { count: number; exact: boolean } {
  const { condition } = planQuery(table, query);
  if (!condition.exact) {
    const found = readAll(table, query, condition, `SELECT json ${fromWhere(table, condition)}`);
    return { count: withinPage(found.length, query), exact: false };
  }
  const statement = table.prepareQuery<number>(`SELECT count(*) ${fromWhere(table, condition)}`);
  return { count: withinPage(statement.get(...condition.params) ?? 0, query), exact: true };
}

/** SQLite's plan for a query, for tests that hold it to its index. */
export function explainQuery(table: CollectionTable, query: StoredQuery): { sql: string; params: IndexValue[] } {
  const { condition, orderBy } = planQuery(table, query);
  const order = orderBy === undefined ? "" : ` ORDER BY ${orderBy}`;
  return { sql: `SELECT json ${fromWhere(table, condition)}${order}`, params: [...condition.params] };
}

function withinPage(count: number, query: StoredQuery): number {
  return Math.max(0, Math.min(count - query.skip, query.limit ?? Number.POSITIVE_INFINITY));
}

function fromWhere(table: CollectionTable, condition: Condition): string {
  return `FROM "${table.name.replaceAll('"', '""')}" WHERE ${condition.sql}`;
}

interface QueryPlan {
  readonly condition: Condition;
  /** undefined when a field of the sort has no column */
  readonly orderBy: string | undefined;
}

function planQuery(table: CollectionTable, query: StoredQuery): QueryPlan {
  const columns = table.columns();
  const terms: string[] = [];
  for (const part of query.sort) {
    for (const [field, direction] of Object.entries(part)) {
      const column = columns.get(field);
      if (column !== undefined) terms.push(`${column.sql}${direction === "desc" ? " DESC" : ""}`);
      else return { condition: selectorCondition(query.selector, columns), orderBy: undefined };
    }
  }
  return { condition: selectorCondition(query.selector, columns), orderBy: terms.length > 0 ? terms.join(", ") : "id" };
}

function readAll(table: CollectionTable, query: StoredQuery, condition: Condition, sql: string): StoredDocument[] {
  const documents = table
    .prepareQuery<string>(sql)
    .all(...condition.params)
    .map(parseDocument);
  return condition.exact ? documents : documents.filter(getQueryMatcher(table.schema, query));
}

/** An ordered read that stops at the page's end, for conditions the matcher has to complete. */
function readUntil(
  table: CollectionTable,
  query: StoredQuery,
  read: { sql: string; params: readonly IndexValue[]; limit: number },
): StoredDocument[] {
  const matches = getQueryMatcher(table.schema, query);
  const end = query.skip + read.limit;
  const found: StoredDocument[] = [];
  if (end <= query.skip) return found;
  for (const json of table.prepareQuery<string>(read.sql).iterate(...read.params)) {
    const document = parseDocument(json);
    if (matches(document)) found.push(document);
    if (found.length >= end) break;
  }
  return found.slice(query.skip);
}
