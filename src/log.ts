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
  'job',
  'attempt',
  'err',
  'seconds',
  'count',
]);

export function createLog(level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => allowed.has(name))),
    },
    serializers: { err: describeError },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Kind, code and place of an error. Messages of Postgres and parsers quote what was sent, so they stay out. */
function describeError(error: unknown): object {
  const { name, code, stack } = error as { name?: string; code?: string; stack?: string };
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { name, code, stack: frames.slice(0, 12).map((line) => line.trim()) };
}
