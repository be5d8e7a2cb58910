//! Job parameters as a run gets them: those that come from variables are read here, right before the request that needs them.
//!
//! Only variables whose names begin with `AFRESH_PARAMETER_` are read, wherever the name came from.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::answer::ActFailure;
use super::surroundings::Surroundings;
use crate::http::redact;
use crate::limits::PARAMETERS_BYTES_MAX;
use crate::model::job::{ParameterValue, VARIABLE_PREFIX};
use crate::model::trouble::Trouble;

/// Parameters with their values.
pub(super) struct Filled {
    all: BTreeMap<String, Zeroizing<String>>,
    /// Those that came from variables.
    secrets: Vec<Zeroizing<String>>,
}

impl Filled {
    /// Fills in what the variables hold.
    ///
    /// # Errors
    /// A sentence that names the first parameter that cannot be filled in, or says that they are too large.
    pub fn new(
        parameters: &BTreeMap<String, ParameterValue>,
        around: &Surroundings,
    ) -> Result<Self, String> {
        let mut filled = Self {
            all: BTreeMap::new(),
            secrets: Vec::new(),
        };
        for (name, value) in parameters {
            let text = match value {
                ParameterValue::Text(text) => Zeroizing::new(text.clone()),
                ParameterValue::Variable(variable) => {
                    let text = Zeroizing::new(read(name, variable, around)?.to_owned());
                    filled.secrets.push(text.clone());
                    text
                }
            };
            filled.all.insert(name.clone(), text);
        }
        let size = Zeroizing::new(filled.json().to_string()).len();
        if size > PARAMETERS_BYTES_MAX {
            return Err(format!(
                "its parameters are {size} bytes of JSON, and Databricks takes {PARAMETERS_BYTES_MAX}"
            ));
        }
        Ok(filled)
    }

    /// As `job_parameters`; `None`: there are none.
    pub fn body(&self) -> Option<Value> {
        (!self.all.is_empty()).then(|| self.json())
    }

    fn json(&self) -> Value {
        let fields = self.all.iter();
        let fields = fields.map(|(name, text)| (name.clone(), Value::String(text.to_string())));
        Value::Object(fields.collect::<Map<String, Value>>())
    }

    /// A refusal may quote what was sent.
    pub fn redacted(&self, failure: ActFailure) -> ActFailure {
        match failure {
            ActFailure::Refused(trouble) => ActFailure::Refused(self.clean(trouble)),
            ActFailure::Lost(trouble) => ActFailure::Lost(self.clean(trouble)),
        }
    }

    fn clean(&self, trouble: Trouble) -> Trouble {
        let secrets = self.secrets.iter().map(|secret| secret.as_str());
        match redact::without(trouble.message.as_bytes(), secrets) {
            Some(clean) => Trouble {
                message: String::from_utf8_lossy(&clean).into_owned(),
                ..trouble
            },
            None => trouble,
        }
    }
}

fn read<'a>(name: &str, variable: &str, around: &'a Surroundings) -> Result<&'a str, String> {
    if !variable.starts_with(VARIABLE_PREFIX) {
        return Err(format!(
            "its parameter {name} is to come from the environment variable {variable}, and only variables whose names begin with {VARIABLE_PREFIX} are given to jobs"
        ));
    }
    around.exact_var(variable).ok_or_else(|| {
        format!(
            "its parameter {name} comes from the environment variable {variable}, which is not set"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::ParameterValue::Variable;
    use crate::model::trouble::{RequestIds, TroubleKind};

    fn around() -> Surroundings {
        Surroundings::new([
            ("AFRESH_PARAMETER_A", "\"hunter2 hunter2\"\n"),
            ("AFRESH_PARAMETER_EMPTY", ""),
            ("AFRESH_PARAMETER_LARGE", &"x".repeat(10_000)),
            ("AZURE_CLIENT_SECRET", "s3cret"),
        ])
    }

    fn filled(value: ParameterValue) -> Result<Filled, String> {
        let parameters = [("p".to_owned(), value), ("day".to_owned(), "today".into())];
        Filled::new(&parameters.into(), &around())
    }

    #[test]
    fn only_variables_that_are_meant_for_jobs_are_read() {
        let given = filled(Variable("AFRESH_PARAMETER_A".to_owned())).unwrap();
        // Quotes are part of it; a line end is what a file of variables leaves.
        assert_eq!(
            given.body().unwrap(),
            serde_json::json!({"p": "\"hunter2 hunter2\"", "day": "today"})
        );
        for (name, why) in [
            ("AZURE_CLIENT_SECRET", "only variables"),
            ("afresh_parameter_a", "only variables"),
            ("AFRESH_PARAMETER_EMPTY", "is not set"),
            ("AFRESH_PARAMETER_MISSING", "is not set"),
            ("AFRESH_PARAMETER_LARGE", "bytes of JSON"),
        ] {
            let refused = filled(Variable(name.to_owned())).err().unwrap();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn a_refusal_that_quotes_the_value_does_not_show_it() {
        let given = filled(Variable("AFRESH_PARAMETER_A".to_owned())).unwrap();
        let trouble = Trouble {
            kind: TroubleKind::Unexpected,
            doing: "start".to_owned(),
            message: "400: \"hunter2 hunter2\" is not a date, and today is".to_owned(),
            ids: Box::<RequestIds>::default(),
        };
        let ActFailure::Refused(clean) = given.redacted(ActFailure::Refused(trouble)) else {
            unreachable!("another failure");
        };
        assert_eq!(clean.message, "400: [redacted] is not a date, and today is");
    }
}
