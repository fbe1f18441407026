// The page of the GraphQL IDE: a login bar above GraphiQL. The access token lives in this script's memory only.

const TEXTS = {
  en: {
    username: 'User name', password: 'Password', login: 'Log in', logout: 'Log out', purpose: 'Purpose',
    business_operation: 'Business operation', customer_service: 'Customer service',
    risk_assessment: 'Risk assessment', archive_keeping: 'Archive keeping', supervision: 'Supervision',
    signedIn: 'Signed in as {name}', failed: 'The login failed.', unreachable: 'The server cannot be reached.',
    ended: 'The login has ended: log in again.',
    hint: '# Log in above, choose a purpose, and run this query with Ctrl-Enter.',
  },
  zh: {
    username: '用户名', password: '密码', login: '登录', logout: '退出', purpose: '使用目的',
    business_operation: '业务办理', customer_service: '客户服务',
    risk_assessment: '风险评估', archive_keeping: '档案管理', supervision: '监督检查',
    signedIn: '已登录：{name}', failed: '登录失败。', unreachable: '无法连接服务器。',
    ended: '登录已失效，请重新登录。',
    hint: '# 请先在上方登录并选择使用目的，然后按 Ctrl-Enter 运行此查询。',
  },
};
const isChinese = navigator.language.toLowerCase().startsWith('zh');
const texts = isChinese ? TEXTS.zh : TEXTS.en;
const byId = (id) => document.getElementById(id);

const EXAMPLE = `${texts.hint}
query Customers {
  customers(first: 10) {
    edges {
      node {
        __typename
        id
        name
        telephone
        ... on Individual { idNumber }
        ... on Enterprise { unifiedSocialCreditCode }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`;

const LOGIN = `mutation Login($username: String!, $password: String!) {
  login(input: { username: $username, password: $password }) {
    accessToken
    userErrors { code message }
  }
}`;

let accessToken = null;

// Queries and variables may hold personal data: GraphiQL gets a storage that forgets.
const remembered = new Map();
const storage = {
  getItem: (key) => remembered.get(key) ?? null,
  setItem: (key, value) => { remembered.set(key, value); },
  removeItem: (key) => { remembered.delete(key); },
  clear: () => { remembered.clear(); },
  get length() { return remembered.size; },
};

async function send(parameters, extraHeaders = {}) {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json;q=0.9, multipart/mixed;incrementalSpec=v0.2',
    'accept-language': isChinese ? 'zh-CN' : 'en',
    ...extraHeaders,
  };
  if (accessToken !== null) {
    headers.authorization = `Bearer ${accessToken}`;
    headers['dossier-purpose'] = byId('purpose').value;
  }
  const answer = await fetch(location.pathname, { method: 'POST', headers, body: JSON.stringify(parameters) });
  if (answer.status === 401 && accessToken !== null) {
    signOut(texts.ended);
  }
  return answer.headers.get('content-type').startsWith('multipart/mixed') ? partsOf(answer) : answer.json();
}

// The parts of an answer to @defer or @stream, each as soon as it is whole. No JSON holds a line break and a delimiter.
async function* partsOf(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      const pieces = (text + value).split('\r\n---');
      text = pieces.pop();
      for (const piece of pieces.filter((found) => found !== '')) {
        yield JSON.parse(piece.slice(piece.indexOf('\r\n\r\n')));
      }
    }
  } finally {
    reader.cancel(); // the server ends its work when nobody reads
  }
}

const root = ReactDOM.createRoot(byId('graphiql'));

// A new fetcher makes GraphiQL read the schema again, as another caller or under another purpose.
function render() {
  root.render(
    React.createElement(GraphiQL, {
      fetcher: (parameters, options) => send(parameters, options?.headers),
      defaultQuery: EXAMPLE,
      storage,
      shouldPersistHeaders: false,
      isHeadersEditorEnabled: true,
    }),
  );
}

function notice(text) {
  byId('notice').textContent = text;
}

function signOut(text = '') {
  accessToken = null;
  byId('login').hidden = false;
  byId('session').hidden = true;
  notice(text);
  render();
}

function signIn(token, name) {
  accessToken = token;
  byId('who').textContent = texts.signedIn.replace('{name}', () => name);
  byId('login').reset();
  byId('login').hidden = true;
  byId('session').hidden = false;
  notice('');
  render();
}

async function logIn(event) {
  event.preventDefault();
  const [username, password] = [byId('username').value, byId('password').value];
  try {
    const { data, errors } = await send({ query: LOGIN, variables: { username, password } });
    const reason = (data?.login?.userErrors ?? errors ?? [])[0]?.message;
    if (data?.login?.accessToken) signIn(data.login.accessToken, username);
    else notice(reason ?? texts.failed);
  } catch {
    notice(texts.unreachable);
  }
}

document.documentElement.lang = isChinese ? 'zh-CN' : 'en';
for (const element of document.querySelectorAll('[data-text]')) {
  element.textContent = texts[element.dataset.text];
}
byId('login').addEventListener('submit', logIn);
byId('logout').addEventListener('click', () => signOut());

byId('purpose').addEventListener('change', render);

render();
