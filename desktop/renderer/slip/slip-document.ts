import type { Slip } from '#desktop/station/contract/slip.ts'
import { makeFormats, type Formats, type Language, type Place } from '../ui/formats.ts'
import { roomWords } from '../ui/room.ts'
import { makeText } from '../ui/texts.ts'

/** Where the paper finds its letters: absolute addresses of the app's own font files. */
export interface SlipFonts {
  arabic: string
  latin: string
}

type SlipPlace = Pick<Place, 'digits' | 'timeZone'>

/** The whole document of an 80 mm slip: Arabic first, English small below, the ticket as large as fits. */
export function slipDocument(slip: Slip, place: SlipPlace, fonts: SlipFonts): string {
  const arabic = slipWords(slip, 'ar', place)
  const english = slipWords(slip, 'en', place)
  const ticket = makeFormats({ ...place, language: 'ar' }).digits(slip.ticket)
  return `<!doctype html>
<html lang="ar" dir="rtl">
<head>
<meta charset="utf-8">
<title>${escape(arabic.title)}</title>
<style>${slipStyle(fonts, ticketSize(slip.ticket))}</style>
</head>
<body>
<p class="clinic"><bdi>${escape(slip.clinicName)}</bdi></p>
<p class="label">${escape(arabic.label)}</p>
<p class="ticket"><bdi dir="ltr">${escape(ticket)}</bdi></p>
<p class="name"><bdi>${escape(slip.patientName)}</bdi></p>
<p class="before">${escape(arabic.before)}</p>
${arabic.turn === null ? '' : `<p>${escape(arabic.turn)}</p>`}
<p>${escape(arabic.where)}</p>
<p class="english" lang="en" dir="ltr">${escape(english.before)}${english.turn === null ? '' : `, ${escape(english.turn)}`}, ${escape(english.where)}</p>
<hr>
<p>${escape(arabic.when)}</p>
${arabic.paid === null ? '' : `<p class="paid">${escape(arabic.paid)}</p>`}
</body>
</html>`
}

interface SlipWords {
  title: string
  label: string
  before: string
  turn: string | null
  where: string
  when: string
  paid: string | null
}

function slipWords(slip: Slip, language: Language, place: SlipPlace): SlipWords {
  const formats: Formats = makeFormats({ ...place, language })
  const text = makeText(language, formats)
  const room = roomWords(text, formats, slip.room)
  const receipt =
    slip.receipt === null ? [] : [text('slip.receipt', { receipt: formats.digits(slip.receipt) })]
  const paid =
    slip.paid === null
      ? null
      : [text('slip.paid', { amount: formats.money(slip.paid) }), ...receipt].join(' · ')
  return {
    title: text('slip.paper'),
    label: text('slip.ticket'),
    before: slip.before === 0 ? text('slip.next') : text('count.before', { count: slip.before }),
    turn:
      slip.turn === null
        ? null
        : text('slip.turn', {
            from: formats.time(slip.turn.from),
            to: formats.time(slip.turn.to),
          }),
    where: [text('slip.with', { doctor: slip.doctorName }), room]
      .filter((words) => words !== '')
      .join(' · '),
    when: [
      formats.longDay(slip.queueDay),
      text('slip.atTime', { time: formats.time(slip.printedAt) }),
    ].join(language === 'ar' ? '، ' : ', '),
    paid,
  }
}

/** The printable width is 72 mm; a bold digit is about 0.6 of its size wide. In millimetres. */
export function ticketSize(ticket: string): number {
  return Math.min(34, Math.floor(70 / (Math.max(2, ticket.length) * 0.62)))
}

function slipStyle(fonts: SlipFonts, ticketMillimetres: number): string {
  return `
@font-face { font-family: Slip; font-weight: 400 700; src: url('${fonts.latin}') format('woff2'); }
@font-face {
  font-family: Slip; font-weight: 400 700; src: url('${fonts.arabic}') format('woff2');
  unicode-range: U+0600-06FF, U+0750-077F, U+08A0-08FF, U+FB50-FDFF, U+FE70-FEFC;
}
@page { size: 80mm auto; margin: 0; }
* { margin: 0; box-sizing: border-box; }
body {
  color: #000; background: #fff; font: 3.6mm/1.5 Slip, 'Noto Sans Arabic', sans-serif;
  inline-size: 80mm; padding: 3mm 4mm 8mm; text-align: center; font-variant-numeric: tabular-nums;
}
bdi { unicode-bidi: isolate; }
.clinic { font-size: 4.6mm; font-weight: 700; }
.label { font-size: 3.6mm; margin-block-start: 1mm; }
.ticket { font-size: ${ticketMillimetres}mm; font-weight: 700; line-height: 1.1; white-space: nowrap; }
.name { font-size: 4.4mm; font-weight: 700; }
.before { font-size: 4.4mm; font-weight: 700; margin-block-start: 1mm; }
.english { font-size: 3.1mm; line-height: 1.4; }
.paid { font-weight: 700; }
hr { border: 0; border-block-start: 0.3mm dashed #000; margin-block: 2mm; }
`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
}
