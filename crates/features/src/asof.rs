//! Backward look-up: the latest row known before a moment.
