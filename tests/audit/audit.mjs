// Runs graphql-http's server audits against the URL given and prints the results as JSON: [{id, name, status, reason}].
// A second argument, a JSON object, holds headers to send with every request (a login's token, a purpose).
import { serverAudits } from 'graphql-http';

const [url, extraHeaders = '{}'] = process.argv.slice(2);
const extra = JSON.parse(extraHeaders);

const fetchFn = (target, init = {}) => fetch(target, { ...init, headers: { ...extra, ...init.headers } });

const results = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name, status, reason = null } = await audit.fn();
  results.push({ id, name, status, reason });
}
process.stdout.write(JSON.stringify(results));
