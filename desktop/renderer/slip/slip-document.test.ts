import { expect, it } from 'vitest'
import { slipDocument, ticketSize } from './slip-document.ts'

const slip = {
  clinicName: 'عيادات النيل',
  ticket: 'A-12',
  patientName: 'Mona <b>& Co</b>',
  doctorName: 'د. هالة',
  room: '1',
  before: 3,
  printedAt: '2026-11-22T17:05:00Z',
  queueDay: '2026-11-22',
  paid: { minor: 25_000, currency: 'EGP' as const },
  receipt: 'A-1021',
}
const fonts = { arabic: 'app://dawr/a.woff2', latin: 'app://dawr/l.woff2' }
const cairo = { timeZone: 'Africa/Cairo' }

it('says in the digits of the clinic who is before, with whom, when, and what was paid', () => {
  const html = slipDocument(slip, { ...cairo, digits: 'ARABIC_INDIC' }, fonts)
  expect(html).toContain('<bdi dir="ltr">A-١٢</bdi>')
  expect(html).toContain('قبلك ٣ مرضى')
  expect(html).toContain('١٩:٠٥')
  expect(html).toContain('٢٥٠')
  expect(html.indexOf('قبلك')).toBeLessThan(html.indexOf('before you'))
})

it('takes a name as text, whatever it holds', () => {
  const html = slipDocument(slip, { ...cairo, digits: 'LATIN' }, fonts)
  expect(html).toContain('Mona &lt;b&gt;&amp; Co&lt;/b&gt;')
  expect(html).not.toContain('<b>')
})

it('leaves out what was not paid', () => {
  const unpaid = { ...slip, paid: null, receipt: null }
  expect(slipDocument(unpaid, { ...cairo, digits: 'LATIN' }, fonts)).not.toContain('class="paid"')
})

it('prints the ticket as large as it fits in 72 mm', () => {
  for (const ticket of ['7', '48', 'A-12', 'AB-123']) {
    expect(ticketSize(ticket) * ticket.length * 0.62).toBeLessThanOrEqual(72)
  }
  expect(ticketSize('7')).toBe(34)
})
