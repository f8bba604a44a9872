import { encodeScalar, isPlainObject, NULL_VALUE, type IndexValue } from './index-value.ts'

/** How a field path is read in SQL: as an encoded value, or as the integer 0/1 of `_deleted`. */
export interface Column {
  readonly sql: string
  readonly kind: 'value' | 'flag'
}

/**
 * A condition every matching document satisfies. When `exact`, no other document does; otherwise RxDB's own matcher has
 * to look at each document that passes.
 */
export interface Condition {
  readonly sql: string
  readonly params: readonly IndexValue[]
  readonly exact: boolean
}

type Columns = ReadonlyMap<string, Column>

const ALL: Condition = { sql: '1', params: [], exact: true }
const NONE: Condition = { sql: '0', params: [], exact: true }
const UNKNOWN: Condition = { sql: '1', params: [], exact: false }

/** SQLite's limit on parameters is 32,766; a longer list is left to the matcher. */
const LONGEST_LIST = 5_000

/** A Mango selector (normalised by RxDB or not) as a condition over the given columns. */
export function selectorCondition(selector: unknown, columns: Columns): Condition {
  if (!isPlainObject(selector)) return UNKNOWN
  return allOf(
    Object.entries(selector).map(([field, matcher]) => entryCondition(field, matcher, columns)),
  )
}

function entryCondition(field: string, matcher: unknown, columns: Columns): Condition {
  if (field === '$and') {
    return Array.isArray(matcher)
      ? allOf(matcher.map((part) => selectorCondition(part, columns)))
      : UNKNOWN
  }
  if (field === '$or') {
    return Array.isArray(matcher)
      ? anyOf(matcher.map((part) => selectorCondition(part, columns)))
      : UNKNOWN
  }
  const column = columns.get(field)
  if (field.startsWith('$') || column === undefined) return UNKNOWN
  if (!isPlainObject(matcher)) return operatorCondition(column, '$eq', matcher)
  const operators = Object.entries(matcher)
  if (operators.length === 0) return UNKNOWN
  return allOf(operators.map(([operator, operand]) => operatorCondition(column, operator, operand)))
}

function operatorCondition(column: Column, operator: string, operand: unknown): Condition {
  if (column.kind === 'flag') {
    return operator === '$eq' && typeof operand === 'boolean'
      ? exactly(`${column.sql} = ${operand ? 1 : 0}`)
      : UNKNOWN
  }
  switch (operator) {
    case '$eq':
      return equals(column.sql, operand)
    case '$ne':
      return differs(column.sql, operand)
    case '$in':
      return isOneOf(column.sql, operand)
    case '$nin':
      return isNoneOf(column.sql, operand)
    case '$gt':
      return compares(column.sql, '>', operand)
    case '$gte':
      return compares(column.sql, '>=', operand)
    case '$lt':
      return compares(column.sql, '<', operand)
    case '$lte':
      return compares(column.sql, '<=', operand)
    case '$exists':
      if (typeof operand !== 'boolean') return UNKNOWN
      return exactly(`${column.sql} IS ${operand ? 'NOT NULL' : 'NULL'}`)
    default:
      return UNKNOWN
  }
}

const IS_NIL = (column: string): string => `(${column} IS NULL OR ${column} = -9e999)`

// mingo: null and missing are equal to each other.
function equals(column: string, operand: unknown): Condition {
  if (operand === null || operand === undefined) return exactly(IS_NIL(column))
  const value = encodeScalar(operand)
  return value === undefined ? UNKNOWN : exactly(`${column} = ?`, value)
}

function differs(column: string, operand: unknown): Condition {
  if (operand === null || operand === undefined) return exactly(`${column} > -9e999`)
  const value = encodeScalar(operand)
  return value === undefined ? UNKNOWN : exactly(`${column} IS NOT ?`, value)
}

interface ValueList {
  readonly values: readonly IndexValue[]
  readonly hasNull: boolean
}

function readList(operand: unknown): ValueList | undefined {
  if (!Array.isArray(operand) || operand.length > LONGEST_LIST) return undefined
  const values: IndexValue[] = []
  let hasNull = false
  for (const item of operand) {
    if (item === undefined) continue
    const value = encodeScalar(item)
    if (value === undefined) return undefined
    if (value === NULL_VALUE) hasNull = true
    else values.push(value)
  }
  return { values, hasNull }
}

function isOneOf(column: string, operand: unknown): Condition {
  const list = readList(operand)
  if (list === undefined) return UNKNOWN
  const choices: string[] = []
  if (list.values.length > 0)
    choices.push(`${column} IN (${list.values.map(() => '?').join(', ')})`)
  if (list.hasNull) choices.push(IS_NIL(column))
  return choices.length === 0 ? NONE : exactly(`(${choices.join(' OR ')})`, ...list.values)
}

function isNoneOf(column: string, operand: unknown): Condition {
  const list = readList(operand)
  if (list === undefined) return UNKNOWN
  const demands: string[] = []
  if (list.values.length > 0) {
    const notIn = `${column} NOT IN (${list.values.map(() => '?').join(', ')})`
    demands.push(list.hasNull ? notIn : `(${column} IS NULL OR ${notIn})`)
  }
  if (list.hasNull) demands.push(`${column} > -9e999`)
  return demands.length === 0 ? ALL : exactly(demands.join(' AND '), ...list.values)
}

// mingo compares within one type only, so each comparison is fenced in by the neighbours of its type in SQLite's order.
function compares(column: string, operator: '>' | '>=' | '<' | '<=', operand: unknown): Condition {
  if (operand === null) return operator.endsWith('=') ? exactly(`${column} = -9e999`) : NONE
  const value = operand === undefined ? undefined : encodeScalar(operand)
  if (value === undefined || value === null) return UNKNOWN
  const upward = operator.startsWith('>')
  const comparison = `${column} ${operator} ?`
  // Numbers end where the least text begins, texts where the least blob (a boolean) begins.
  if (typeof value === 'number') {
    return exactly(`${comparison} AND ${upward ? `${column} < ''` : `${column} > -9e999`}`, value)
  }
  if (typeof value === 'string') {
    return exactly(`${comparison} AND ${upward ? `${column} < x''` : `${column} >= ''`}`, value)
  }
  return exactly(upward ? comparison : `${comparison} AND ${column} >= x''`, value)
}

function exactly(sql: string, ...params: IndexValue[]): Condition {
  return { sql, params, exact: true }
}

function allOf(parts: readonly Condition[]): Condition {
  const [first, second] = parts
  // Nearly always: one operator to a field. A count is mostly what it costs to read its selector.
  if (first !== undefined && second === undefined) return first
  let sql = ''
  let exact = true
  const params: IndexValue[] = []
  for (const part of parts) {
    exact &&= part.exact
    if (part.sql === '1') continue
    sql = sql === '' ? part.sql : `${sql} AND ${part.sql}`
    params.push(...part.params)
  }
  return { sql: sql === '' ? '1' : sql, params, exact }
}

function anyOf(parts: readonly Condition[]): Condition {
  // An empty $or and one unbounded branch leave nothing to bound the read by.
  if (parts.length === 0 || parts.some((part) => part.sql === '1' && !part.exact)) return UNKNOWN
  return {
    sql: `(${parts.map((part) => `(${part.sql})`).join(' OR ')})`,
    params: parts.flatMap((part) => part.params),
    exact: parts.every((part) => part.exact),
  }
}
