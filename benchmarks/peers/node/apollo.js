// Apollo Server as its documentation starts it, in production mode.

import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { contextOfRequests } from './context.js'
import { schema } from './schema.js'
import { ready, settings } from './settings.js'

const contextOf = await contextOfRequests()
await startStandaloneServer(new ApolloServer({ schema }), {
  listen: { host: '127.0.0.1', port: settings.port },
  context: ({ req }) => contextOf(req.headers.authorization)
})
ready()
