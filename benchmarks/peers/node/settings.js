// What the driver hands to every Node peer: variables `BENCH_*`, and the file of secrets that one of them names.

import { readFileSync, statSync } from 'node:fs'

const { BENCH_PORT, BENCH_MONGODB_URI, BENCH_DATABASE, BENCH_SECRETS } = process.env

export const settings = { port: Number(BENCH_PORT), mongodbUri: BENCH_MONGODB_URI, database: BENCH_DATABASE }

/** Unwrapped data keys by customer, and the public keys of login tokens by key id; both base64. */
export function readSecrets () {
  if (statSync(BENCH_SECRETS).mode & 0o077) throw new Error('others can read the file of secrets')
  return JSON.parse(readFileSync(BENCH_SECRETS, 'utf8'))
}

/** Tells the driver that requests are served. */
export function ready () {
  process.stdout.write('ready\n')
}

process.on('SIGTERM', () => process.exit(0))
