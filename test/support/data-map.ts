// What is stored about people, by table and column (db/data-map.json), and the part of docs/data.md that is written from it.
// `node test/support/data-map.ts` writes that part anew.
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * none: about nobody; pseudonym: names an account by a random number; personal: tells something about a person;
 * secret: opens a door, or is sealed or digested and says nothing to a reader.
 */
export type DataClass = 'none' | 'pseudonym' | 'personal' | 'secret';

/** `exported`: where a person finds it in their download; everything personal has one. */
export type MappedColumn = DataClass | { class: DataClass; exported: string };

export interface MappedTable {
  purpose: string;
  /** How long. */
  kept: string;
  /** What becomes of it when the account is erased. */
  erasure: string;
  columns: Record<string, MappedColumn>;
}

export interface DataMap {
  tables: Record<string, MappedTable>;
  jobs: Record<string, Omit<MappedTable, 'columns'>>;
}

const root = new URL('../../', import.meta.url);
const doc = new URL('docs/data.md', root);
const [begin, end] = ['<!-- from db/data-map.json -->\n', '<!-- until here -->'];

export const dataMap: DataMap = JSON.parse(readFileSync(new URL('db/data-map.json', root), 'utf8'));

export function classOf(column: MappedColumn): DataClass {
  return typeof column === 'string' ? column : column.class;
}

/** `tables.column` and its place in the download. */
export function exportedColumns({ tables }: DataMap): [column: string, path: string][] {
  return Object.entries(tables).flatMap(([table, { columns }]) =>
    Object.entries(columns).flatMap(([name, column]): [string, string][] =>
      typeof column === 'string' ? [] : [[`${table}.${name}`, column.exported]],
    ),
  );
}

/** The table of docs/data.md. */
export function describeMap({ tables, jobs }: DataMap): string {
  const rows = Object.entries(tables).map(([name, table]) => [`\`${name}\``, table.purpose, personalOf(table), table.kept, table.erasure]);
  const queued = Object.entries(jobs).map(([name, job]) => [`job \`${name}\``, job.purpose, '', job.kept, job.erasure]);
  const lines = [
    ['Table', 'What for', 'What tells something about a person', 'How long', 'When the account is erased'],
    Array(5).fill('---'),
  ];
  return [...lines, ...rows, ...queued].map((cells) => `| ${cells.join(' | ')} |`.replace(/ {2,}/g, ' ')).join('\n');
}

function personalOf({ columns }: MappedTable): string {
  const names = Object.entries(columns).filter(([, column]) => classOf(column) === 'personal');
  return names.map(([name]) => `\`${name}\``).join(', ');
}

/** What stands in docs/data.md now. */
export function describedMap(): string {
  const text = readFileSync(doc, 'utf8');
  return text.slice(text.indexOf(begin) + begin.length, text.indexOf(end)).trim();
}

if (process.argv[1] === import.meta.filename) {
  const text = readFileSync(doc, 'utf8');
  writeFileSync(doc, `${text.slice(0, text.indexOf(begin) + begin.length)}\n${describeMap(dataMap)}\n\n${text.slice(text.indexOf(end))}`);
}
