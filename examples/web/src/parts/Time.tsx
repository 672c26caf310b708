const DAY = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' });
const EXACT = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'short' });

export function Time({ at }: { at: string }) {
  const date = new Date(at);
  return <time dateTime={at} title={EXACT.format(date)}>{DAY.format(date)}</time>;
}
