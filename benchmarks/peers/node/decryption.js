// Dossier's field ciphertexts (docs/encryption.md), opened with node:crypto: AES-256-GCM under the customer's data key.

import { createDecipheriv, createSecretKey } from 'node:crypto'

const HEADER = 10 // version, suite, key id
const NONCE = 12
const TAG = 16

const part = (bytes) => {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

export class Decryption {
  #keys = new Map()

  /** `dataKeys`: base64 by the hexadecimal digits of the customer's row id. All are ready before the first request. */
  constructor (dataKeys) {
    for (const [digits, secret] of Object.entries(dataKeys)) {
      const customer = part(Buffer.from(digits, 'hex'))
      this.#keys.set(digits, { secret: createSecretKey(Buffer.from(secret, 'base64')), customer })
    }
  }

  /** A function that opens one field: (row id in hexadecimal digits, sealed bytes) → value. */
  opener (path) {
    const field = Buffer.concat([part(Buffer.from('customers')), part(Buffer.from(path))])
    return (digits, sealed) => {
      const key = this.#keys.get(digits)
      if (key === undefined || !sealed) return null
      const nonce = sealed.subarray(HEADER, HEADER + NONCE)
      const decipher = createDecipheriv('aes-256-gcm', key.secret, nonce, { authTagLength: TAG })
      decipher.setAAD(Buffer.concat([field, key.customer, part(sealed.subarray(0, HEADER))]))
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG))
      const text = decipher.update(sealed.subarray(HEADER + NONCE, sealed.length - TAG), undefined, 'utf8')
      return JSON.parse(text + decipher.final('utf8'))
    }
  }
}
