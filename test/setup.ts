/** The tests say what envseal and the SDKs are given; what the user's own shell has set for AWS, proxies and envseal is not theirs. */
for (const name of Object.keys(process.env)) {
  const isOurs = name === 'ENVSEAL_BIN';
  if (/^(AWS_|ENVSEAL_|NODE_TLS_|SSL_CERT_|(https?|no|all)_proxy$)/i.test(name) && !isOurs)
    delete process.env[name];
}
