// resend.mjs - the stand-in for Resend as a process: prints its address, and at its end, on SIGTERM,
// how many messages arrived, and how many of them for the second time.
import { startResend } from '../lib/resend.mjs';

const fake = await startResend();
console.log(fake.url);
process.on('SIGTERM', () => {
  const ids = fake.delivered.map(({ delivery }) => delivery);
  console.log(`${ids.length} ${ids.length - new Set(ids).size}`);
  process.exit();
});
