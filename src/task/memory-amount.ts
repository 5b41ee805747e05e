/** `1,234 MB`, as sums are worded. Pure. */
export function megabytes(amountMb: number): string {
  return `${amountMb.toLocaleString('en-US')} MB`;
}
