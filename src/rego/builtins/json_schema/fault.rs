//! What can be wrong with a document, in the words that policies show.

use std::fmt;

use crate::rego::value::{Number, Str, Value, json};

/// One thing that is wrong.
#[derive(Debug)]
pub(super) struct Fault<'s> {
    /// Where: `(Root)`, or names and indexes between dots.
    pub(super) field: String,
    pub(super) cause: Cause<'s>,
}

/// What is wrong. What it names is the schema's.
#[derive(Debug)]
pub(super) enum Cause<'s> {
    Nothing,
    Type {
        expected: &'s [&'static str],
        given: &'static str,
    },
    AnyOf,
    OneOf,
    AllOf,
    Not,
    Then,
    Else,
    Constant(&'s Value),
    Enumeration(&'s [Value]),
    Format(&'static str),
    Dependency(&'s Str),
    MoreItems,
    LeastItems(usize),
    MostItems(usize),
    /// The same item at two places.
    Repeated(usize, usize),
    Contains,
    LeastProperties(usize),
    MostProperties(usize),
    Required(&'s Str),
    Additional(String),
    Name(String),
    LeastLength(usize),
    MostLength(usize),
    Multiple(&'s Number),
    Most(&'s Number),
    Below(&'s Number),
    Least(&'s Number),
    Above(&'s Number),
}

impl Fault<'_> {
    /// The machine's word for it.
    pub(super) fn kind(&self) -> &'static str {
        match self.cause {
            Cause::Nothing => "false",
            Cause::Type { .. } => "invalid_type",
            Cause::AnyOf => "number_any_of",
            Cause::OneOf => "number_one_of",
            Cause::AllOf => "number_all_of",
            Cause::Not => "number_not",
            Cause::Then => "condition_then",
            Cause::Else => "condition_else",
            Cause::Constant(_) => "const",
            Cause::Enumeration(_) => "enum",
            Cause::Format(_) => "format",
            Cause::Dependency(_) => "missing_dependency",
            Cause::MoreItems => "array_no_additional_items",
            Cause::LeastItems(_) => "array_min_items",
            Cause::MostItems(_) => "array_max_items",
            Cause::Repeated(..) => "unique",
            Cause::Contains => "contains",
            Cause::LeastProperties(_) => "array_min_properties",
            Cause::MostProperties(_) => "array_max_properties",
            Cause::Required(_) => "required",
            Cause::Additional(_) => "additional_property_not_allowed",
            Cause::Name(_) => "invalid_property_name",
            Cause::LeastLength(_) => "string_gte",
            Cause::MostLength(_) => "string_lte",
            Cause::Multiple(_) => "multiple_of",
            Cause::Most(_) => "number_lte",
            Cause::Below(_) => "number_lt",
            Cause::Least(_) => "number_gte",
            Cause::Above(_) => "number_gt",
        }
    }
}

/// The words for a person.
impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Value| json::to_string(value, json::Html::Plain);
        let field = &self.field;
        match &self.cause {
            Cause::Nothing => f.write_str("False always fails validation"),
            Cause::Type { expected: [one], given } => {
                write!(f, "Invalid type. Expected: {one}, given: {given}")
            }
            Cause::Type { expected, given } => {
                write!(f, "Invalid type. Expected: [{}], given: {given}", expected.join(","))
            }
            Cause::AnyOf => f.write_str("Must validate at least one schema (anyOf)"),
            Cause::OneOf => f.write_str("Must validate one and only one schema (oneOf)"),
            Cause::AllOf => f.write_str("Must validate all the schemas (allOf)"),
            Cause::Not => f.write_str("Must not validate the schema (not)"),
            Cause::Then => f.write_str("Must validate \"then\" as \"if\" was valid"),
            Cause::Else => f.write_str("Must validate \"else\" as \"if\" was not valid"),
            Cause::Constant(wanted) => write!(f, "{field} does not match: {}", text(wanted)),
            Cause::Enumeration(items) => {
                let allowed: Vec<String> = items.iter().map(text).collect();
                write!(f, "{field} must be one of the following: {}", allowed.join(", "))
            }
            Cause::Format(name) => write!(f, "Does not match format '{name}'"),
            Cause::Dependency(name) => write!(f, "Has a dependency on {name}"),
            Cause::MoreItems => f.write_str("No additional items allowed on array"),
            Cause::LeastItems(least) => write!(f, "Array must have at least {least} items"),
            Cause::MostItems(most) => write!(f, "Array must have at most {most} items"),
            Cause::Repeated(a, b) => write!(f, "array items[{a},{b}] must be unique"),
            Cause::Contains => f.write_str("At least one of the items must match"),
            Cause::LeastProperties(least) => write!(f, "Must have at least {least} properties"),
            Cause::MostProperties(most) => write!(f, "Must have at most {most} properties"),
            Cause::Required(name) => write!(f, "{name} is required"),
            Cause::Additional(name) => write!(f, "Additional property {name} is not allowed"),
            Cause::Name(name) => write!(f, "Property name of \"{name}\" does not match"),
            Cause::LeastLength(least) => {
                write!(f, "String length must be greater than or equal to {least}")
            }
            Cause::MostLength(most) => write!(f, "String length must be less than or equal to {most}"),
            Cause::Multiple(unit) => write!(f, "Must be a multiple of {unit}"),
            Cause::Most(bound) => write!(f, "Must be less than or equal to {bound}"),
            Cause::Below(bound) => write!(f, "Must be less than {bound}"),
            Cause::Least(bound) => write!(f, "Must be greater than or equal to {bound}"),
            Cause::Above(bound) => write!(f, "Must be greater than {bound}"),
        }
    }
}
