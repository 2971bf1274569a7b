//! Whether a window is distributed as its reference was.
