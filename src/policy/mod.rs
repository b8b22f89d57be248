//! From a policy's text to something that can be evaluated: specification, sources, annotations, data.

pub mod data;
pub mod files;
pub mod group;
pub mod rules;
pub mod source;
pub mod spec;
mod xref;
