//! YAML and JSON documents into types (in work).
