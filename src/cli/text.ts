// Aligned text for people at a terminal.

/** Columns as wide as their widest cell, two spaces between them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head.map((title) => title.toUpperCase()), ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One line per member, values aligned; several values stand below each other. Members without a value are left out. */
export function fields(members: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(members)
    .map(([name, value]) => [name, lines(value)] as const)
    .filter(([, values]) => values.length > 0);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.flatMap(([name, values]) => values.map((value, index) => `${(index === 0 ? name : '').padEnd(width)}  ${value}`)).join('\n');
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function lines(value: unknown): string[] {
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value)) return value.flatMap(lines);
  if (value instanceof Date) return [moment(value)];
  if (typeof value === 'string' && ISO.test(value)) return [moment(new Date(value))];
  if (typeof value === 'boolean') return [value ? 'yes' : 'no'];
  return [typeof value === 'object' ? JSON.stringify(value) : String(value)];
}

/** To the second, in UTC. */
export function moment(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `3 clients`, `1 client`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
