/**
 * Egyptian names as parents give them: the Arabic spelling, the Latin spellings people use (the
 * first is the most common), and a weight. Weights are our own estimate of how the names share a
 * waiting room, not a census; `old` and `young` names belong to people above and below about 35.
 */
export interface DemoName {
  readonly arabic: string
  readonly latin: readonly [string, ...string[]]
  readonly weight: number
  readonly era: 'old' | 'young' | 'any'
}

export const MALE_NAMES = readNames(`
محمد mohamed/mohammed/muhammad/mohammad 260
أحمد ahmed/ahmad 150
محمود mahmoud/mahmood 75
مصطفى mostafa/mustafa/moustafa 55
علي ali/aly 48
إبراهيم ibrahim/ebrahim 44
عبد الله abdallah/abdullah/abdalla 32
خالد khaled/khalid 30
حسن hassan/hasan 30
عمر omar/omer 30
يوسف youssef/yousef/yusuf/yousif 32
عبد الرحمن abdelrahman/abdulrahman/abdurrahman 30
كريم karim/kareem 26
حسين hussein/hussain/hossein 22
إسلام islam/eslam 22 young
عمرو amr/amro 20
طارق tarek/tariq/tareq 18
هشام hisham/hesham 14
أشرف ashraf 14 old
أيمن ayman/aiman 15
سعيد said/saeed/saied 16 old
سيد sayed/sayyid/said 20 old
السيد elsayed/alsayed/elsayyed 22 old
ياسر yasser/yaser/yasir 12 old
وليد waleed/walid 13
شريف sherif/shereef/sharif 14
رمضان ramadan 14
عادل adel/adil 13 old
جمال gamal/jamal 13 old
صلاح salah 11 old
سامي samy/sami 9
سمير samir/sameer 10 old
مجدي magdy/magdi/majdi 10 old
حمدي hamdy/hamdi 9 old
فتحي fathy/fathi 9 old
رضا reda/rida 11 old
ناصر nasser/naser 8 old
عصام essam/issam 9 old
هاني hany/hani 10
ماهر maher/mahir 6 old
أسامة osama/usama/ossama 12
بلال belal/bilal 8 young
زياد ziad/zeyad/zyad 13 young
ياسين yassin/yaseen/yasin 18 young
آدم adam 20 young
حمزة hamza/hamzah 15 young
مالك malek/malik 13 young
سيف seif/saif 12 young
مازن mazen/mazin 9 young
مروان marwan 10 young
عبد العزيز abdelaziz/abdulaziz 8
عبد الحميد abdelhamid/abdulhamid 8 old
عبد الفتاح abdelfattah/abdulfattah 7 old
عبد المنعم abdelmoneim/abdelmonem 6 old
عبد الناصر abdelnasser/abdulnasser 4 old
عبد اللطيف abdellatif/abdullatif 4 old
عبد الحليم abdelhalim/abdulhalim 4 old
عبد الكريم abdelkarim/abdulkarim 3
عبد الوهاب abdelwahab/abdulwahab 3 old
عبد القادر abdelkader/abdulqader 3 old
عبد السلام abdelsalam/abdulsalam 3 old
عبد الرؤوف abdelraouf/abdulraouf 2 old
عبد ربه abdrabbo/abdrabo 2 old
عبده abdo/abdou 6 old
نور الدين noureldin/noureldeen/nour 5 young
صلاح الدين salaheldin/salaheldeen 3 old
علاء الدين alaaeldin/alaaeldeen 2
علاء alaa/ala 11
بهاء bahaa 5
ضياء diaa/diya 3
حسام hossam/hosam/hussam 12
وائل wael/wail 10
تامر tamer/tamir 9
أمير amir/ameer 7
رامي ramy/rami 8
شادي shady/shadi 6
فادي fady/fadi 6
نبيل nabil/nabeel 7 old
جلال galal/jalal 4 old
كمال kamal 6 old
فؤاد fouad/fuad 4 old
رؤوف raouf/rauf 2 old
شعبان shaaban/shaban 8 old
رجب ragab/rajab 8 old
عيد eid 5 old
جمعة gomaa/gouma/jumaa 5 old
خميس khamis/khames 4 old
فرج farag/faraj 4 old
صابر saber/sabir 6 old
منصور mansour/mansoor 5 old
فوزي fawzy/fawzi/fouzy 5 old
لطفي lotfy/lotfi/lutfi 4 old
شوقي shawky/shawki/shawqi 4 old
رأفت raafat/rafat 5 old
مدحت medhat/midhat 5 old
طلعت talaat/talat 4 old
عزت ezzat/izzat 4 old
نشأت nashaat/nashat 2 old
بدر badr 5
بكر bakr 3
زكريا zakaria/zakariya 5
يحيى yehia/yahya/yahia 9
عيسى eissa/issa 3
موسى moussa/mousa/musa 4
هارون haroun/haron 2
أنور anwar 4 old
أكرم akram 4
أدهم adham 7 young
إياد eyad/iyad 5 young
أنس anas 8 young
معاذ moaz/muaz 6 young
عاصم assem/asem 4
حازم hazem/hazim 6
باسم bassem/basem 5
باسل basel/bassel 3 young
فارس fares/faris 8 young
جاسر jasser/gasser 4 young
كنان kenan/kinan 2 young
ريان rayan/rayyan 5 young
تيم taim/tim 3 young
عثمان othman/osman 5
عطية attia/atiya 4 old
غريب gharib/ghareeb 3 old
لؤي loay/loai 3 young
هيثم haitham/haytham 5
نادر nader/nadir 5 old
نادي nady/nadi 3 old
ممدوح mamdouh/mamdoh 4 old
مسعد mosaad/musaad 4 old
محسن mohsen/mohsin 5 old
منير mounir/munir/monir 3 old
مختار mokhtar/mukhtar 3 old
معتز moataz/motaz 5
مهند mohanad/muhannad 4 young
إيهاب ihab/ehab 8 old
إسماعيل ismail/esmail 9
إسحاق ishak/eshak/ishaq 3
سليمان soliman/suleiman/sulaiman 6
سلامة salama/salamah 3 old
سالم salem/salim 5
سليم selim/saleem/salim 5
صبحي sobhy/sobhi/subhi 4 old
صبري sabry/sabri 5 old
صالح saleh/salih 6 old
طه taha 7
ظافر zafer/dhafer 1
`)

export const FEMALE_NAMES = readNames(`
فاطمة fatma/fatima/fatmah/fatema 70
مريم mariam/maryam/mariem 48
آية aya/ayah 36 young
أسماء asmaa/asma 36
إسراء esraa/israa 28 young
سارة sara/sarah 34
زينب zeinab/zainab/zaynab 26
خديجة khadija/khadiga 16
عائشة aisha/aysha/aicha 18
هدى hoda/huda 24 old
منى mona/muna 24 old
نورا noura/nora 15
نور nour/noor 22 young
شيماء shaimaa/shaima/shymaa 24
إيمان eman/iman 26
أمل amal/aml 20
أميرة amira/ameera 20
دعاء doaa/duaa 18
رانيا rania/ranya 16
رشا rasha 12
ريهام reham/riham 14
ريم reem/rim 12
سعاد soad/souad/suad 14 old
سلمى salma/selma 18 young
سمر samar 9
سميرة samira/sameera 12 old
سناء sanaa/sana 8 old
سهير soheir/sohair/suhair 8 old
صباح sabah 10 old
صفاء safaa/safa 10
عبير abeer/abir 12 old
عزة azza/aza 10 old
عفاف afaf 6 old
علا ola/oula 6
غادة ghada/gada 10
فايزة fayza/faiza 7 old
فريدة farida/fareeda 14 young
كريمة karima/kareema 8 old
ليلى laila/layla/leila 10
لمياء lamia/lamyaa 6
ماجدة magda/majda 8 old
مايسة maysa/maisa 3 old
مديحة madiha/madeeha 5 old
مروة marwa/marwah 16
منال manal 12 old
منة الله menatallah/mennatallah 10 young
هبة الله hebatallah/hibatallah 5
مها maha 8
مي mai/may 7
ميادة mayada 5
نادية nadia/nadya 14 old
ناهد nahed/nahid 6 old
نبيلة nabila/nabeela 6 old
نجلاء naglaa/najlaa/nagla 8 old
نجوى nagwa/najwa 7 old
ندى nada 14 young
نرمين nermin/nermeen 6
نسمة nesma/nasma 8
نعمة neama/nema 6 old
نهى noha/nuha 10
نهلة nahla/nahlah 6
نوال nawal 6 old
هالة hala/halah 9 old
هاجر hagar/hajar 14 young
هبة heba/hiba 20
هناء hanaa/hana 9 old
هند hend/hind 10
هيام hayam 4 old
وفاء wafaa/wafa 10 old
ولاء walaa/wala 10
ياسمين yasmin/yasmine/yasmeen 18 young
يارا yara 9 young
جنى jana/gana 20 young
ملك malak 26 young
حبيبة habiba/habeba 18 young
روان rawan 14 young
رحمة rahma/rahmah 14 young
رقية rokaya/roqaya/ruqayya 10 young
شهد shahd/shahed 14 young
تقى toqa/tuqa 6 young
جودي joudy/judy 8 young
لارا lara 4 young
لوجين logain/loujain 6 young
مكة makka/mecca 3 young
أروى arwa 5 young
إنجي engy/ingy 3
بسمة basma/bassma 9
بسنت basant/bassant 5 young
تهاني tahany/tahani 4 old
ثريا soraya/thoraya 2 old
جيهان gehan/jihan/jehan 8 old
حنان hanan 16 old
خلود kholoud/khulud 5
داليا dalia/dalya 9
دينا dina/deena 12
رباب rabab 5
رضوى radwa/radwah 5
زهرة zahra/zahrah 4
شادية shadia/shadya 4 old
صفية safia/safiya 4 old
ضحى doha/duha 4 young
عطيات atiat/attiyat 4 old
عواطف awatef/awatif 4 old
فوزية fawzia/fawzeya 5 old
قمر qamar/kamar 3
كوثر kawthar/kawsar/kawther 4 old
لبنى lobna/lubna 5
نعيمة naima/naeema 5 old
نفيسة nafisa/nafeesa 2 old
وردة warda/wardah 2 old
آمال amal/amaal 7 old
أم كلثوم omkalthoum 1 old
`)

export const COPTIC_MALE_NAMES = readNames(`
مينا mina/meena 60
جرجس girgis/gerges/guirguis 36
بيتر peter 18 young
مايكل michael 20 young
كيرلس kyrillos/kerolos/kirollos 30 young
مارك mark 16 young
جورج george 26
بيشوي bishoy/beshoy 22
أبانوب abanoub/abanob 16 young
شنودة shenouda/shinouda 14
ميلاد milad/melad 14 old
عادل adel 12 old
سمير samir 10 old
ماجد maged/majid 10
عماد emad/imad 12 old
روماني romany/romani 8
أندرو andrew 10 young
فادي fady/fadi 14
بولا bola/paula 8 young
مرقس morcos/markos 10 old
يوحنا youhanna/yohanna 6 old
حنا hanna/hannah 10 old
عبد المسيح abdelmessih/abdelmasih 5 old
عبد الملاك abdelmalak 3 old
عبد الشهيد abdelshahid 2 old
لبيب labib/labeeb 4 old
نصيف nassif/nasif 3 old
ذكي zaki/zaky 4 old
رزق rizk/rezk 4 old
فكتور victor 4 old
كمال kamal 5 old
إسحق ishak/eshak 5 old
يعقوب yacoub/yakoub 4 old
متى matta 3 old
`)

export const COPTIC_FEMALE_NAMES = readNames(`
مريم mariam/maryam 44
مارينا marina 26 young
كريستين christine/kristine 18
ماريا maria 12 young
مريان marian/maryan 12
نرمين nermin/nermeen 8
إيريني irini/irene/eriny 14
يوستينا youstina/yostina 14 young
فيرونيا veronia 6 young
ساندرا sandra 12 young
ميرنا mirna/merna 10 young
دميانة demiana/damiana 10
تريزا teresa/treza 6 old
ماري mary/marie 12 old
مارلين marlin/marleen 5
جاكلين jacqueline 4 old
ماجدة magda 8 old
نادية nadia 8 old
سوسن sawsan/sosan 5 old
إيفون yvonne/evon 4 old
ليديا lydia 4
هناء hanaa 6 old
مارثا martha 4
`)

export const FAMILY_NAMES = readNames(`
السيد elsayed/alsayed 30
الشريف elsherif/alsharif 8
المصري elmasry/almasri 10
النجار elnaggar/alnajjar 12
الحداد elhaddad/alhaddad 8
الصعيدي elsaidy/elsaeedy 5
الشافعي elshafei/elshafey 7
الجندي elgendy/elgindy 10
الشاذلي elshazly/alshazly 6
العربي elaraby/alarabi 6
الغريب elgharib/algharib 4
البنا elbanna/albanna 7
الفقي elfeky/elfiqi 8
الشيخ elsheikh/alsheikh 8
القاضي elkady/alqadi 6
الخولي elkholy/alkhouli 9
الدسوقي eldesouky/eldsouki 8
البدوي elbadawy/albadawi 6
بدوي badawy/badawi 6
الطنطاوي eltantawy/tantawi 5
الإسكندراني eleskandarany 2
المنشاوي elmenshawy/almenshawi 5
الديب eldeeb/aldeeb 6
غنيم ghoneim/ghonim 6
شاهين shahin/shaheen 8
سالم salem/salim 10
سليمان soliman/suleiman 10
عثمان osman/othman 8
حجازي hegazy/hijazi 8
عبد العال abdelaal/abdelal 6
عبد الغني abdelghani/abdelghany 6
عبد الجواد abdelgawad 5
عبد المقصود abdelmaksoud 4
أبو زيد abouzeid/abuzaid 8
أبو العلا aboelela/abouelela 4
أبو العينين abouelenein/aboelenein 4
أبو بكر aboubakr/abubakr 3
أبو المجد abouelmagd 3
خليفة khalifa/khalifah 6
خليل khalil/khaleel 8
درويش darwish/darweesh 7
رزق rizk/rezk 6
زهران zahran 5
سلطان sultan/soltan 5
شحاتة shehata/shahata 8
صقر sakr/saqr 4
عامر amer/amir 6
عوض awad 8
عيد eid 5
فرج farag 6
قنديل kandil/qandil 5
مرسي morsi/morsy/mursi 8
مكاوي mekawy/makkawi 4
موافي mowafy/mouafi 2
نصار nassar 5
هلال helal/hilal 5
يونس younis/younes 5
عطا الله atallah/attallah 4
فتح الله fathallah 3
جاد الحق gadelhak/gadalhaq 2
سيف الدين seifeldin/saifeldin 2
حسنين hassanein/hasanein 5
عمارة emara/amara 4
راضي rady/radi 4
حماد hammad 5
`)

export const COPTIC_FAMILY_NAMES = readNames(`
بطرس botros/boutros 20
غالي ghali/ghaly 12
حنا hanna 16
جرجس girgis/gerges 20
إبراهيم ibrahim 12
سعد saad 8
عزيز aziz/azeez 12
فهيم fahim/faheem 8
ميخائيل mikhail/mikhael 14
منصور mansour 8
نجيب naguib/najib 10
وهبة wahba/wahbah 8
يوسف youssef 10
رياض riad/riyad 6
صليب salib/saleeb 8
عبد النور abdelnour 5
تادرس tadros/tadrous 12
ويصا wissa/wisa 6
قلادة kelada/qelada 4
باسيلي basily/bassili 5
فلتس faltas 3
جاد الرب gadelrab 3
`)

function readNames(table: string): readonly DemoName[] {
  return table.trim().split('\n').map(readName)
}

function readName(line: string): DemoName {
  const match = /^(?<arabic>[^a-z]+) (?<latin>\S+) (?<weight>\d+)(?: (?<era>old|young))?$/.exec(
    line,
  )
  const { arabic = '', latin = '', weight = '', era } = match?.groups ?? {}
  const [first = '', ...rest] = latin.split('/')
  if (arabic === '' || first === '') throw new Error(`A name table has a bad line: ${line}`)
  return {
    arabic,
    latin: [first, ...rest],
    weight: Number(weight),
    era: era === 'old' || era === 'young' ? era : 'any',
  }
}
