// The login token as a caller, checked as Dossier does: the EdDSA signature once per token, remembered by its SHA-256
// until the token expires; whether the session and the account live, at most 0.9 seconds ago.

import { createHash, createPublicKey, verify } from 'node:crypto'
import { readableFields } from './permissions.js'

const MAXIMUM_AGE = 900 // milliseconds
const CAPACITY = 10_000

const decoded = (text) => JSON.parse(Buffer.from(text, 'base64url').toString())

export class Authentication {
  #keys = new Map()
  #verified = new Map()
  #answers = new Map()

  constructor (database, verificationKeys) {
    this.sessions = database.collection('sessions')
    this.accounts = database.collection('accounts')
    for (const [keyId, raw] of Object.entries(verificationKeys)) {
      const x = Buffer.from(raw, 'base64').toString('base64url')
      this.#keys.set(keyId, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }))
    }
  }

  /** The caller of a request by its `Authorization` header; null for nobody. */
  caller (header) {
    const claims = header?.startsWith('Bearer ') ? this.#claims(header.slice(7)) : null
    return claims === null ? null : this.#live(claims.sid)
  }

  #claims (token) {
    const digest = createHash('sha256').update(token).digest('base64')
    let claims = this.#verified.get(digest)
    if (claims === undefined || claims.exp * 1000 < Date.now()) {
      claims = this.#verify(token)
      if (this.#verified.size >= CAPACITY) this.#verified.clear()
      if (claims !== null) this.#verified.set(digest, claims)
    }
    return claims
  }

  #verify (token) {
    const [head, body, signature] = token.split('.')
    const { alg, kid, typ } = decoded(head)
    const key = this.#keys.get(kid)
    if (alg !== 'EdDSA' || typ !== 'at+jwt' || key === undefined) return null
    if (!verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) return null
    const claims = decoded(body)
    const good = claims.iss === 'dossier' && claims.aud === 'dossier' && claims.exp * 1000 > Date.now()
    return good ? claims : null
  }

  #live (sessionId) {
    const now = performance.now()
    const known = this.#answers.get(sessionId)
    if (known !== undefined && now - known.askedAt < MAXIMUM_AGE) return known.caller
    if (this.#answers.size >= CAPACITY) this.#answers.clear()
    const answer = { askedAt: now, caller: this.#load(sessionId) }
    this.#answers.set(sessionId, answer)
    return answer.caller
  }

  async #load (sessionId) {
    const living = { _id: sessionId, ended_at: null, expires_at: { $gt: new Date() } }
    const session = await this.sessions.findOne(living, { projection: { username: 1 } })
    if (session === null) return null
    const account = await this.accounts.findOne({ _id: session.username, disabled: { $ne: true } })
    return account === null ? null : { username: account._id, reads: readableFields(account.roles) }
  }
}
