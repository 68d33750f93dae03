/** A moment in the machine's time zone (TZ): "2026-11-22 17:39:05". */
export function formatTime(ms: number): string {
  const at = new Date(ms);
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(pad).join("-");
  return `${date} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(pad).join(":")}`;
}

/** The same with the zone's offset, as RFC 3339 has it, for logs: "2026-11-22T17:39:05+09:00". */
export function formatTimestamp(ms: number): string {
  const offset = -new Date(ms).getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
  return `${formatTime(ms).replace(" ", "T")}${zone}`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
