// Every value is escaped unless it is markup that was made here.

export interface Html {
  readonly markup: string;
}

export type Printable = Html | string | number | undefined | false | readonly Printable[];

export function html(parts: TemplateStringsArray, ...values: Printable[]): Html {
  return { markup: parts.reduce((whole, part, index) => whole + print(values[index - 1]) + part) };
}

function print(value: Printable): string {
  if (value === undefined || value === false) return '';
  if (Array.isArray(value)) return value.map(print).join('');
  if (typeof value === 'object') return (value as Html).markup;
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
