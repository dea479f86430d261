//! Bodies of `/api/v1/blueprints…`: what workspaces are made from, and what one would be made of.

use base::ClusterName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use ts_rs::TS;

/// `GET /api/v1/blueprints?cluster=&namespace=`: the blueprints that a namespace sees.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct BlueprintList {
    /// By name.
    pub blueprints: Vec<BlueprintRow>,
    /// What is wrong with those that could not be read.
    pub problems: Vec<BlueprintProblem>,
    /// The blueprint of a workspace that names an image alone.
    pub default_blueprint: String,
}

/// A blueprint.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct BlueprintRow {
    /// Its name.
    pub name: String,
    /// `ClusterBlueprint`, `Blueprint`, `file` of the folder of the platform, or `built-in`.
    pub kind: String,
    /// It is only there to be a parent.
    #[serde(rename = "abstract")]
    pub is_abstract: bool,
    /// What it says of itself; may be empty.
    pub description: String,
    /// Its parents and itself, the root first.
    pub chain: Vec<String>,
    /// What it asks of whoever makes a workspace, in the order of a form.
    pub params: Vec<BlueprintParam>,
    /// Its presets of parameters.
    pub presets: Vec<BlueprintPreset>,
    /// A workspace can be made from it, with the parameters' defaults as far as they have one.
    pub valid: bool,
    /// What is wrong with it, and what is doubtful.
    pub problems: Vec<BlueprintProblem>,
}

/// A parameter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct BlueprintParam {
    /// Its name.
    pub name: String,
    /// `string`, `number`, `bool`, `size`, `enum` or `secret`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The value that it has where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "unknown")]
    pub default: Option<Value>,
    /// It has no default, so it has to be given.
    pub required: bool,
    /// The least: of a number or size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub min: Option<String>,
    /// The most: of a number or size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max: Option<String>,
    /// What may be chosen, of an `enum`.
    pub options: Vec<BlueprintOption>,
    /// An expression over the parameters before it that says whether it is asked at all; may be empty.
    pub when: String,
    /// An expression over its value that has to hold; may be empty.
    pub check: String,
    /// What is said where that does not hold; may be empty.
    pub message: String,
    /// It may be changed later.
    pub mutable: bool,
}

/// What may be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct BlueprintOption {
    /// The value.
    pub value: String,
    /// What it means; may be empty.
    pub description: String,
    /// An expression that says whether it is there; may be empty.
    pub when: String,
}

/// A preset of parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct BlueprintPreset {
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The values.
    #[ts(type = "Record<string, unknown>")]
    pub params: BTreeMap<String, Value>,
}

/// What it would be made of. Where something is wrong, the fields are absent and the problems say what.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct BlueprintPreview {
    /// A workspace can be made so.
    pub valid: bool,
    /// The blueprint's name; empty where it is not valid.
    pub name: String,
    /// Every field that has a value, in the order of the blueprint.
    pub fields: Vec<BlueprintField>,
    /// The values of the parameters, typed.
    #[ts(type = "Record<string, unknown>")]
    pub params: BTreeMap<String, Value>,
    /// What may be chosen of each parameter that has options, as far as the others say: whatever else is wrong.
    pub options: BTreeMap<String, Vec<String>>,
    /// The layers, lowest first: `platform rust`, `overrides`.
    pub layers: Vec<String>,
    /// The repository and commit whose file was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub source: Option<String>,
    /// Why the file of its repository is no part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fallback: Option<String>,
    /// The tightest Pod Security level that lets its main container through; empty where it is not valid.
    pub pod_security: String,
    /// What is wrong, each with its pointer, and what is doubtful.
    pub problems: Vec<BlueprintProblem>,
}

/// `POST /api/v1/blueprints/validate`: a file of blueprints that somebody is still writing. Nothing is made.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts", optional_fields)]
pub struct BlueprintValidate {
    /// The cluster.
    #[ts(as = "String")]
    #[schemars(with = "String")]
    pub cluster: ClusterName,
    /// The namespace whose blueprints it stands among, in the place of those of the same names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// The file: YAML.
    pub text: String,
    /// How problems name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Which of its blueprints is shown as it would be; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blueprint: Option<String>,
    /// Values of its parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(as = "Option<BTreeMap<String, String>>")]
    pub params: BTreeMap<String, String>,
}

/// What is wrong with it, and what a workspace of whoever asks would be made of.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct BlueprintValidated {
    /// Nothing is wrong.
    pub valid: bool,
    /// Its blueprints, in order.
    pub names: Vec<String>,
    /// All that is wrong with it, each with its pointer, line and column, and what is doubtful.
    pub problems: Vec<BlueprintProblem>,
    /// The whole of the one that was asked for; absent where it cannot be composed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub preview: Option<BlueprintPreview>,
}

/// A field with where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct BlueprintField {
    /// JSON pointer in the blueprint: `/resources/cpu`.
    pub pointer: String,
    /// Its value.
    #[ts(type = "unknown")]
    pub value: Value,
    /// Whose word it is: `default`, `platform`, `org`, `repo`, `overrides`, `policy`.
    pub layer: String,
    /// The blueprint's name, where the layer is one.
    pub blueprint: String,
    /// Why it is so, in a sentence.
    pub why: String,
}

/// `POST /api/v1/blueprints/reload`: the platform's folder or repository of blueprints, as it was read now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct BlueprintReloaded {
    /// Where it is, in words.
    pub source: String,
    /// The commit that holds; empty of a folder, and where none was taken so far.
    pub commit: String,
    /// How many files hold.
    pub files: usize,
    /// What holds is not what held before.
    pub changed: bool,
    /// Why what is there now is not taken, each with its file and line; what held before holds. Empty where it is.
    pub problems: Vec<String>,
}

/// A problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct BlueprintProblem {
    /// Its code.
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    /// The blueprint; may be empty.
    pub blueprint: String,
    /// JSON pointer of the field; empty where the problem is that of a document.
    pub pointer: String,
    /// The document.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// Its column.
    pub column: u32,
    /// What is wrong, and what to do.
    pub message: String,
}
