// Mercurius on Fastify, with graphql-jit from the first repetition of a query.

import Fastify from 'fastify'
import mercurius from 'mercurius'
import { contextOfRequests } from './context.js'
import { schema } from './schema.js'
import { ready, settings } from './settings.js'

const contextOf = await contextOfRequests()
const app = Fastify()
app.register(mercurius, { schema, jit: 1, context: (request) => contextOf(request.headers.authorization) })
await app.listen({ host: '127.0.0.1', port: settings.port })
ready()
