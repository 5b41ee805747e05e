const word =
  'coverage|testabdeckung|abdeckung|code-?abdeckung|couverture|cobertura|copertura|testdekking|dekking|покрыти\\p{L}*';
const figure = String.raw`(\d{1,3}(?:[.,]\d+)?)\s*(?:%|per ?cent\b|prozent\b|procent\b|por ciento\b|pour cent\b)`;
const edge = '(?![\\p{L}\\p{N}_])';
const before = new RegExp(String.raw`${figure}\s*(?:[\p{L}-]+\s+){0,3}?(?:${word})${edge}`, 'iu');
const after = new RegExp(String.raw`(?<![\p{L}])(?:${word})${edge}(?:[^.;\n%\d]|\.\w){0,30}${figure}`, 'iu');
const eastern = /(?:覆盖率|覆蓋率|カバレッジ|커버리지)[^.;。；\n%％\d]{0,10}(\d{1,3}(?:\.\d+)?)\s*[%％]/u;
const easternBefore = /(\d{1,3}(?:\.\d+)?)\s*[%％][^.;。；\n]{0,8}(?:覆盖率|覆蓋率|カバレッジ|커버리지)/u;

/** "At least 80% coverage", "a coverage of 90 percent", "80 % Testabdeckung"; null where no figure is asked for. Pure. */
export function coverageAskedFor(description: string): number | null {
  const found = [before, after, eastern, easternBefore].map((pattern) => pattern.exec(description)).find(Boolean);
  const percent = Number(found?.[1]?.replace(',', '.'));
  return percent > 0 && percent <= 100 ? percent : null;
}
