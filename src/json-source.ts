// A JSON file of an operator: what it says, and on which line it says what is wrong.
import { findNodeAtLocation, getNodePath, type Node, type ParseError, parse, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { z } from 'zod';
import { OperatorError } from './errors.ts';

export interface JsonSource {
  value: unknown;
  /** The line (from 1) of a member, or of the nearest one around it that is there. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** @throws OperatorError naming the line where it is no JSON. */
export function readJsonSource(file: string, text: string): JsonSource {
  const errors: ParseError[] = [];
  const options = { disallowComments: true, allowTrailingComma: false } as const;
  const value: unknown = parse(text, errors, options);
  const [error] = errors;
  if (error)
    throw new OperatorError(`${file} is not valid JSON: line ${lineAt(text, error.offset)}, ${sayError(printParseErrorCode(error.error))}`);
  const tree = parseTree(text, [], options);
  const lineOf = (path: readonly PropertyKey[]): number => {
    const node = tree && findNodeAtLocation(tree, path as (string | number)[]);
    if (node) return lineAt(text, node.parent?.type === 'property' ? node.parent.offset : node.offset);
    return path.length === 0 ? 1 : lineOf(path.slice(0, -1));
  };
  const odd = tree && oddMember(tree);
  if (odd)
    throw new OperatorError(
      `${file} cannot be used:\n  line ${lineAt(text, odd.offset)}: ${getNodePath(odd.children?.[0] as Node).join('.')}: stands there twice, or is no name`,
    );
  return { value, lineOf };
}

/** A member that stands there twice, or one that would be another object's prototype. */
function oddMember(node: Node): Node | undefined {
  const names = new Set<unknown>();
  for (const child of node.children ?? []) {
    if (node.type === 'object') {
      const name = child.children?.[0]?.value;
      if (names.has(name) || name === '__proto__') return child;
      names.add(name);
    }
    const found = oddMember(child);
    if (found) return found;
  }
  return undefined;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** "CommaExpected" as "comma expected". */
function sayError(code: string): string {
  return code.replace(/(?<=[a-z])([A-Z])/g, (capital) => ` ${capital.toLowerCase()}`).toLowerCase();
}

export interface FileFault {
  path: readonly PropertyKey[];
  message: string;
}

/** What a schema found: each unknown member by itself, and of a wrong name what is wrong with it. */
export function issuesOf({ issues }: z.ZodError): FileFault[] {
  return issues.flatMap((issue): FileFault[] => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: [...issue.path, key], message: `Unrecognized key: "${key}"` }));
    if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path: issue.path, message }));
    return [issue];
  });
}

/** `file cannot be used:` and a line for each fault, with its own line in the file. */
export function fileError(file: string, { lineOf }: JsonSource, faults: readonly FileFault[]): OperatorError {
  const lines = faults.map(({ path, message }) => `  line ${lineOf(path)}: ${path.map(String).join('.') || 'the file'}: ${message}`);
  return new OperatorError(`${file} cannot be used:\n${lines.join('\n')}`);
}
