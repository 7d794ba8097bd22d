/** Dates of HTTP (RFC 9110 §5.6.7): seconds, always GMT. Times are ms since 1970, a multiple of 1000. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Sun, 06 Nov 1994 08:49:37 GMT`: the only form that is written. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** The three forms that are read: IMF-fixdate, RFC 850's with its two-digit year, and that of asctime(3). */
const FORMS = [
  /^\w{3}, (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^\w{6,9}, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/,
];

/** undefined for what is no date: such a header counts as not sent. */
export function parseHttpDate(text: string): number | undefined {
  for (const form of FORMS) {
    const parts = form.exec(text.trim())?.groups;
    if (!parts) continue;
    const [hours, minutes, seconds] = parts.time!.split(':').map(Number);
    const month = MONTHS.indexOf(parts.month!);
    const day = Number(parts.day);
    if (month < 0 || hours! > 23 || minutes! > 59 || seconds! > 60) return undefined;
    const midnight = Date.UTC(fullYear(parts.year!), month, day);
    if (new Date(midnight).getUTCDate() !== day) return undefined; // 31 Feb
    return midnight + ((hours! * 60 + minutes!) * 60 + seconds!) * 1000;
  }
  return undefined;
}

/** No file is older than 1970. */
function fullYear(text: string): number {
  const year = Number(text);
  return text.length === 4 ? year : year + (year < 70 ? 2000 : 1900);
}
