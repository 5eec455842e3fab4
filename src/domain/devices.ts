// What a person would call the thing in their hand. Two words of a User-Agent, never the whole: that would tell people apart.

/** The first that matches counts: most browsers claim to be several others too. */
const browsers: readonly [name: string, mark: RegExp][] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\b(?:OPR|Opera)\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|CriOS|Chromium|HeadlessChrome)\//],
  ['Safari', /\bSafari\//],
];

const systems: readonly [name: string, mark: RegExp][] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Mac', /\bMac(?:intosh| OS X)\b/],
  ['Linux', /\bLinux\b/],
];

/** `Chrome/Windows`, `Safari/`, `/Android`, or undefined when nothing is known. */
export function describeDevice(userAgent: string | undefined): string | undefined {
  const text = (userAgent ?? '').slice(0, 500);
  const browser = browsers.find(([, mark]) => mark.test(text))?.[0] ?? '';
  const system = systems.find(([, mark]) => mark.test(text))?.[0] ?? '';
  return browser || system ? `${browser}/${system}` : undefined;
}
