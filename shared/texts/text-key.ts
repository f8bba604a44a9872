import type { en } from './en.ts'

/** CLDR's plural categories; Arabic has all six, English two. */
export type PluralForm = 'zero' | 'one' | 'two' | 'few' | 'many' | 'other'

type WithoutForm<Key extends string> = Key extends `${infer Base}_${PluralForm}` ? Base : Key

/** What a window may ask for by name. A key with plural forms is asked for without them. */
export type TextKey = WithoutForm<keyof typeof en>
