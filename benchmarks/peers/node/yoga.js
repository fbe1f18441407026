// GraphQL Yoga with graphql-jit.

import { createServer } from 'node:http'
import { useGraphQlJit } from '@envelop/graphql-jit'
import { createYoga } from 'graphql-yoga'
import { contextOfRequests } from './context.js'
import { schema } from './schema.js'
import { ready, settings } from './settings.js'

const contextOf = await contextOfRequests()
const yoga = createYoga({
  schema,
  plugins: [useGraphQlJit()],
  context: ({ request }) => contextOf(request.headers.get('authorization')),
  graphiql: false,
  logging: false
})
createServer(yoga).listen(settings.port, '127.0.0.1', ready)
