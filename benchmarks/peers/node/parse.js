// Parse Server's GraphQL API over its own copy of the customers: three fields protected by class-level permissions, the
// fourth opened by a cloud-code trigger after each find. Its logins are its own: Parse has no EdDSA tokens.

import { randomBytes } from 'node:crypto'
import express from 'express'
import { ParseGraphQLServer, ParseServer } from 'parse-server'
import Parse from 'parse/node'
import { Decryption } from './decryption.js'
import { readSecrets, ready, settings } from './settings.js'

const { BENCH_PARSE_APP, BENCH_PARSE_USER, BENCH_PARSE_PASSWORD, BENCH_PARSE_ROLE } = process.env
const ENCRYPTED = ['telephone', 'email', 'unifiedSocialCreditCode', 'annualRevenue']
const TEXTS = [
  'name', 'status', 'region', 'customerSince', 'establishedOn', 'website', 'legalForm', 'size', 'industry', 'businessScope',
  'registeredCapital', 'licenceExpiresOn', ...ENCRYPTED
]
const NUMBERS = ['version', 'employeeCount']

const nobody = {}
const enterprise = {
  className: 'Enterprise',
  fields: {
    ...Object.fromEntries(TEXTS.map((name) => [name, { type: 'String' }])),
    ...Object.fromEntries(NUMBERS.map((name) => [name, { type: 'Number' }]))
  },
  classLevelPermissions: {
    find: { requiresAuthentication: true },
    get: { requiresAuthentication: true },
    count: { requiresAuthentication: true },
    create: nobody,
    update: nobody,
    delete: nobody,
    addField: nobody,
    protectedFields: { '*': ENCRYPTED, [`role:${BENCH_PARSE_ROLE}`]: ENCRYPTED.filter((name) => name !== 'telephone') }
  }
}

function openTelephones () {
  const open = new Decryption(readSecrets().dataKeys).opener('telephone')
  Parse.Cloud.afterFind('Enterprise', ({ objects }) => {
    for (const object of objects) {
      const sealed = object.get('telephone')
      if (sealed) object.set('telephone', open(object.id.slice(object.id.indexOf('_') + 1), Buffer.from(sealed, 'base64')))
    }
    return objects
  })
}

async function ensureUser () {
  const master = { useMasterKey: true }
  let user = await new Parse.Query(Parse.User).equalTo('username', BENCH_PARSE_USER).first(master)
  user ??= new Parse.User({ username: BENCH_PARSE_USER })
  await user.save({ password: BENCH_PARSE_PASSWORD }, master)
  if (await new Parse.Query(Parse.Role).equalTo('name', BENCH_PARSE_ROLE).first(master)) return
  const role = new Parse.Role(BENCH_PARSE_ROLE, new Parse.ACL())
  role.getUsers().add(user)
  await role.save(null, master)
}

const server = new ParseServer({
  databaseURI: settings.mongodbUri.replace('/?', `/${settings.database}?`),
  appId: BENCH_PARSE_APP,
  masterKey: randomBytes(16).toString('hex'),
  maintenanceKey: randomBytes(16).toString('hex'),
  serverURL: `http://127.0.0.1:${settings.port}/parse`,
  schema: { definitions: [enterprise] },
  cloud: openTelephones,
  allowClientClassCreation: false,
  silent: true,
  logsFolder: null
})
await server.start()
const app = express()
app.use('/parse', server.app)
const graphql = new ParseGraphQLServer(server, { graphQLPath: '/graphql' })
await graphql.setGraphQLConfig({ enabledForClasses: ['Enterprise'] })
graphql.applyGraphQL(app)
app.listen(settings.port, '127.0.0.1', async () => {
  await ensureUser()
  ready()
})
