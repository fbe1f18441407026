// What every request to a peer on graphql-js carries: its caller, and the customers.

import { MongoClient } from 'mongodb'
import { Authentication } from './authentication.js'
import { Customers } from './customers.js'
import { Decryption } from './decryption.js'
import { readSecrets, settings } from './settings.js'

/** Connects; returns a function from the `Authorization` header to the context of a request. */
export async function contextOfRequests () {
  const client = await MongoClient.connect(settings.mongodbUri)
  const database = client.db(settings.database)
  const { dataKeys, verificationKeys } = readSecrets()
  const authentication = new Authentication(database, verificationKeys)
  const customers = new Customers(database, new Decryption(dataKeys))
  return async (authorization) => ({ caller: await authentication.caller(authorization), customers })
}
