//! The only joiner: many components through the stages at once, within bounds, each failure under its
//! component's name.

pub mod cpu;
pub mod events;
