"""Service principals and whoever uses the Azure CLI, against the OpenID provider: the built afresh and the unmodified azure-identity, with the same inputs."""

import json
import os

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzureCliCredential, CertificateCredential, ClientSecretCredential

from parts import ARM, CLIENTS, PERSON, SECRET, TENANT, claims, sdk

SCOPE = f"{ARM}/.default"


def test_a_client_secret(parts):
    method = f"servicePrincipal: {{tenant: {TENANT}, clientId: {CLIENTS['secret']}, clientSecret: {{env: AFRESH_SECRET_APP}}}}"
    told = parts.gets_in(method, AFRESH_SECRET_APP=SECRET)
    assert told["ingest"]["application"] == CLIENTS["secret"], told
    assert told["ingest"]["audience"] == ARM and told["ingest"]["credential"] == "servicePrincipal (AFRESH_SECRET_APP)", told
    assert parts.counts()["management token"] > 0, "a service principal shows a workspace its management token"
    token = ClientSecretCredential(TENANT, CLIENTS["secret"], SECRET, **sdk(parts)).get_token(SCOPE).token
    assert claims(token)["appid"] == CLIENTS["secret"]
    parts.opens(token)


def test_a_client_secret_of_the_environment(parts):
    told = parts.gets_in(None, AZURE_TENANT_ID=TENANT, AZURE_CLIENT_ID=CLIENTS["secret"], AZURE_CLIENT_SECRET=SECRET)
    assert told["analytics"]["credential"] == "environment (AZURE_CLIENT_SECRET)", told


def test_a_certificate(parts):
    path = parts.folder / "client.pem"
    told = parts.gets_in(f"servicePrincipal: {{tenant: {TENANT}, clientId: {CLIENTS['certificate']}, certificate: {{file: client.pem}}}}", files={"estate/client.pem": path.read_text()})
    assert told["ingest"]["application"] == CLIENTS["certificate"], told
    token = CertificateCredential(TENANT, CLIENTS["certificate"], str(path), **sdk(parts)).get_token(SCOPE).token
    assert claims(token)["appid"] == CLIENTS["certificate"]
    parts.opens(token)


def test_the_azure_cli(parts):
    root = parts.estate("azureCli: {}")
    path = parts.program(root)
    told = json.loads(parts.afresh(root, "auth", "estate", "--format", "json", PATH=path))
    for one in told["connections"]:
        assert (one["credential"], one["user"], one["tenant"]) == ("Azure CLI", PERSON, TENANT), one
    planned = parts.afresh(root, "plan", "estate", "--detailed-exitcode", code=2, PATH=path)
    assert "run now" in planned, planned
    before, os.environ["PATH"] = os.environ["PATH"], f"{path}:{os.environ['PATH']}"
    try:
        token = AzureCliCredential().get_token(SCOPE).token
    finally:
        os.environ["PATH"] = before
    assert claims(token)["upn"] == PERSON
    parts.opens(token)


def test_a_wrong_secret_is_refused(parts):
    method = f"servicePrincipal: {{tenant: {TENANT}, clientId: {CLIENTS['secret']}, clientSecret: {{env: AFRESH_SECRET_APP}}}}"
    parts.refused(method, "no token from servicePrincipal (AFRESH_SECRET_APP)", AFRESH_SECRET_APP="planted-guess")
    try:
        ClientSecretCredential(TENANT, CLIENTS["secret"], "planted-guess", **sdk(parts)).get_token(SCOPE)
    except ClientAuthenticationError:
        return
    raise AssertionError("the SDK got in with a wrong secret")


def test_a_certificate_of_somebody_else_is_refused(parts):
    stranger = (parts.folder / "stranger.crt").read_text() + (parts.folder / "stranger.key").read_text()
    method = f"servicePrincipal: {{tenant: {TENANT}, clientId: {CLIENTS['certificate']}, certificate: {{file: stranger.pem}}}}"
    parts.refused(method, "no token from", files={"estate/stranger.pem": stranger})


def test_a_tenant_that_is_not_there(parts):
    method = f"servicePrincipal: {{tenant: nobody.example.com, clientId: {CLIENTS['secret']}, clientSecret: {{env: AFRESH_SECRET_APP}}}}"
    parts.refused(method, "AADSTS90002", "check the tenant id and the cloud", AFRESH_SECRET_APP=SECRET)


def test_an_authority_that_nobody_knows_gets_no_secret(parts):
    before = parts.counts()
    method = f"servicePrincipal: {{tenant: {TENANT}, clientId: {CLIENTS['secret']}, clientSecret: {{env: AFRESH_SECRET_APP}}}}"
    parts.refused(method, "UnknownIssuer", AFRESH_SECRET_APP=SECRET, SSL_CERT_FILE=str(parts.folder / "stranger.crt"))
    after = parts.counts()
    assert after == before, f"requests came through: {before} {after}"
