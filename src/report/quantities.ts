const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** "0 B", "999 B", "1.2 kB", "12.3 MB", "812 MB": powers of 1000, three digits at most. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 and more would be shown as four digits.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit > 0 && value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** "1,234,567". Not by Intl, whose tables take longer to load than all lines of a run to write. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** "1 file", "1,200 files"; the plural is the noun and "s" unless it is given. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** "0.4 s", "12 s", "3 min 20 s", "1 h 05 min", "2 d 3 h". */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${pad(whole % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${pad(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "1.2 MB/s"; an empty text when no time has passed. */
export function formatRate(bytes: number, seconds: number): string {
  return seconds > 0 ? `${formatBytes(bytes / seconds)}/s` : "";
}

/** A share from 0 to 1 as "81%"; rounded down, so that 100% is the whole and nothing less. */
export function formatPercent(share: number): string {
  return `${Math.floor(100 * share)}%`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
