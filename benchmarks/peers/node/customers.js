// The customers in MongoDB: the same two queries as Dossier's, with a projection of what the caller may read.

import { ObjectId } from 'mongodb'
import { ENCRYPTED } from './permissions.js'

const ORDER = { created_at: -1, _id: -1 }

const projection = (caller) => Object.fromEntries(['kind', ...caller.reads].map((name) => [name, 1]))

/** The row under the names of the API. */
function record (row) {
  const digits = row._id.toHexString()
  return {
    kind: row.kind,
    id: `${row.kind}_${digits}`,
    name: row.name,
    status: row.status,
    region: row.region,
    customerSince: row.customer_since,
    version: row.version,
    createdAt: row.created_at,
    establishedOn: row.established_on,
    website: row.website,
    legalForm: row.legal_form,
    size: row.size,
    industry: row.industry,
    businessScope: row.business_scope,
    registeredCapital: row.registered_capital?.toString(),
    employeeCount: row.employee_count,
    licenceExpiresOn: row.licence_expires_on,
    digits,
    sealed: row
  }
}

export class Customers {
  constructor (database, decryption) {
    this.collection = database.collection('customers')
    this.openers = Object.fromEntries(ENCRYPTED.map((field) => [field, decryption.opener(field)]))
  }

  async page (caller, kinds, first, after) {
    const kind = kinds.length === 1 ? kinds[0] : { $in: kinds }
    let condition = { kind }
    if (after) {
      const [at, digits] = JSON.parse(Buffer.from(after, 'base64url').toString())
      const createdAt = new Date(at)
      const ties = { kind, created_at: createdAt, _id: { $lt: new ObjectId(digits) } }
      condition = { $or: [ties, { kind, created_at: { $lt: createdAt } }] }
    }
    const options = { projection: projection(caller), sort: ORDER, limit: first + 1 }
    const rows = await this.collection.find(condition, options).toArray()
    const hasNextPage = rows.length > first
    if (hasNextPage) rows.length = first
    return { nodes: rows.map(record), pageInfo: { hasNextPage } }
  }

  async single (caller, id) {
    const [kind, digits] = id.split('_')
    const row = await this.collection.findOne({ _id: new ObjectId(digits), kind }, { projection: projection(caller) })
    return row === null ? null : record(row)
  }

  /** The value of an encrypted field. */
  opened (customer, field) {
    const sealed = customer.sealed[field]
    return sealed == null ? null : this.openers[field](customer.digits, sealed.buffer)
  }
}
