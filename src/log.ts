// JSON lines with an allow-list of fields: what is not named here does not reach the log, whoever passes it.
import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino';

const allowed = new Set([
  'requestId',
  'brand',
  'method',
  'route',
  'status',
  'milliseconds',
  'aborted',
  'event',
  'outcome',
  'code',
  'accountId',
  'clientId',
  'url',
  'port',
  'pid',
  'signal',
  'applied',
  'file',
  'version',
  'task',
  'model',
  'job',
  'attempt',
  'err',
  'seconds',
  'count',
  'mailName',
  'mailId',
  'server',
  'brandId',
  'range',
  'batch',
  'digest',
]);

export function createLog(level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: withoutOthers },
    serializers: { err: describeError },
    hooks: {
      // Without words of ours pino would take the error's, and those quote what was sent.
      logMethod(args: unknown[], method) {
        const [first, ...rest] = args;
        const fields = first instanceof Error ? { err: first } : first;
        const isSilent = typeof fields === 'object' && fields !== null && 'err' in fields && typeof rest[0] !== 'string';
        method.apply(this, (isSilent ? [fields, 'error'] : [fields, ...rest]) as Parameters<typeof method>);
      },
    },
  };
  // Lines leave between requests, not within them: a reader that is slow or gone holds nobody up.
  const logger = pino(options, destination ?? pino.destination({ sync: false }));
  // pino applies no formatter to what a child always carries.
  const { child } = logger;
  logger.child = function narrow(this: Logger, fields: Record<string, unknown>) {
    return child.call(this, withoutOthers(fields));
  } as typeof child;
  return logger;
}

/** Only fields that are named above; only plain values, since nobody named what an object holds. */
function withoutOthers(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => allowed.has(name) && (name === 'err' || isPlain(value))));
}

function isPlain(value: unknown): boolean {
  return Array.isArray(value) ? value.every((item) => typeof item !== 'object') : typeof value !== 'object';
}

/** Kind, code and place of an error. Messages of Postgres and parsers quote what was sent, so they stay out. */
function describeError(error: unknown): object {
  const { name, code, message, stack } = (error ?? {}) as { name?: string; code?: string; message?: string; stack?: string };
  const text = String(stack ?? '');
  const frames = text.slice(message ? text.indexOf(message) + message.length : 0).split('\n');
  return {
    name: word(name),
    code: word(code),
    stack: frames
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 12)
      .map((line) => line.trim()),
  };
}

/** A name or a code is a word; anything else is somebody's text. */
function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,60}$/.test(value) ? value : undefined;
}
