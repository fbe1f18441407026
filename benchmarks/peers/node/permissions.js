// Hand-written permissions, as an application without a policy engine has them: who reads which field. A field that is
// not named here is read by nobody, as in Dossier.

const EVERYBODY = ['benchmark_reader', 'account_manager', 'service_agent', 'credit_officer', 'archivist']

const READERS = {
  id: EVERYBODY,
  name: EVERYBODY,
  status: EVERYBODY,
  region: EVERYBODY,
  customer_since: EVERYBODY,
  version: EVERYBODY,
  created_at: EVERYBODY,
  established_on: EVERYBODY,
  website: EVERYBODY,
  legal_form: EVERYBODY,
  size: EVERYBODY,
  industry: EVERYBODY,
  business_scope: EVERYBODY,
  registered_capital: EVERYBODY,
  employee_count: EVERYBODY,
  licence_expires_on: EVERYBODY,
  telephone: ['benchmark_reader', 'account_manager', 'service_agent'],
  email: ['account_manager', 'service_agent'],
  unified_social_credit_code: ['account_manager', 'credit_officer'],
  annual_revenue: ['credit_officer']
}

export const ENCRYPTED = ['telephone', 'email', 'unified_social_credit_code', 'annual_revenue']

/** The fields that somebody with these roles may read. */
export function readableFields (roles) {
  return new Set(Object.keys(READERS).filter((field) => roles.some((role) => READERS[field].includes(role))))
}
