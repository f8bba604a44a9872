import type { PrintRequest, PrintResult } from '#desktop/station/contract/shell.ts'

type Paper = PrintRequest['paper']

const MICRONS_PER_PIXEL = 25_400 / 96
const RECEIPT_WIDTH = 80_000
/** Microns. Shorter than this and some drivers feed a whole page instead. */
const SHORTEST_RECEIPT = 40_000

/** CSS pixels: the width at which a document is laid out before its height is measured. */
export function layoutWidth(paper: Paper): number {
  const microns: Record<Paper, number> = { A4: 210_000, A5: 148_000, RECEIPT_80MM: RECEIPT_WIDTH }
  return Math.round(microns[paper] / MICRONS_PER_PIXEL)
}

/** A receipt is as long as what stands on it; its size is in microns, as Electron wants it. */
export function pageSize(
  paper: Paper,
  contentHeight: number,
): 'A4' | 'A5' | { width: number; height: number } {
  if (paper !== 'RECEIPT_80MM') return paper
  const height = Math.ceil(contentHeight * MICRONS_PER_PIXEL)
  return { width: RECEIPT_WIDTH, height: Math.max(SHORTEST_RECEIPT, height) }
}

/** Electron's reasons are sentences of Chromium's; what crosses a boundary is a code. */
export function printResult(success: boolean, reason: string): PrintResult {
  if (success) return { ok: true }
  return { ok: false, code: /cancel/i.test(reason) ? 'CANCELED' : 'FAILED' }
}
