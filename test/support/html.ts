// Reads the forms and the words of our own pages, which are well-formed; not a parser for anybody else's.

export interface Form {
  action: string;
  method: string;
  /** Name and value of what would be sent if nothing were typed; an unticked box is absent. */
  fields: Record<string, string>;
  buttons: { name: string; value: string; label: string }[];
}

export function formsOf(html: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, tag = '', inner = '']) => {
    const { action = '', method = 'get' } = attributesOf(tag);
    return { action, method: method.toUpperCase(), fields: fieldsOf(inner), buttons: buttonsOf(inner) };
  });
}

/** The page as a person reads it: tags away, entities resolved, spaces collapsed. */
export function textOf(html: string): string {
  const visible = html.replace(/<(script|style|head)\b[\s\S]*?<\/\1>/g, ' ').replace(/<[^>]*>/g, ' ');
  return decode(visible).replace(/\s+/g, ' ').trim();
}

/** A tag's attributes; one without a value is ''. */
export function attributesOf(tag: string): Record<string, string> {
  const pairs = [...tag.matchAll(/([a-z-]+)(?:="([^"]*)")?/gi)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name.toLowerCase(), decode(value)]));
}

function fieldsOf(html: string): Record<string, string> {
  const inputs = [...html.matchAll(/<input\b([^>]*)>/g)].map(([, tag = '']) => attributesOf(tag));
  const sent = inputs.filter(({ name, type, checked }) => name && ((type !== 'checkbox' && type !== 'radio') || checked !== undefined));
  return Object.fromEntries([...sent.map(({ name = '', value = '' }) => [name, value] as const), ...selectsOf(html)]);
}

/** What is chosen of each list, or its first choice. */
function selectsOf(html: string): [string, string][] {
  return [...html.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/g)].map(([, tag = '', inner = '']) => {
    const options = [...inner.matchAll(/<option\b([^>]*)>/g)].map(([, option = '']) => attributesOf(option));
    const chosen = options.find(({ selected }) => selected !== undefined) ?? options[0];
    return [attributesOf(tag).name ?? '', chosen?.value ?? ''];
  });
}

function buttonsOf(html: string): Form['buttons'] {
  const buttons = [...html.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/g)];
  return buttons.map(([, tag = '', label = '']) => {
    const { name = '', value = '' } = attributesOf(tag);
    return { name, value, label: textOf(label) };
  });
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

export function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, name = '') => {
    if (decimal ?? hex) return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex ?? '', 16));
    return entities[name] ?? whole;
  });
}
