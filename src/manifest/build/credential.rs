//! Credential documents.

use std::path::{Path, PathBuf};

use crate::model::connection::{Credential, Proof, SecretSource};
use crate::model::kind::Kind;

use super::super::document::{Document, Spec};
use super::super::mark::{At, Mark};
use super::super::problem::{Findings, Problem};
use super::super::shape::connection::{
    CredentialSpec, ManagedIdentityText, PrincipalText, ServicePrincipalText, WorkloadIdentityText,
};
use super::super::shape::leaf::Filled;
use super::super::shape::secret::SecretText;
use super::context::{Context, Declared, resolved};

/// What a credential takes a secret, or what stands for one, from.
pub fn source_mark(spec: &CredentialSpec) -> Option<Mark> {
    match spec {
        CredentialSpec::ServicePrincipal(spec) => {
            let secret = spec.value.client_secret.as_ref().map(|at| at.mark);
            secret.or(spec.value.certificate.as_ref().map(|at| at.mark))
        }
        CredentialSpec::WorkloadIdentity(spec) => spec.token_file.as_ref().map(|at| at.mark),
        CredentialSpec::AzurePipelines(spec) => Some(spec.service_connection.mark),
        CredentialSpec::DatabricksToken(spec) => Some(spec.token.mark),
        CredentialSpec::DatabricksOauth(spec) => Some(spec.client_secret.mark),
        CredentialSpec::ManagedIdentity(_)
        | CredentialSpec::AzureCli(_)
        | CredentialSpec::GithubOidc(_)
        | CredentialSpec::DeviceCode(_) => None,
    }
}

/// All Credential documents.
pub fn credentials(context: &mut Context<'_>) -> Declared<Credential> {
    let mut credentials = Declared::new();
    for (name, document) in Context::of_kind(context.documents, Kind::Credential) {
        if name.as_str() == "default" {
            let problem = Problem::at(
                document.mark,
                "`default` is the chain that is tried without a Credential document",
            );
            context
                .findings
                .add(problem.help("give yours another name, and refer to that"));
        }
        let folder = context.folder(document.mark).to_owned();
        credentials.insert(name, credential(document, &folder, context.findings));
    }
    credentials
}

fn credential(document: &Document, folder: &Path, findings: &mut Findings) -> Option<Credential> {
    let Some(Spec::Credential(spec)) = &document.spec else {
        return None;
    };
    let text = |filled: &Filled| filled.0.clone();
    Some(match &**spec {
        CredentialSpec::ServicePrincipal(spec) => return service_principal(spec, folder, findings),
        CredentialSpec::ManagedIdentity(spec) => return managed_identity(spec, findings),
        CredentialSpec::WorkloadIdentity(spec) => workload_identity(spec, folder),
        CredentialSpec::AzureCli(spec) => Credential::AzureCli {
            tenant: spec.tenant.as_ref().map(text),
        },
        CredentialSpec::GithubOidc(PrincipalText { tenant, client_id }) => Credential::GithubOidc {
            tenant: text(tenant),
            client_id: text(client_id),
        },
        CredentialSpec::DeviceCode(PrincipalText { tenant, client_id }) => Credential::DeviceCode {
            tenant: text(tenant),
            client_id: text(client_id),
        },
        CredentialSpec::AzurePipelines(spec) => Credential::AzurePipelines {
            tenant: text(&spec.tenant),
            client_id: text(&spec.client_id),
            service_connection: text(&spec.service_connection.value),
        },
        CredentialSpec::DatabricksToken(spec) => Credential::DatabricksToken {
            token: secret(&spec.token.value, folder),
        },
        CredentialSpec::DatabricksOauth(spec) => Credential::DatabricksOauth {
            client_id: text(&spec.client_id),
            client_secret: secret(&spec.client_secret.value, folder),
        },
    })
}

fn service_principal(
    spec: &At<ServicePrincipalText>,
    folder: &Path,
    findings: &mut Findings,
) -> Option<Credential> {
    let proof = match (&spec.value.client_secret, &spec.value.certificate) {
        (Some(text), None) => Proof::Secret(secret(&text.value, folder)),
        (None, Some(file)) => Proof::Certificate(path(&file.value.file, folder)),
        (None, None) => {
            let problem = Problem::at(
                spec.mark,
                "a service principal needs `clientSecret` or `certificate`",
            );
            findings.add(problem.help("write `clientSecret: {env: AZURE_CLIENT_SECRET}`"));
            return None;
        }
        (Some(secret), Some(certificate)) => {
            let message = "a service principal takes `clientSecret` or `certificate`, not both";
            findings.add(
                Problem::at(certificate.mark, message)
                    .label("second")
                    .also(secret.mark, "first"),
            );
            return None;
        }
    };
    Some(Credential::ServicePrincipal {
        tenant: spec.value.tenant.0.clone(),
        client_id: spec.value.client_id.0.clone(),
        proof,
    })
}

fn managed_identity(spec: &At<ManagedIdentityText>, findings: &mut Findings) -> Option<Credential> {
    if let (Some(_), Some(resource)) = (&spec.value.client_id, &spec.value.resource_id) {
        findings.add(Problem::at(
            resource.mark,
            "a managed identity is named by `clientId` or `resourceId`, not by both",
        ));
        return None;
    }
    Some(Credential::ManagedIdentity {
        client_id: spec.value.client_id.as_ref().map(|text| text.0.clone()),
        resource_id: spec
            .value
            .resource_id
            .as_ref()
            .map(|text| text.value.0.clone()),
    })
}

fn workload_identity(spec: &WorkloadIdentityText, folder: &Path) -> Credential {
    Credential::WorkloadIdentity {
        tenant: spec.tenant.as_ref().map(|text| text.0.clone()),
        client_id: spec.client_id.as_ref().map(|text| text.0.clone()),
        token_file: spec
            .token_file
            .as_ref()
            .map(|file| path(&file.value, folder)),
    }
}

fn secret(text: &SecretText, folder: &Path) -> SecretSource {
    match text {
        SecretText::Env(name) => SecretSource::Env(name.0.clone()),
        SecretText::File(file) => SecretSource::File(path(file, folder)),
    }
}

fn path(file: &Filled, folder: &Path) -> PathBuf {
    resolved(folder, &file.0)
}
