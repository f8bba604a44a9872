import type { Random } from './random.ts'

/**
 * The name as a hurried clinic types it: hamza left out more often than not, final ى as ي and ة as
 * ه, عبد الرحمن closed up. The proportions are our estimate.
 */
export function typeHurriedly(name: string, random: Random): string {
  let typed = name
  if (/[أإآ]/.test(typed) && random.chance(0.7)) typed = typed.replace(/[أإآ]/g, 'ا')
  if (typed.includes('ى') && random.chance(0.35)) typed = typed.replaceAll('ى', 'ي')
  if (/ي(?= |$)/.test(typed) && random.chance(0.2)) typed = typed.replace(/ي(?= |$)/g, 'ى')
  if (/ة(?= |$)/.test(typed) && random.chance(0.45)) typed = typed.replace(/ة(?= |$)/g, 'ه')
  if (typed.includes('عبد ') && random.chance(0.5)) typed = typed.replaceAll('عبد ', 'عبد')
  if (/(ا|أ)بو /.test(typed) && random.chance(0.4)) typed = typed.replace(/(ا|أ)بو /g, '$1بو')
  if (typed.endsWith('اء') && random.chance(0.15)) typed = typed.slice(0, -1)
  if (random.chance(0.01)) typed = typed.replace(' ', '  ')
  return typed
}
