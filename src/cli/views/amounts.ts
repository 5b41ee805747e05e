/** Memory: `92 MB`, `8.1 GB`; one MB is 1,048,576 bytes. `-` when it is not known. */
export function memoryText(megabytes: number | null): string {
  if (megabytes === null) return '-';
  return Math.round(megabytes) < 1_000 ? `${Math.round(megabytes)} MB` : `${(megabytes / 1_024).toFixed(1)} GB`;
}

/** Size of a file: `312 B`, `4.0 KB`, `469 MB`, `4.3 GB`; one KB is 1,024 bytes. `-` when it is not known. */
export function sizeText(bytes: number | null): string {
  if (bytes === null) return '-';
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000 * 1_024) return `${oneDigit(bytes / 1_024)} KB`;
  return memoryText(bytes / 1_048_576);
}

/** A duration: `340 ms`, `8.1 s`, `2 min 5 s`, `3 h 10 min`, `2 d 4 h`. `-` when it is not known. */
export function durationText(milliseconds: number | null): string {
  if (milliseconds === null) return '-';
  const ms = Math.max(0, Math.round(milliseconds));
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return pair(minutes, 'min', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? pair(hours, 'h', minutes % 60, 'min') : pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** How long ago: `now` below five seconds, then `12 s ago`, `3 min ago`, `5 h ago`, `4 d ago`. */
export function ageText(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000);
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
}

/** `60%`; `-` where nothing was counted yet. Only what is whole is 100%. */
export function percentText(fraction: number | null): string {
  if (fraction === null) return '-';
  return `${fraction >= 1 ? 100 : Math.min(99, Math.round(fraction * 100))}%`;
}

/** `1,234`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 task`, `2 tasks`. */
export function plural(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Time of day here: `17:42:03`. */
export function clockText(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime())
    ? '--:--:--'
    : [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
}

/** Date and time here: `2026-11-25 17:42:03`. */
export function dateText(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clockText(iso)}`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function oneDigit(value: number): string {
  return value < 100 ? value.toFixed(1) : String(Math.round(value));
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
