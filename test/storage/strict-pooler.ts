// As much of PgBouncer as an application can run into: it takes no startup parameter it cannot keep for each of its clients,
// and a LISTEN through it hears nothing.
import net from 'node:net';

export interface StrictPooler {
  /** The database's address through the pooler. */
  url: string;
  /** LISTEN statements that were sent through it. */
  listens: string[];
  close(): Promise<void>;
}

/** What PgBouncer keeps per client (its documentation, "ignore_startup_parameters"). */
const kept = new Set(['user', 'database', 'application_name', 'client_encoding', 'datestyle', 'timezone', 'standard_conforming_strings']);

export async function openStrictPooler(url: string): Promise<StrictPooler> {
  const target = new URL(url);
  const sockets = new Set<net.Socket>();
  const listens: string[] = [];
  const keep = (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = net.createServer((near) => {
    keep(near).once('data', (startup) => {
      const foreign = parameterNames(startup).find((name) => !kept.has(name.toLowerCase()));
      if (foreign) return void near.end(refusal(`unsupported startup parameter: ${foreign}`));
      const far = keep(net.connect(Number(target.port), target.hostname));
      far.write(startup);
      near.on('data', (chunk) => {
        listens.push(...(chunk.toString('latin1').match(/\blisten\s+[\w":]+/gi) ?? []));
        far.write(chunk);
      });
      far.pipe(near);
      near.on('close', () => far.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as net.AddressInfo).port);
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: through.href, listens, close };
}

/** StartupMessage: length, protocol, then names and values, each ended by a zero byte (PostgreSQL documentation, 54.7). */
function parameterNames(startup: Buffer): string[] {
  const words = startup.subarray(8, startup.readInt32BE(0)).toString('utf8').split('\0');
  return words.filter((word, index) => index % 2 === 0 && word !== '');
}

/** ErrorResponse with the code PgBouncer gives: 08P01, protocol_violation. */
function refusal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${message}\0\0`, 'utf8');
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
