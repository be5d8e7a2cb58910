// The parts of Microsoft Entra ID that afresh signs in to, for one test program: a certified OpenID provider behind the paths of the
// v2 endpoint, a check of other issuers' assertions, and the endpoints that machines and pipelines have. What they grant opens two
// doors, to Resource Manager and to a workspace: each checks the token, and hands the request on to `afresh sim serve`.
//
// Refuses: a token that it did not sign, or for another audience; a header, a parameter or a form field too few or too many.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { X509Certificate, createHash } from 'node:crypto';
import { SignJWT, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { Provider } from 'oidc-provider';

const set = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const ISSUER = `https://sts.windows.net/${set.tenant}/`;
const ARM = 'https://management.azure.com';
const CLASSIC = 'https://management.core.windows.net/';
const DATABRICKS = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d';
const EXCHANGE = 'api://AzureADTokenExchange';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const LIFE = 3599;
const counts = {};
// Every secret that has come by, for a test that looks for them where they must not be.
const flowed = new Set();
const note = (...secrets) => secrets.flat().filter(Boolean).forEach((secret) => flowed.add(secret));
const count = (what) => { counts[what] = (counts[what] ?? 0) + 1; };

// ---- keys: ours, and that of whoever speaks for jobs
const ours = await generateKeyPair('RS256', { extractable: true });
const jobs = await generateKeyPair('RS256', { extractable: true });
const strangers = await generateKeyPair('RS256', { extractable: true });
const now = () => Math.floor(Date.now() / 1000);
const objectOf = (id) => {
  const hex = createHash('sha256').update(id).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
};
const claimsOf = (client, account) => (account
  ? { appid: client, tid: set.tenant, oid: objectOf(account), idtyp: 'user', upn: account, ver: '1.0' }
  : { appid: client, tid: set.tenant, oid: objectOf(client), idtyp: 'app', ver: '1.0' });
const mint = (resource, client, account) => new SignJWT({ ...claimsOf(client, account), nbf: now() })
  .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'ours' })
  .setIssuer(ISSUER).setAudience(resource).setIssuedAt().setExpirationTime(now() + LIFE)
  .sign(ours.privateKey);
const assertion = (issuer, subject, { audience = EXCHANGE, key = jobs, ends = now() + 300 } = {}) => new SignJWT({})
  .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'jobs' })
  .setIssuer(issuer).setSubject(subject).setAudience(audience).setIssuedAt(ends - 300).setNotBefore(ends - 300).setExpirationTime(ends)
  .sign(key.privateKey);

// ---- what a service may do to something that it quotes, each in its turn
const each = (secret, shown) => [...secret].map(shown).join('');
const hex = (letter, digits) => letter.charCodeAt(0).toString(16).padStart(digits, '0');
const cut = (secret, blank) => secret.slice(0, secret.length / 2) + blank + secret.slice(secret.length / 2);
const disguises = [
  (secret) => secret,
  (secret) => secret.toLowerCase(),
  (secret) => each(secret, (letter) => `\\u${hex(letter, 4)}`),
  (secret) => each(secret, (letter) => `%${hex(letter, 2)}`),
  (secret) => cut(secret, ' '),
  (secret) => cut(secret, '\r\n  '),
  (secret) => cut(secret, '%20'),
  (secret) => Buffer.from(secret).toString('base64'),
  (secret) => Buffer.from(`client:${secret}`).toString('base64'),
  (secret) => Buffer.from(`x${secret}`).toString('base64url'),
];
let turn = 0;
const disguised = (secret) => { count('quoted in disguise'); return disguises[turn++ % disguises.length](secret); };

// ---- the OpenID provider
// The resource of a v2 scope, as an address: an application id is none by itself.
const asAddress = (resource) => (resource.includes('://') ? resource : `urn:application:${resource}`);
const resourceOf = (scope) => (scope ?? '').split(' ').find((one) => one.endsWith('/.default'))?.slice(0, -'/.default'.length);
const certificate = new X509Certificate(readFileSync(set.certificate));
const clients = [
  { client_id: set.clients.secret, client_secret: set.secret, token_endpoint_auth_method: 'client_secret_post', grant_types: ['client_credentials'] },
  {
    client_id: set.clients.certificate, token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'],
    jwks: { keys: [{ ...await exportJWK(certificate.publicKey), use: 'sig' }] },
  },
  { client_id: set.clients.device, token_endpoint_auth_method: 'none', grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'] },
].map((client) => ({ redirect_uris: [], response_types: [], ...client }));
const provider = new Provider(ISSUER, {
  clients,
  jwks: { keys: [{ ...await exportJWK(ours.privateKey), kid: 'ours', use: 'sig', alg: 'RS256' }] },
  scopes: ['openid', 'profile', 'offline_access', ...[ARM, CLASSIC, DATABRICKS].map((resource) => `${resource}/.default`)],
  // Entra's id tokens say who it is, whatever else was asked for.
  claims: { openid: ['sub', 'oid', 'tid', 'preferred_username'] },
  conformIdTokenClaims: false,
  enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256'] },
  routes: { token: '/oauth2/v2.0/token', device_authorization: '/oauth2/v2.0/devicecode' },
  ttl: { ClientCredentials: LIFE, AccessToken: LIFE, DeviceCode: 900, RefreshToken: 86400, Grant: 86400 },
  findAccount: (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, oid: objectOf(id), tid: set.tenant, preferred_username: id }) }),
  issueRefreshToken: (ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // What the scope names; where a device's code is redeemed without one, the scope that it was asked for with.
      defaultResource: (ctx) => {
        const resource = resourceOf(ctx.oidc.params?.scope) ?? resourceOf(ctx.oidc.entities.DeviceCode?.params.scope);
        return resource ? asAddress(resource) : undefined;
      },
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, address) => {
        const audience = address.replace(/^urn:application:/, '');
        return { scope: `${audience}/.default`, audience, accessTokenTTL: LIFE, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
      },
    },
  },
  formats: {
    customizers: {
      jwt: (ctx, token, parts) => Object.assign(parts.payload, claimsOf(token.clientId, token.accountId), { nbf: parts.payload.iat }),
    },
  },
});
provider.on('server_error', (ctx, error) => console.error(error));
const openid = provider.callback();

// ---- small things
const SECRETS = ['access_token', 'accessToken', 'refresh_token', 'id_token', 'device_code', 'value', 'oidcToken'];
const noted = (response) => { // remembers the secrets of what is answered
  const end = response.end.bind(response);
  response.end = (body, ...rest) => {
    try {
      const said = JSON.parse(body);
      note(SECRETS.map((name) => said[name]).filter((one) => typeof one === 'string'));
    } catch { /* no answer of ours */ }
    return end(body, ...rest);
  };
  return response;
};
const answer = (response, status, body) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
const refuse = (response, status, code, number, text) => {
  count(`AADSTS${number}`);
  answer(response, status, { error: code, error_description: `AADSTS${number}: ${text}`, error_codes: [number], trace_id: 'trace-1', correlation_id: 'correlation-1' });
};
const read = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
};

// ---- federated identity credentials: who may assert what, as an application would have them
const trusted = set.federated; // [{issuer, subject}]
async function exchange(form, response) {
  count('federated');
  const wanted = ['client_id', 'client_assertion', 'client_assertion_type', 'grant_type', 'scope'];
  const missing = wanted.find((field) => !form.get(field));
  if (missing || form.get('grant_type') !== 'client_credentials' || form.get('client_assertion_type') !== ASSERTION_TYPE) {
    return refuse(response, 400, 'invalid_request', 900144, `The request body must contain the following parameter: '${missing}'.`);
  }
  let said;
  try {
    said = (await jwtVerify(form.get('client_assertion'), jobs.publicKey, { audience: EXCHANGE, requiredClaims: ['exp', 'nbf', 'sub', 'iss'] })).payload;
  } catch (error) {
    if (error.code === 'ERR_JWT_EXPIRED') return refuse(response, 401, 'invalid_client', 700024, 'Client assertion is not within its valid time range.');
    return refuse(response, 401, 'invalid_client', 700027, `The certificate used to sign the client assertion is not registered: ${error.code}.`);
  }
  if (!trusted.some(({ issuer, subject }) => issuer === said.iss && subject === said.sub)) {
    return refuse(response, 401, 'invalid_client', 700213, `No matching federated identity record found for presented assertion subject '${said.sub}'.`);
  }
  return answer(response, 200, { token_type: 'Bearer', expires_in: LIFE, ext_expires_in: LIFE, access_token: await mint(resourceOf(form.get('scope')), form.get('client_id')) });
}

// ---- doors: a token that is good here is exchanged for one of the simulated cloud's own
async function simToken(resource, client) {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: client, client_secret: 'x', scope: `${resource}/.default` });
  const said = await fetch(`${set.sim.azure}/${set.tenant}/oauth2/v2.0/token`, { method: 'POST', body });
  return (await said.json()).access_token;
}
// The first token that lists runs is told to have been revoked; so a new one is fetched in the middle of a plan.
let unlucky;
const revoked = (request, token) => {
  if (/runs\/list/.test(request.url)) unlucky ??= token;
  return token === unlucky;
};
async function verified(token, audiences) {
  const { payload } = await jwtVerify(token ?? '', ours.publicKey, { issuer: ISSUER, audience: audiences, requiredClaims: ['nbf', 'exp', 'tid', 'oid', 'appid'] });
  return payload;
}
async function hand(request, response, base, audiences, door) {
  const headers = { 'content-type': request.headers['content-type'] ?? 'application/json' };
  const management = 'x-databricks-azure-sp-management-token';
  const token = request.headers.authorization?.replace(/^Bearer /, '');
  note(token, request.headers[management]);
  try {
    if (set.hostile && revoked(request, token)) throw Object.assign(new Error(), { code: `revoked: ${token}` });
    if (token === set.pat && door === 'workspace') {
      headers.authorization = request.headers.authorization;
    } else {
      const said = await verified(token, audiences);
      headers.authorization = `Bearer ${await simToken(said.aud, said.appid)}`;
    }
    if (request.headers[management]) {
      const shown = await verified(request.headers[management], [ARM, CLASSIC]);
      headers[management] = await simToken(shown.aud, shown.appid);
      count('management token');
    }
  } catch (error) {
    count(`${door}: refused`);
    const text = `The access token${set.hostile ? ` '${disguised(token)}' of Authorization: Bearer ${disguised(token)}` : ''} is invalid: ${error.code}`;
    return answer(response, 401, { error: { code: 'InvalidAuthenticationToken', message: text }, error_code: 'UNAUTHORIZED', message: text });
  }
  count(door);
  const body = await read(request);
  // Links in answers lead back here: the simulated cloud builds them from what it is called.
  Object.assign(headers, { host: request.headers.host, 'x-forwarded-proto': 'https', 'content-length': body.length });
  const onward = http.request(base + request.url, { method: request.method, headers }, async (told) => {
    const said = await read(told);
    const keys = said.toString().match(/IR@[^"\\]+/g) ?? [];
    note(keys);
    if (set.hostile && keys.length && /gateway-quoting/i.test(request.url)) {
      return answer(response, 409, { error: { code: 'Conflict', message: `The key ${disguised(keys[0])} is in use, says ${disguised(token)}.` } });
    }
    // A torn answer is whole for HTTP, and ends in the middle of a key.
    const torn = set.hostile && keys.length && /gateway-torn/i.test(request.url);
    const shown = torn ? said.subarray(0, said.length - 30) : said;
    response.writeHead(told.statusCode, { ...told.headers, 'content-length': shown.length });
    return response.end(shown);
  });
  onward.on('error', () => response.destroy());
  onward.end(body);
}

// ---- https: Entra ID and Resource Manager at one address, the workspace at another
const tls = { cert: readFileSync(set.tls.cert), key: readFileSync(set.tls.key) };
let origin;
async function azure(request, response) {
  const { pathname } = new URL(request.url, origin);
  if (/^\/subscriptions\//i.test(pathname)) return hand(request, response, set.sim.azure, [ARM, CLASSIC], 'resource manager');
  const prefix = `/${set.tenant}`;
  if (pathname === `${prefix}/v2.0/.well-known/openid-configuration`) {
    return answer(response, 200, {
      issuer: `${origin}${prefix}/v2.0`, token_endpoint: `${origin}${prefix}/oauth2/v2.0/token`, authorization_endpoint: `${origin}${prefix}/oauth2/v2.0/authorize`,
      device_authorization_endpoint: `${origin}${prefix}/oauth2/v2.0/devicecode`, jwks_uri: `${origin}${prefix}/discovery/v2.0/keys`,
    });
  }
  if (!pathname.startsWith(`${prefix}/oauth2/v2.0/`)) {
    return refuse(response, 400, 'invalid_request', 90002, `Tenant '${pathname.split('/')[1]}' not found.`);
  }
  const body = await read(request);
  const form = new URLSearchParams(body.toString());
  note(['client_secret', 'client_assertion', 'refresh_token', 'device_code'].map((field) => form.get(field)));
  if (pathname.endsWith('/token') && form.get('client_id') === set.clients.federated) return exchange(form, response);
  count(pathname.endsWith('/token') ? `openid token ${form.get('grant_type')}` : 'openid devicecode');
  // The body has been read: the provider takes it from here.
  request.body = Object.fromEntries(form);
  request.originalUrl = request.url;
  request.url = request.url.slice(prefix.length);
  return openid(request, response);
}
const workspace = (request, response) => hand(request, response, set.sim.workspace, [DATABRICKS], 'workspace');

// ---- http on loopback: what machines and pipelines ask
const strict = (url, wanted) => { // every parameter is wanted, and every wanted one is right
  const given = Object.fromEntries(url.searchParams);
  return Object.keys(given).every((name) => name in wanted) && Object.entries(wanted).every(([name, value]) => (value instanceof RegExp ? value.test(given[name] ?? '') : given[name] === value));
};
const managed = async (url) => {
  const resource = url.searchParams.get('resource');
  const client = url.searchParams.get('client_id') ?? set.clients.managed;
  const ends = now() + 86400;
  return { access_token: await mint(resource, client), client_id: client, expires_in: '86400', expires_on: `${ends}`, ext_expires_in: '86400', not_before: `${now()}`, resource, token_type: 'Bearer' };
};
const bearer = (request, secret) => request.headers.authorization === `Bearer ${secret}`;
async function nearby(request, response) {
  const url = new URL(request.url, 'http://127.0.0.1');
  const resource = /^(https:\/\/management\.(azure\.com|core\.windows\.net)\/?|2ff814a6-3304-4ab8-85cb-cd0e6f879c1d)$/;
  const client = new RegExp(`^(${set.clients.managed})?$`);
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /metadata/identity/oauth2/token':
      count('imds');
      if (request.headers.metadata !== 'true' || request.headers['x-forwarded-for']) return answer(response, 400, { error: 'invalid_request', error_description: 'Required metadata header not specified' });
      if (url.searchParams.get('client_id') && !client.test(url.searchParams.get('client_id'))) return answer(response, 400, { error: 'invalid_request', error_description: 'Identity not found' });
      if (!strict(url, { 'api-version': '2018-02-01', resource, client_id: client })) return answer(response, 400, { error: 'bad_request_102', error_description: `unexpected parameters: ${url.search}` });
      return answer(response, 200, await managed(url));
    case 'GET /msi/token':
      count('app service');
      if (request.headers['x-identity-header'] !== set.nearby) return answer(response, 401, { statusCode: 401, message: 'no X-IDENTITY-HEADER' });
      if (!strict(url, { 'api-version': '2019-08-01', resource, client_id: client })) return answer(response, 400, { statusCode: 400, message: `unexpected parameters: ${url.search}` });
      return answer(response, 200, await managed(url));
    case 'GET /github':
      count('github');
      if (!bearer(request, set.nearby)) return answer(response, 401, { message: 'no token' });
      if (!strict(url, { run: '7', audience: EXCHANGE })) return answer(response, 400, { message: `unexpected parameters: ${url.search}` });
      return answer(response, 200, { count: 1, value: await assertion(trusted[0].issuer, trusted[0].subject) });
    case 'POST /pipelines':
      count('pipelines');
      if (!bearer(request, set.nearby)) return answer(response, 302, {});
      if (request.headers['x-tfs-fedauthredirect'] !== 'Suppress' || (await read(request)).length) return answer(response, 400, { message: 'no X-TFS-FedAuthRedirect, or a body' });
      if (!strict(url, { 'api-version': '7.1', serviceConnectionId: set.serviceConnection })) return answer(response, 400, { message: `unexpected parameters: ${url.search}` });
      return answer(response, 200, { oidcToken: await assertion(trusted[1].issuer, trusted[1].subject) });
    case 'GET /az': // what a person who is signed in to the Azure CLI gets
      count('azure cli');
      return answer(response, 200, { accessToken: await mint(url.searchParams.get('resource'), '04b07795-8ddb-461a-bbee-02f9e1bf7b46', set.person), expires_on: now() + LIFE, expiresOn: '2026-01-01 00:00:00.000000', subscription: 's', tenant: set.tenant, tokenType: 'Bearer' });
    case 'GET /assertion': { // as a cluster writes it into a file; also bad ones
      const kind = url.searchParams.get('kind');
      const { issuer, subject } = trusted[2];
      const bad = { stranger: { key: strangers }, old: { ends: now() - 60 }, audience: { audience: 'api://somebody-else' } };
      return answer(response, 200, { value: await assertion(issuer, kind === 'subject' ? 'system:serviceaccount:other:job' : subject, bad[kind]) });
    }
    case 'POST /device': { // a person with a browser: types the code, and says yes or no
      const { userCode, yes } = JSON.parse(await read(request));
      const code = await provider.DeviceCode.findByUserCode(userCode.replace(/[^A-Z0-9]/gi, '').toUpperCase());
      if (!code) return answer(response, 404, {});
      if (yes) {
        const grant = new provider.Grant({ clientId: code.clientId, accountId: set.person });
        // As with Entra ID, one sign-in renews tokens for every resource that the person has consented to.
        const all = [ARM, CLASSIC, DATABRICKS];
        grant.addOIDCScope('openid profile offline_access');
        all.forEach((resource) => grant.addResourceScope(asAddress(resource), `${resource}/.default`));
        const scope = ['openid', 'profile', 'offline_access', ...all.map((resource) => `${resource}/.default`)].join(' ');
        Object.assign(code, { accountId: set.person, grantId: await grant.save(), scope, resource: all.map(asAddress), authTime: now() });
      } else {
        Object.assign(code, { error: 'access_denied', errorDescription: 'End-User aborted interaction' });
      }
      await code.save();
      return answer(response, 200, {});
    }
    case 'GET /flowed':
      return answer(response, 200, [...flowed]);
    case 'GET /ledgers/afresh/ledger.jsonl': // Azure Storage, which quotes what it refuses
    case 'HEAD /ledgers/afresh/ledger.jsonl':
      response.writeHead(403, { 'content-type': 'application/xml', 'x-ms-error-code': 'AuthorizationPermissionMismatch' });
      return response.end(`<?xml version="1.0"?><Error><Code>AuthorizationPermissionMismatch</Code><Message>Refused: ${request.url.replaceAll('&', '&amp;')}</Message></Error>`);
    case 'GET /counts':
      return answer(response, 200, counts);
    default:
      return answer(response, 404, {});
  }
}

const listen = (server) => new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(server.address().port)); });
const guarded = (handler) => (request, response) => Promise.resolve(handler(request, noted(response))).catch((error) => {
  console.error(error);
  response.destroy();
});
const ports = {
  azure: await listen(https.createServer(tls, guarded(azure))),
  workspace: await listen(https.createServer(tls, guarded(workspace))),
  nearby: await listen(http.createServer(guarded(nearby))),
};
origin = `https://127.0.0.1:${ports.azure}`;
console.log(JSON.stringify(ports));
