// A real OpenID Connect provider for the tests, on a free port: `node provider.mjs standard|proconnect <site>`.
// Prints its issuer once it answers. Any name signs in, with the address <name>@exemple.fr; "sans.adresse" has none, and
// that of "non.verifie" was not verified.
import { generateKeyPair, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { promisify } from 'node:util';

import { Provider } from 'oidc-provider';

const [kind, SITE] = process.argv.slice(2);
const generate = promisify(generateKeyPair);

async function key(type, options, alg) {
  const { privateKey } = await generate(type, options);
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg, kid: randomBytes(8).toString('hex') };
}

const shared = {
  client_id: 'cahier',
  client_secret: 'un-secret-de-test-assez-long-pour-hs256',
  grant_types: ['authorization_code'],
  response_types: ['code'],
  redirect_uris: [`${SITE}/connexion/retour`],
  post_logout_redirect_uris: [`${SITE}/deconnexion/retour`],
};

// What ProConnect documents: secret in the body, signed userinfo, no PKCE, claims of its own, no other parameter.
const kinds = {
  standard: {
    client: { ...shared, token_endpoint_auth_method: 'client_secret_basic', id_token_signed_response_alg: 'ES256' },
    configuration: {
      pkce: { required: () => true },
      clientAuthMethods: ['client_secret_basic'],
      claims: { openid: ['sub'], profile: ['name', 'given_name', 'family_name'], email: ['email', 'email_verified'] },
    },
  },
  proconnect: {
    client: {
      ...shared,
      token_endpoint_auth_method: 'client_secret_post',
      id_token_signed_response_alg: 'RS256',
      userinfo_signed_response_alg: 'RS256',
    },
    configuration: {
      pkce: { required: () => false },
      clientAuthMethods: ['client_secret_post'],
      claims: { openid: ['sub'], given_name: ['given_name'], usual_name: ['usual_name'], email: ['email'] },
    },
    parameters: ['response_type', 'client_id', 'redirect_uri', 'scope', 'claims', 'state', 'nonce', 'prompt', 'idp_hint'],
  },
};

const { client, configuration, parameters } = kinds[kind];

function person(login) {
  const [given = '', family = ''] = login.split('.').map((part) => part[0].toUpperCase() + part.slice(1));
  const address = login === 'sans.adresse' ? {} : { email: `${login}@exemple.fr`, email_verified: login !== 'non.verifie' };
  return { name: `${given} ${family}`.trim(), given_name: given, family_name: family, usual_name: family, ...address };
}

const server = createServer();
server.listen(0, '127.0.0.1', async () => {
  // Another site than 127.0.0.1 to a browser, as a provider is.
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    ...configuration,
    clients: [client],
    jwks: { keys: [await key('rsa', { modulusLength: 2048 }, 'RS256'), await key('ec', { namedCurve: 'P-256' }, 'ES256')] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    conformIdTokenClaims: true,
    features: { jwtUserinfo: { enabled: true }, devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'], userinfoSigningAlgValues: ['RS256', 'ES256'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...person(id) }) }),
  });
  provider.use(async (ctx, next) => {
    if (parameters && ctx.path === '/auth') {
      const unknown = Object.keys(ctx.query).filter((name) => !parameters.includes(name));
      ctx.assert(unknown.length === 0, 400, `Y000400: unknown ${unknown}`);
      ctx.assert(ctx.query.state?.length >= 32 && ctx.query.nonce?.length >= 32, 400, 'Y000400: state or nonce too short');
    }
    await next();
  });
  server.on('request', provider.callback());
  console.log(`issuer ${issuer}`);
});
