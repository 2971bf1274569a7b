//! Two or more sources of one table, side by side.
