// A hostile client in a process of its own, so that what it costs itself is not measured as the server's.
// Arguments: the attack's name and its target as JSON. Says 'under way'; told to stop, it says what it met and ends.
import { attacks } from './attacks.ts';
import { createSockets } from './sockets.ts';
import type { Target } from './target.ts';

const [name = '', target = '{}'] = process.argv.slice(2);
const attack = attacks[name];
if (!attack) throw new Error(`there is no attack "${name}"`);
const aim = JSON.parse(target) as Target;
const sockets = createSockets(aim.port);

process.on('disconnect', () => process.exit(0));
// Whatever became of the test.
setTimeout(() => process.exit(1), 180_000).unref();
process.once('message', () => {
  process.send?.(sockets.stop(), () => process.exit(0));
});
await attack(aim, sockets);
process.send?.('under way');
