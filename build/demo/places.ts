import type { GovernorateCode } from '../../shared/national-id.ts'

export interface DemoPlace {
  readonly arabic: string
  readonly latin: string
  /** The governorate that most who live here were born in. */
  readonly governorate: GovernorateCode
  /** Area code with its leading 0, and how many digits follow it. */
  readonly landline: readonly [area: string, digits: number]
  readonly weight: number
}

/** Where the patients of a clinic in Greater Cairo come from; the weights are our estimate. */
export const PLACES: readonly DemoPlace[] = [
  { arabic: 'مدينة نصر', latin: 'Nasr City', governorate: '01', landline: ['02', 8], weight: 16 },
  { arabic: 'شبرا', latin: 'Shubra', governorate: '01', landline: ['02', 8], weight: 14 },
  { arabic: 'عين شمس', latin: 'Ain Shams', governorate: '01', landline: ['02', 8], weight: 12 },
  { arabic: 'المطرية', latin: 'El Matareya', governorate: '01', landline: ['02', 8], weight: 10 },
  { arabic: 'حلوان', latin: 'Helwan', governorate: '01', landline: ['02', 8], weight: 8 },
  { arabic: 'المعادي', latin: 'Maadi', governorate: '01', landline: ['02', 8], weight: 8 },
  { arabic: 'مصر الجديدة', latin: 'Heliopolis', governorate: '01', landline: ['02', 8], weight: 8 },
  {
    arabic: 'السيدة زينب',
    latin: 'Sayeda Zeinab',
    governorate: '01',
    landline: ['02', 8],
    weight: 5,
  },
  { arabic: 'فيصل', latin: 'Faisal', governorate: '21', landline: ['02', 8], weight: 16 },
  { arabic: 'الهرم', latin: 'Haram', governorate: '21', landline: ['02', 8], weight: 14 },
  { arabic: 'إمبابة', latin: 'Imbaba', governorate: '21', landline: ['02', 8], weight: 12 },
  { arabic: 'الدقي', latin: 'Dokki', governorate: '21', landline: ['02', 8], weight: 6 },
  {
    arabic: 'السادس من أكتوبر',
    latin: '6th of October',
    governorate: '21',
    landline: ['02', 8],
    weight: 8,
  },
  {
    arabic: 'شبرا الخيمة',
    latin: 'Shubra El Kheima',
    governorate: '14',
    landline: ['02', 8],
    weight: 10,
  },
  { arabic: 'بنها', latin: 'Benha', governorate: '14', landline: ['013', 7], weight: 4 },
  { arabic: 'طنطا', latin: 'Tanta', governorate: '16', landline: ['040', 7], weight: 3 },
  { arabic: 'المنصورة', latin: 'Mansoura', governorate: '12', landline: ['050', 7], weight: 3 },
  { arabic: 'الزقازيق', latin: 'Zagazig', governorate: '13', landline: ['055', 7], weight: 3 },
  { arabic: 'سيدي جابر', latin: 'Sidi Gaber', governorate: '02', landline: ['03', 7], weight: 3 },
  { arabic: 'الفيوم', latin: 'Faiyum', governorate: '23', landline: ['084', 7], weight: 3 },
  { arabic: 'المنيا', latin: 'Minya', governorate: '24', landline: ['086', 7], weight: 2 },
  { arabic: 'سوهاج', latin: 'Sohag', governorate: '26', landline: ['093', 7], weight: 2 },
]
