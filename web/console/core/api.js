// The public GraphQL API, as these pages use it. Owns requests, their errors and the session's tokens on the way.
// Must never keep an answer: what was allowed a moment ago may not be now.

import { currentLanguage, t } from './language.js';

const ENDPOINT = '/graphql';

let session = null;

/** Whose requests these are: `{purpose, accessToken(), renew(), end()}`. Handed in, since it asks by this module too. */
export function askAs(someone) {
  session = someone;
}

/** What the server refused: `errors` as in the answer (`code`, `message`, `path`); `status` 0: it was not reached. */
export class ApiError extends Error {
  constructor(message, errors = [], status = 200) {
    super(message);
    this.errors = errors;
    this.status = status;
    this.code = errors[0]?.extensions?.code ?? (status === 0 ? 'UNREACHABLE' : 'INTERNAL_ERROR');
  }
}

/**
 * Asks. Gives `{data, access, errors, extensions}`: `access` is what was masked or denied, per kind and field (see
 * `accessOf`); `errors` those of parts of the answer, where the rest is there. Raises ApiError where there is no data.
 * `purpose` is another one than the session's; `signal` aborts.
 */
export async function ask(query, variables = {}, { purpose, signal, headers = {} } = {}) {
  const answer = await send({ query, variables }, { purpose, signal, headers });
  if (!answer.data) throw new ApiError(answer.errors?.[0]?.message ?? '', answer.errors, answer.status);
  return {
    data: answer.data,
    access: answer.extensions?.access ?? [],
    errors: answer.errors ?? [],
    extensions: answer.extensions ?? {},
  };
}

/**
 * Carries out one mutation, safe to send again: the key makes a retry return the first answer. Gives the payload of
 * its one root field. Raises ApiError; `userErrors` are in the payload and are the caller's to show.
 */
export async function change(mutation, input, { key = randomKey(), purpose } = {}) {
  const { data, errors } = await ask(mutation, { input }, { purpose, headers: { 'idempotency-key': key } });
  const payload = Object.values(data)[0];
  if (payload === null) throw new ApiError(errors[0]?.message ?? '', errors);
  return payload;
}

/** Requests without a session: the two mutations that give tokens, and the one that ends them. */
export async function askNobody(query, variables, headers = {}) {
  return post({ query, variables }, headers);
}

/** A purpose as requests state it; none where it is null. */
export const purposeHeader = (purpose) => (purpose ? { 'dossier-purpose': purpose.toLowerCase() } : {});

/** A key for one change, to be kept where the same change may be sent again. */
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function send(body, { purpose, signal, headers }) {
  const attempt = async () => post(body, {
    ...headers,
    authorization: `Bearer ${await session.accessToken()}`,
    ...purposeHeader(purpose === undefined ? session.purpose : purpose),
  }, signal);
  let answer = await attempt();
  if (answer.status === 401) { // expired between two requests, or ended: a fresh token tells which
    await session.renew();
    answer = await attempt();
    if (answer.status === 401) session.end();
  }
  return answer;
}

async function post(body, headers, signal) {
  let response;
  try {
    response = await fetch(ENDPOINT, {
      method: 'POST',
      signal,
      credentials: 'omit',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json;q=0.9',
        'accept-language': currentLanguage(),
        ...headers,
      },
      body: JSON.stringify(body),
    });
    return { ...(await response.json()), status: response.status };
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(response ? '' : t('login.unreachable'), [], response ? response.status : 0);
  }
}
