//! What a CustomResourceDefinition says about its columns.

use wire::Node;

/// The columns of a custom resource, by version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crd {
    /// Group.
    pub group: String,
    /// Plural name.
    pub plural: String,
    /// Served versions with their printer columns.
    pub versions: Vec<(String, Vec<PrinterColumn>)>,
}

/// One of `additionalPrinterColumns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrinterColumn {
    /// Heading.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub ty: String,
    /// Path without braces: `.status.phase`.
    pub json_path: String,
    /// Above 0: only in wide output.
    pub priority: i64,
    /// For a tooltip.
    pub description: String,
}

impl Crd {
    /// Reads a CustomResourceDefinition; `None` when it lacks its names.
    #[must_use]
    pub fn read(node: Node<'_>) -> Option<Self> {
        let spec = node.get("spec")?;
        let text = |node: Node<'_>, name: &str| node.get(name).and_then(Node::as_str).unwrap_or_default().into_owned();
        let plural = text(spec.get("names")?, "plural");
        let versions = spec.get("versions").map(Node::items).into_iter().flatten().map(|version| {
            let columns = version.get("additionalPrinterColumns").map(Node::items).into_iter().flatten();
            let columns = columns.map(|column| PrinterColumn {
                name: text(column, "name"),
                ty: text(column, "type"),
                json_path: text(column, "jsonPath"),
                priority: column.get("priority").and_then(Node::as_i64).unwrap_or(0),
                description: text(column, "description"),
            });
            (text(version, "name"), columns.collect())
        });
        Some(Self { group: text(spec, "group"), plural, versions: versions.collect() })
    }

    /// The columns of a version.
    #[must_use]
    pub fn columns(&self, version: &str) -> Option<&[PrinterColumn]> {
        self.versions.iter().find(|(name, _)| name == version).map(|(_, columns)| columns.as_slice())
    }
}
