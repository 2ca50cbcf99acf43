/** The units behind a number, in one spelling for all of their forms and languages, each with what it measures. */
import { isFunctionStem } from "./words.ts";

export interface Unit {
  /** In one spelling; `money/a` and `money/b` are each what `money` may stand for. */
  readonly unit: string;
  /** Other words stand between: `30 vacation days`. */
  readonly isFar: boolean;
  /** What the amount is counted for: `9 euros a month`. */
  readonly per?: string;
}

/**
 * A line: what is measured, then one unit in all its spellings, the first of which stands for all. Left out is
 * what is mostly another word, such as `in`, or in one language something else than in the next (`г`, `an`).
 */
const TABLE = `share % percent prozent porcentaje porciento procent процент процента процентов パーセント 퍼센트
share ‰ promille
points points point prozentpunkt prozentpunkte prozentpunkten punkte puntos punti
time ms millisecond milliseconds millisekunde millisekunden milliseconde millisecondes milisegundo milisegundos 毫秒 ミリ秒 밀리초
time s sec secs second seconds sekunde sekunden seconde secondes segundo segundos secondo secondi сек секунда секунды секунд ثانية ثوان 秒 秒钟 秒鐘 秒間 초 วินาที
time min mins minute minutes minuten minuto minutos minuti мин минута минуты минут دقيقة دقائق 分 分钟 分鐘 分間 분 นาที
time h hr hrs hour hours std stunde stunden heure heures hora horas ora ore ч час часа часов ساعة ساعات 小时 小時 个小时 個小時 時間 시간 ชั่วโมง
time d day days workday workdays weekday weekdays tag tage tagen jour jours journée journées día días dia dias giorno giorni день дня дней يوم أيام 天 日 日間 工作日 个工作日 個工作日 营业日 営業日 일 영업일 วัน
time night nights nacht nächte nuit nuits noche noches notte notti noite noites 晚 泊 박
time week weeks woche wochen semaine semaines semana semanas settimana settimane неделя недели недель أسبوع أسابيع 周 週 週間 个星期 個星期 星期 주 주일 สัปดาห์
time month months monat monate monaten mois mes meses mese mesi mês месяц месяца месяцев мес شهر أشهر 个月 個月 ヶ月 ケ月 カ月 か月 ヵ月 箇月 개월 เดือน
time quarter quarters quartal quartale trimestre trimestres 季度 四半期 분기
time year years yr yrs jahr jahre jahren année années ans año años ano anos anno anni год года лет سنة سنوات 年 年間 周年 週年 년 주년 ปี
time decade decades jahrzehnt jahrzehnte décennie décennies década décadas 年代
time century centuries jahrhundert jahrhunderte siècle siècles siglo siglos secolo secoli século séculos
calendar 月 월
calendar clock 時 时 点 點 시
data byte bytes octet octets байт
data kb kib kilobyte kilobytes кб
data mb mib megabyte megabytes мб
data gb gib gigabyte gigabytes гб
data kbit kbits kilobit kilobits kbps
data mbit mbits megabit megabits mbps
data gbit gbits gigabit gigabits gbps
data tb tib terabyte terabytes тб
length mm millimetre millimetres millimeter millimeters millimètre millimètres milímetro milímetros millimetri мм 毫米 ミリメートル
length cm centimetre centimetres centimeter centimeters zentimeter centimètre centimètres centímetro centímetros centimetri см 厘米 公分 センチメートル センチ 센티미터
length m metre metres meter meters mètre mètres metro metros metri м метр метра метров 米 公尺 メートル 미터 เมตร
length km kmh kph kilometre kilometres kilometer kilometers kilomètre kilomètres kilómetro kilómetros chilometri quilômetro quilômetros км километр километра километров 公里 千米 キロメートル 킬로미터 กิโลเมตร
length mile miles mph meile meilen milla millas milles миля мили миль 英里 マイル 마일
length yard yards yd
length ft foot feet 英尺 フィート 피트
length inch inches zoll pouces pulgada pulgadas 英寸 インチ 인치
area acre acres
area hectare hectares ha hektar hectárea hectáreas гектар гектара гектаров 公顷 公頃 ヘクタール
mass mg milligram milligrams milligramm milligrammes miligramos мг 毫克 ミリグラム
mass g gram grams gramm gramme grammes gramo gramos grammi gramas 克 グラム 그램
mass kg kilogram kilograms kilo kilos kilogramm kilogramme kilogrammes kilogramo kilogramos chilogrammi quilo quilos кг килограмм килограмма килограммов 公斤 千克 キログラム キロ 킬로그램
mass ton tons tonne tonnes tonnen tonelada toneladas tonnellata tonnellate тонна тонны тонн 吨 噸 トン 톤
mass oz ounce ounces unze unzen
volume ml millilitre millilitres milliliter milliliters millilitro mililitros мл 毫升 ミリリットル
volume l litre litres liter liters litro litros litri литр литра литров 升 公升 リットル 리터
volume gallon gallons gal 加仑 加侖 ガロン 갤런
volume pint pints
volume barrel barrels
degree degree degrees grad degré degrés grado grados gradi grau graus градус градуса градусов 度 도
degree degree/c °c ℃ celsius
degree degree/f °f ℉ fahrenheit
power w watt watts
power kw kilowatt kilowatts
power mw megawatt megawatts
current ma milliamp milliamps milliampere
current amp amps ampere
voltage volt volts
voltage kv kilovolt kilovolts
charge mah
charge ah
pressure bar
pressure mbar millibar
pressure psi
pressure hpa hektopascal hectopascal
pressure kpa kilopascal
energy kwh
energy mwh
frequency hz hertz
frequency khz kilohertz
frequency mhz megahertz
frequency ghz gigahertz
money $ dollar dollars dólar dólares dollari доллар доллара долларов 美元 美金 ドル 米ドル 달러
money $/us usd us$
money $/ca cad c$ ca$
money $/au aud a$ au$
money $/nz nzd nz$
money $/hk hkd hk$
money $/sg sgd s$ sg$
money € euro euros eur евро 欧元 歐元 ユーロ 유로
money £ pound pounds pfund
money £/gbp gbp sterling 英镑 英鎊
mass £/lb lb lbs
money ¥
money ¥/jp jpy yen 円 日元 日圓 엔
money ¥/cn cny rmb yuan renminbi 元 块 塊 圆 人民币 人民幣 위안
money krw won ₩ 원 韩元 韓元 ウォン
money ₽ rub руб рубль рубля рублей
money ₹ inr rupee rupees rs
money franc francs
money franc/ch chf franken sfr
sound db decibel decibels dezibel décibel décibels decibelios децибел 分贝 デシベル 데시벨
money cent cents ct centavos centimes
money ฿ baht บาท
count count 个 個 개
count count/person 人 名 位 名様 个人 個人 명 คน`;

/** A word without its accents, in lower case. */
function fold(word: string): string {
  return word
    .normalize("NFD")
    .replaceAll(/\p{M}+/gu, "")
    .toLowerCase();
}

const lines = TABLE.split("\n").map((line) => line.split(" "));
/** Unit → what it measures. */
const KINDS: ReadonlyMap<string, string> = new Map(
  lines.map(([kind = "", unit = ""]) => [unit, kind]),
);
const all = lines.flatMap(([, unit = "", ...others]) =>
  [unit, ...others].map((spelling) => [spelling, unit] as const),
);
/** Not followed by a blank, so only its beginning is known. */
const isRun = ([spelling]: readonly [string, string]): boolean =>
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Thai}]/u.test(spelling);
const RUNS: ReadonlyMap<string, string> = new Map(all.filter(isRun));
const WORDS: ReadonlyMap<string, string> = new Map(
  all.filter((one) => !isRun(one)).map(([spelling, unit]) => [fold(spelling), unit]),
);

/** What German puts in front makes it another day and no other unit: `Urlaubstage`, but not `percentage`. */
const COMPOUND = /^\p{Lu}.{2,}(tag|woche|monat|jahr|stunde|minute|sekunde)(?:en|n|e|s|es)?$/u;
/** Behind them stands something else than what is counted. */
const ENDS =
  /^(?:von|vom|im|am|und|oder|de|des|du|del|della|di|le|la|los|les|et|y|e|o|ou|в|на|и|за|до|от|within|without|until|since|versus|plus|minus)$/iu;
/** Behind the word for a degree. */
const SCALE_NAME = /^[\s\u00a0]([cf])(?:elsius|ahrenheit)?(?![\p{L}])/iu;
const SCALE_CHARS = 16;
/** Between what is counted and its time: `100 calls an hour`. */
const RATE = /^(?:an?|per|each|every|pro|je|par|por|al)$/iu;
/** Whose money it is, right before the word for it. */
const NATIONS: ReadonlyMap<string, string> = new Map(
  "us us american us canadian ca australian au zealand nz hongkong hk kong hk singapore sg swiss ch"
    .split(" ")
    .flatMap((word, at, words) => (at % 2 === 0 ? [[word, words[at + 1] ?? ""] as const] : [])),
);
const FAR_WORDS_MAX = 2;
const FAR_CHARS_MIN = 2;

const runs = [...RUNS.keys()].toSorted((a, b) => b.length - a.length).join("|");
/** `30 (thirty) days` and `thirty (30) days` have their unit too. No word is longer: text may be without blanks. */
const NEXT = new RegExp(
  String.raw`(?:[^\S\n]?\([^()\n]{1,24}\)|\))?[\s\u00a0\u202f-]?(?:(?<share>per cent\b|por ciento\b|pour cent\b|per cento\b|por cento\b)|(?<mille>per mille\b|pour mille\b)|(?<sign>[%‰]|[€£$¥₩₽₹฿℃℉]|[°º]\s?[cf](?![\p{L}]))|(?<run>${runs})|(?<word>[\p{L}\p{M}]{1,40}))`,
  "iuy",
);

/** The unit that begins at `from`, right behind a number, or a few words on. */
export function readUnit(
  text: string,
  from: number,
): (Unit & { readonly end: number }) | undefined {
  let at = from;
  let skipped = 0;
  for (let isFar = false; skipped <= FAR_WORDS_MAX; isFar = true) {
    NEXT.lastIndex = at;
    const { word = "", ...others } = NEXT.exec(text)?.groups ?? {};
    at = NEXT.lastIndex;
    const unit = toFound({ word, ...others });
    const long = readLong(text, at, unit === "degree" ? unit : word);
    if (long !== undefined) return { isFar, ...long };
    if (unit !== undefined && (!isFar || word.length >= FAR_CHARS_MIN)) {
      return { unit, isFar, end: at };
    }
    if (isEnd(fold(word))) return undefined;
    if (!RATE.test(word)) skipped += 1;
  }
  return undefined;
}

function toFound({
  share,
  mille,
  sign,
  run,
  word = "",
}: Readonly<Record<string, string>>): string | undefined {
  if (mille !== undefined) return "‰";
  return share === undefined ? toUnit(sign ?? run ?? word) : "%";
}

/** A unit of two words; `US dollars` are none of Canada. */
function readLong(
  text: string,
  from: number,
  first: string,
): { readonly unit: string; readonly end: number } | undefined {
  if (first === "degree") return readDegree(text, from);
  if (/^percentage$/iu.test(first)) return readPoints(text, from);
  const nation = NATIONS.get(fold(first));
  if (nation === undefined) return undefined;
  NEXT.lastIndex = from;
  const unit = `${toUnit(NEXT.exec(text)?.groups?.["word"] ?? "")}/${nation}`;
  return KINDS.has(unit) ? { unit, end: NEXT.lastIndex } : undefined;
}

function isEnd(word: string): boolean {
  return word === "" || (!RATE.test(word) && (ENDS.test(word) || isFunctionStem(word)));
}

/** `2 percentage points` are not 2 percent. */
function readPoints(
  text: string,
  from: number,
): { readonly unit: string; readonly end: number } | undefined {
  NEXT.lastIndex = from;
  const unit = toUnit(NEXT.exec(text)?.groups?.["word"] ?? "");
  return unit === "points" ? { unit, end: NEXT.lastIndex } : undefined;
}

/** `€ 9 a month`, `5 mg/kg` */
const PER = /^\s?(?:\/\s?|(?:an?|per|each|every|pro|je|par|por|al)\s+)(\p{L}{1,40})/iu;
const PER_CHARS = 60;

/** The unit that an amount which ends at `from` is counted for. */
export function readPer(text: string, from: number): Pick<Unit, "per"> {
  const per = toUnit(PER.exec(text.slice(from, from + PER_CHARS))?.[1] ?? "");
  return per === undefined ? {} : { per };
}

/** Whose degrees they are is said behind them, or not at all. */
function readDegree(text: string, at: number): Pick<Unit, "unit"> & { readonly end: number } {
  const [whole = "", scale = ""] = SCALE_NAME.exec(text.slice(at, at + SCALE_CHARS)) ?? [];
  return { unit: toUnit(`°${scale}`) ?? "degree", end: at + whole.length };
}

/** What a unit measures, such as `mass`. */
export function toKind(unit: string): string | undefined {
  return KINDS.get(unit);
}

/** In small letters they are other words. */
const SYMBOLS: ReadonlyMap<string, string> = new Map([
  ["A", "amp"],
  ["V", "volt"],
]);

/** The unit that a sign or word is a spelling of. */
export function toUnit(spelling: string): string | undefined {
  const folded = fold(spelling.replace("º", "°").replaceAll(/\s/g, ""));
  const stem = COMPOUND.exec(spelling)?.[1] ?? "";
  return SYMBOLS.get(spelling) ?? RUNS.get(spelling) ?? WORDS.get(folded) ?? WORDS.get(stem);
}

/**
 * May both be said of one amount? A unit that is not known may be any. One that stands some words off may belong
 * to something else, unless it measures the same: `30 vacation days` are not `30 weeks`.
 */
export function isSameUnit(one: Partial<Unit>, other: Partial<Unit>): boolean {
  const [a, b] = [one.unit, other.unit];
  if (one.per !== undefined && other.per !== undefined && one.per !== other.per) return false;
  if (a === undefined || b === undefined || a === b) return true;
  if (a.startsWith(`${b}/`) || b.startsWith(`${a}/`)) return true;
  return (one.isFar === true || other.isFar === true) && KINDS.get(a) !== KINDS.get(b);
}

/** Is this, a blank before it aside, a unit that is written right into the words around it? */
export function isRunUnit(spelling: string): boolean {
  return RUNS.has(spelling.trim());
}
