"""What a machine is given by what it runs on, and what a person with a browser grants it."""

import json

from azure.identity import DeviceCodeCredential, ManagedIdentityCredential

from parts import ARM, BINARY, CLIENTS, NEARBY, PERSON, TENANT, Around, Watched, claims, sdk

SCOPE = f"{ARM}/.default"


def test_a_managed_identity_of_a_machine(parts):
    env = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": parts.nearby("").rstrip("/")}
    told = parts.gets_in("managedIdentity: {}", **env)
    assert told["ingest"]["application"] == CLIENTS["managed"], told
    parts.gets_in(f"managedIdentity: {{clientId: {CLIENTS['managed']}}}", **env)
    with Around(**env):
        got = ManagedIdentityCredential().get_token(SCOPE)
        assert claims(got.token)["appid"] == CLIENTS["managed"]
        parts.opens(got.token)
        parts.opens(ManagedIdentityCredential(client_id=CLIENTS["managed"]).get_token(SCOPE).token)


def test_a_managed_identity_of_an_app_service(parts):
    env = {"IDENTITY_ENDPOINT": parts.nearby("/msi/token"), "IDENTITY_HEADER": NEARBY}
    told = parts.gets_in("managedIdentity: {}", **env)
    assert told["ingest"]["application"] == CLIENTS["managed"], told
    with Around(**env):
        got = ManagedIdentityCredential().get_token(SCOPE)
    parts.opens(got.token)


def test_an_identity_that_the_machine_does_not_have(parts):
    env = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": parts.nearby("").rstrip("/")}
    parts.refused(f"managedIdentity: {{clientId: {CLIENTS['federated']}}}", "Identity not found", **env)


DEVICE = f"deviceCode: {{tenant: {TENANT}, clientId: {CLIENTS['device']}}}"


def device(parts, yes: bool) -> tuple[int, str]:
    """afresh with a person beside it, who reads the code from stderr and answers."""
    root = parts.estate(DEVICE)
    command = [BINARY, "auth", "estate", "--format", "json"]
    watched = Watched(command, cwd=root, env=parts.environment(root, {}))
    heard = []
    for line in (line.decode() for line in watched.stderr):
        heard.append(line)
        if code := next((word.strip(".,:") for word in line.split() if len(word.strip(".,:")) == 9 and "-" in word and word.strip(".,:").isupper()), None):
            assert "127.0.0.1" in "".join(heard) or "sts.windows.net" in "".join(heard), f"the link is not told: {heard}"
            parts.near("/device", {"userCode": code, "yes": yes})
            break
    else:
        raise AssertionError(f"no code was shown: {heard}, ended with {watched.process.wait()}")
    out, rest = (said.decode() for said in watched.finish(timeout=60))
    assert "planted-" not in out + rest and "eyJ" not in out + rest
    return watched.process.returncode, out + "".join(heard) + rest


def test_a_device_code(parts):
    code, said = device(parts, True)
    assert code == 0, said
    told = json.loads(said[said.index("{") : said.rindex("}") + 1])
    for one in told["connections"]:
        assert one["user"] == PERSON and one["tenant"] == TENANT, one

    def approve(_uri, user_code, _expires):
        parts.near("/device", {"userCode": user_code, "yes": True})

    token = DeviceCodeCredential(CLIENTS["device"], tenant_id=TENANT, prompt_callback=approve, **sdk(parts)).get_token(SCOPE).token
    assert claims(token)["upn"] == PERSON
    parts.opens(token)


def test_a_device_code_that_a_person_declines(parts):
    code, said = device(parts, False)
    assert code == 1, said
    assert "declined" in said or "denied" in said, said
