//! GraphQL documents as trees: what stands in the text, before anything is known about types.
//!
//! Names follow the specification (October 2021). [`super::form`] turns the trees into values and back.

use crate::rego::value::Str;

/// Where something begins, counted from 1; line 0 is "not known", as in trees that came as values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct QueryDocument {
    pub(super) operations: Vec<Operation>,
    pub(super) fragments: Vec<Fragment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OperationKind {
    Query,
    Mutation,
    Subscription,
}

impl OperationKind {
    pub(super) const ALL: [Self; 3] = [Self::Query, Self::Mutation, Self::Subscription];

    /// The keyword, which is also what the tree's form says.
    pub(super) fn keyword(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }

    /// The kind of a keyword.
    pub(super) fn of(keyword: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.keyword() == keyword)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) kind: OperationKind,
    pub(super) name: Str,
    pub(super) variables: Vec<Variable>,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Vec<Selection>,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) struct Fragment {
    pub(super) name: Str,
    /// Not in the specification, but OPA reads them.
    pub(super) variables: Vec<Variable>,
    pub(super) condition: Str,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Vec<Selection>,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: Str,
    pub(super) ty: TypeRef,
    pub(super) default: Option<Literal>,
    pub(super) directives: Vec<Directive>,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum Selection {
    Field(Field),
    Spread(Spread),
    Inline(Inline),
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) alias: Str,
    pub(super) name: Str,
    pub(super) arguments: Vec<Argument>,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Vec<Selection>,
    pub(super) place: Place,
}

/// `...Name`
#[derive(Clone, Debug)]
pub(super) struct Spread {
    pub(super) name: Str,
    pub(super) directives: Vec<Directive>,
    pub(super) place: Place,
}

/// `... on Type { }`; the condition is empty where there is none.
#[derive(Clone, Debug)]
pub(super) struct Inline {
    pub(super) condition: Str,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Vec<Selection>,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub(super) name: Str,
    pub(super) value: Literal,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) struct Directive {
    pub(super) name: Str,
    pub(super) arguments: Vec<Argument>,
    pub(super) place: Place,
}

/// Kinds of literals; the discriminants are the numbers of the tree's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LiteralKind {
    Variable = 0,
    Int = 1,
    Float = 2,
    String = 3,
    Block = 4,
    Boolean = 5,
    Null = 6,
    Enum = 7,
    List = 8,
    Object = 9,
}

impl LiteralKind {
    pub(super) const ALL: [Self; 10] = [
        Self::Variable,
        Self::Int,
        Self::Float,
        Self::String,
        Self::Block,
        Self::Boolean,
        Self::Null,
        Self::Enum,
        Self::List,
        Self::Object,
    ];
}

#[derive(Clone, Debug)]
pub(super) struct Literal {
    pub(super) kind: LiteralKind,
    /// The text of a scalar, the name of a variable.
    pub(super) raw: Str,
    /// Items of a list, without names, or fields of an object.
    pub(super) children: Vec<(Str, Literal)>,
    pub(super) place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TypeRef {
    Named { name: Str, non_null: bool },
    List { items: Box<TypeRef>, non_null: bool },
}

impl TypeRef {
    pub(super) fn non_null(&self) -> bool {
        match self {
            Self::Named { non_null, .. } | Self::List { non_null, .. } => *non_null,
        }
    }

    /// The name inside all lists.
    pub(super) fn name(&self) -> &Str {
        match self {
            Self::Named { name, .. } => name,
            Self::List { items, .. } => items.name(),
        }
    }

    /// The same type with or without the exclamation mark.
    pub(super) fn with_non_null(&self, non_null: bool) -> Self {
        match self {
            Self::Named { name, .. } => Self::Named { name: name.clone(), non_null },
            Self::List { items, .. } => Self::List { items: items.clone(), non_null },
        }
    }
}

impl std::fmt::Display for TypeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named { name, .. } => f.write_str(name)?,
            Self::List { items, .. } => write!(f, "[{items}]")?,
        }
        f.write_str(if self.non_null() { "!" } else { "" })
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct SchemaDocument {
    pub(super) schema: Vec<Entry>,
    pub(super) schema_extensions: Vec<Entry>,
    pub(super) directives: Vec<DirectiveDefinition>,
    pub(super) definitions: Vec<Definition>,
    pub(super) extensions: Vec<Definition>,
}

/// `schema { query: Query }`
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) description: Str,
    pub(super) directives: Vec<Directive>,
    pub(super) roots: Vec<(OperationKind, Str, Place)>,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) struct DirectiveDefinition {
    pub(super) description: Str,
    pub(super) name: Str,
    pub(super) arguments: Vec<FieldDefinition>,
    pub(super) locations: Vec<Str>,
    pub(super) repeatable: bool,
    pub(super) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeKind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    InputObject,
}

impl TypeKind {
    /// Keyword and name of each kind. The names are also those of the places where directives may stand.
    pub(super) const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Scalar, "scalar", "SCALAR"),
        (Self::Object, "type", "OBJECT"),
        (Self::Interface, "interface", "INTERFACE"),
        (Self::Union, "union", "UNION"),
        (Self::Enum, "enum", "ENUM"),
        (Self::InputObject, "input", "INPUT_OBJECT"),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|it| it.0 == self).map_or("", |it| it.2)
    }

    /// Whether arguments and fields of inputs may have such a type.
    pub(super) fn is_input(self) -> bool {
        matches!(self, Self::Scalar | Self::Enum | Self::InputObject)
    }

    /// Whether it has fields to select, of its own or of its members.
    pub(super) fn is_composite(self) -> bool {
        matches!(self, Self::Object | Self::Interface | Self::Union)
    }
}

/// A type, or what is added to one.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) kind: TypeKind,
    pub(super) description: Str,
    pub(super) name: Str,
    pub(super) directives: Vec<Directive>,
    pub(super) interfaces: Vec<Str>,
    pub(super) fields: Vec<FieldDefinition>,
    /// Members of a union.
    pub(super) types: Vec<Str>,
    pub(super) values: Vec<EnumValue>,
    /// Part of the language: its names may begin with two underscores.
    pub(super) built_in: bool,
    pub(super) place: Place,
}

/// A field of a type or an input, or an argument.
#[derive(Clone, Debug)]
pub(super) struct FieldDefinition {
    pub(super) description: Str,
    pub(super) name: Str,
    pub(super) arguments: Vec<FieldDefinition>,
    pub(super) ty: TypeRef,
    pub(super) default: Option<Literal>,
    pub(super) directives: Vec<Directive>,
    pub(super) place: Place,
}

impl FieldDefinition {
    /// Whether an argument or field of an input must be given.
    pub(super) fn is_required(&self) -> bool {
        self.ty.non_null() && self.default.is_none()
    }
}

#[derive(Clone, Debug)]
pub(super) struct EnumValue {
    pub(super) description: Str,
    pub(super) name: Str,
    pub(super) directives: Vec<Directive>,
    pub(super) place: Place,
}
