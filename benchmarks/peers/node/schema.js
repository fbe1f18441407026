// The part of Dossier's schema that the workloads ask for, with its permissions in resolvers. Used by the peers on
// graphql-js: Mercurius, Apollo Server and Yoga. Each field of a record is checked, as in Dossier; what the checks of the
// plain fields cost is 5 % of a page with JIT.

import {
  GraphQLBoolean, GraphQLEnumType, GraphQLError, GraphQLID, GraphQLInt, GraphQLInterfaceType, GraphQLList, GraphQLNonNull,
  GraphQLObjectType, GraphQLScalarType, GraphQLSchema, GraphQLString
} from 'graphql'

const required = (type) => new GraphQLNonNull(type)
const enumeration = (name, values) => new GraphQLEnumType({
  name, values: Object.fromEntries(values.map((value) => [value.toUpperCase(), { value }]))
})

const DateTime = new GraphQLScalarType({ name: 'DateTime', serialize: (value) => value.toISOString() })
const CustomerKind = enumeration('CustomerKind', ['individual', 'enterprise', 'institution'])
const Status = enumeration('Status', ['prospect', 'active', 'dormant', 'closed'])
const LegalForm = enumeration('LegalForm', ['legal_person', 'partnership', 'sole_proprietorship'])
const EnterpriseSize = enumeration('EnterpriseSize', ['large', 'medium', 'small'])

const plain = (type) => ({ type })
const checked = (type, field) => ({
  type,
  resolve: (customer, _, { caller }, { fieldName }) => caller.reads.has(field) ? customer[fieldName] : null
})
const encrypted = (field) => ({
  type: GraphQLString,
  resolve: (customer, _, { caller, customers }) => caller.reads.has(field) ? customers.opened(customer, field) : null
})

const Customer = new GraphQLInterfaceType({
  name: 'Customer',
  fields: { id: plain(required(GraphQLID)) },
  resolveType: (customer) => customer.kind === 'enterprise' ? 'Enterprise' : undefined
})

const Enterprise = new GraphQLObjectType({
  name: 'Enterprise',
  interfaces: [Customer],
  fields: {
    id: plain(required(GraphQLID)),
    name: checked(GraphQLString, 'name'),
    status: checked(Status, 'status'),
    region: checked(GraphQLString, 'region'),
    customerSince: checked(GraphQLString, 'customer_since'),
    version: checked(GraphQLInt, 'version'),
    createdAt: checked(DateTime, 'created_at'),
    establishedOn: checked(GraphQLString, 'established_on'),
    website: checked(GraphQLString, 'website'),
    legalForm: checked(LegalForm, 'legal_form'),
    size: checked(EnterpriseSize, 'size'),
    industry: checked(GraphQLString, 'industry'),
    businessScope: checked(GraphQLString, 'business_scope'),
    registeredCapital: checked(GraphQLString, 'registered_capital'),
    employeeCount: checked(GraphQLInt, 'employee_count'),
    licenceExpiresOn: checked(GraphQLString, 'licence_expires_on'),
    telephone: encrypted('telephone'),
    email: encrypted('email'),
    unifiedSocialCreditCode: encrypted('unified_social_credit_code'),
    annualRevenue: encrypted('annual_revenue')
  }
})

const PageInfo = new GraphQLObjectType({ name: 'PageInfo', fields: { hasNextPage: plain(required(GraphQLBoolean)) } })
const CustomerConnection = new GraphQLObjectType({
  name: 'CustomerConnection',
  fields: { nodes: plain(required(new GraphQLList(required(Customer)))), pageInfo: plain(required(PageInfo)) }
})

/** A resolver for callers who are logged in. */
const loggedIn = (resolve) => (_, args, context) => {
  if (context.caller === null) throw new GraphQLError('log in first', { extensions: { code: 'UNAUTHENTICATED' } })
  return resolve(args, context)
}

const Query = new GraphQLObjectType({
  name: 'Query',
  fields: {
    customers: {
      type: required(CustomerConnection),
      args: {
        kinds: plain(required(new GraphQLList(required(CustomerKind)))),
        first: plain(required(GraphQLInt)),
        after: plain(GraphQLString)
      },
      resolve: loggedIn(({ kinds, first, after }, { caller, customers }) => customers.page(caller, kinds, first, after))
    },
    customer: {
      type: Customer,
      args: { id: plain(required(GraphQLID)) },
      resolve: loggedIn(({ id }, { caller, customers }) => customers.single(caller, id))
    }
  }
})

export const schema = new GraphQLSchema({ query: Query, types: [Enterprise] })
