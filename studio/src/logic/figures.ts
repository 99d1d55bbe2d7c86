/** Figures in few digits, with their units. */

/** Return a number with a count of significant digits, without an exponent. */
function short(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${short(value, 3)} ${units[unit] ?? ''}`;
}

export function seconds(value: number): string {
  if (value < 0.000995) return `${short(value * 1e6, 2)} µs`;
  if (value < 0.0995) return `${short(value * 1000, 2)} ms`;
  return value < 60 ? `${short(value, 2)} s` : `${Math.round(value / 60)} min`;
}

export function gflop(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
